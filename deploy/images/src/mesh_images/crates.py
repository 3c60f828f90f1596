"""The Rust crates that are compiled into the engine, for the bill of materials."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from mesh_images.errors import ImagesError
from mesh_images.sbom import Part

_TRIPLES = {"amd64": "x86_64-unknown-linux-gnu", "arm64": "aarch64-unknown-linux-gnu"}


def crates(project: Path, architecture: str) -> list[Part]:
    """Every crate that is linked, as the lock has it; none for a project without an engine."""
    workspace = project / "rust"
    if not (workspace / "Cargo.lock").is_file():
        return []
    search = os.pathsep.join([os.environ.get("PATH", os.defpath), str(Path.home() / ".cargo/bin")])
    cargo = shutil.which("cargo", path=search)
    if cargo is None:
        raise ImagesError("cargo is missing, and it alone knows which crates the engine is made of")
    command = [
        *(cargo, "tree", "--quiet", "--locked", "--package=mesh-engine-py", "--edges=normal"),
        *("--prefix=none", "--format={p}\t{l}", f"--target={_TRIPLES[architecture]}"),
    ]
    done = subprocess.run(command, cwd=workspace, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ImagesError(f"cargo tree: {done.stderr.strip()}")
    return sorted({_part(line) for line in done.stdout.splitlines() if line.strip()})


def _part(line: str) -> Part:
    package, _, licence = line.partition("\t")
    name, version, *_ = package.split()
    number = version.removeprefix("v")
    # "MIT/Apache-2.0" is how crates said it before SPDX; a repeated crate is marked with (*).
    expression = licence.replace(" (*)", "").strip().replace("/", " OR ")
    return Part(name, number, expression, f"pkg:cargo/{name}@{number}")
