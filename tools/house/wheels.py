"""Builds every package and installs it with plain pip, away from the repository."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from house.places import CARGO_TARGET, ROOT, packages
from house.row import Row
from house.steps import function


def build() -> list[Row]:
    """One row per package, for building it, and one for using it."""
    with tempfile.TemporaryDirectory(prefix="mesh-build-") as scratch:
        dist = Path(scratch) / "dist"
        rows = [function(f"build: {name}", partial(_build, name, dist)) for name in packages()]
        if any(row.failed for row in rows):
            return rows
        for name in packages():
            install = partial(_install, name, dist, Path(scratch) / name)
            rows.append(function(f"install: {name}", install))
    return rows


def _build(name: str, dist: Path) -> list[str]:
    """Builds the sdist, and the wheel from the sdist, so that the sdist is known to be whole."""
    package = str(ROOT / "packages" / name)
    build = [sys.executable, "-m", "build", "--outdir", str(dist), package]
    outcome = _run(build, dist.parent)
    if outcome:
        return outcome
    stem = name.replace("-", "_")
    kinds = {"sdist": f"{stem}-*.tar.gz", "wheel": f"{stem}-*.whl"}
    return [
        f"{name}: no {kind} came out of the build"
        for kind, pattern in kinds.items()
        if not any(dist.glob(pattern))
    ]


def _install(name: str, dist: Path, where: Path) -> list[str]:
    """Installs the wheel into a new environment; imports it and runs its commands."""
    python = where / "bin/python"
    requirement = f"{name} @ {_wheel(name, dist).as_uri()}"
    steps = [
        [sys.executable, "-m", "venv", str(where)],
        # Our own packages come from the build, everything else from the index.
        [str(python), "-m", "pip", "install", "--quiet", f"--find-links={dist}", requirement],
        [str(python), "-m", "pip", "check"],
        [str(python), "-I", "-c", f"import {name.replace('-', '_')}"],
    ]
    project = tomllib.loads((ROOT / "packages" / name / "pyproject.toml").read_text())["project"]
    for script in project.get("scripts", {}):
        steps += [[str(where / "bin" / script), option] for option in ("--help", "--version")]
    for step in steps:
        outcome = _run(step, dist.parent)
        if outcome:
            return outcome
    return []


def _wheel(name: str, dist: Path) -> Path:
    return next(dist.glob(f"{name.replace('-', '_')}-*.whl"))


def _run(argv: Sequence[str], cwd: Path) -> list[str]:
    environment = {**os.environ, "CARGO_TARGET_DIR": str(CARGO_TARGET)}
    for name in ("VIRTUAL_ENV", "PYTHONPATH"):
        environment.pop(name, None)
    done = subprocess.run(
        argv,
        cwd=cwd,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode == 0:
        return []
    return [f"{' '.join(argv)}: ended with {done.returncode}\n{done.stdout}"]
