"""`./dev` on machines where something is missing: it says what, and what to run."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from house.places import ROOT

# What the script itself uses of the system; apt-get is not among it.
BASE = [
    "cat",
    "cksum",
    "cut",
    "dirname",
    "env",
    "find",
    "grep",
    "head",
    "id",
    "printf",
    "sed",
    "sh",
    "sort",
    "touch",
    "uname",
]


class Machine:
    """A PATH with chosen programs, an empty home and an empty cache."""

    def __init__(self, path: Path) -> None:
        self.bin, self.home = path / "bin", path / "home"
        self.bin.mkdir()
        self.home.mkdir()
        self.has(*BASE)

    def has(self, *names: str) -> None:
        for name in names:
            found = shutil.which(name)
            assert found, name
            (self.bin / name).symlink_to(found)

    def says(self, name: str, text: str) -> None:
        """Installs a program that only prints a line."""
        (self.bin / name).write_text(f"#!/bin/sh\necho '{text}'\n")
        (self.bin / name).chmod(0o755)

    def dev(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", str(ROOT / "dev"), *arguments],
            env={"PATH": str(self.bin), "HOME": str(self.home)},
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    machine = Machine(tmp_path)
    machine.has("python3", "cc")
    machine.says("cargo", "cargo 1.95.0 (0000000 2026-01-01)")
    return machine


def test_an_old_cargo_is_named_with_the_command_that_helps(machine: Machine) -> None:
    machine.says("cargo", "cargo 1.63.0 (fd9c4297c 2022-07-01)")
    done = machine.dev("lint")
    assert done.returncode == 1
    assert "cargo is 1.63.0, 1.88 or newer is needed" in done.stderr
    assert "sh.rustup.rs" in done.stderr
    assert done.stdout == ""


def test_no_cargo_is_named(machine: Machine) -> None:
    (machine.bin / "cargo").unlink()
    assert "cargo is missing, 1.88 or newer is needed" in machine.dev("lint").stderr


def test_an_old_cargo_of_rustup_is_updated_by_rustup(machine: Machine) -> None:
    machine.says("cargo", "cargo 1.87.9 (0000000 2025-01-01)")
    machine.says("rustup", "")
    done = machine.dev("mesh", "version")
    assert done.returncode == 1
    assert "rustup toolchain install stable" in done.stderr


def test_everything_else_that_is_missing_is_listed_at_once(machine: Machine) -> None:
    (machine.bin / "python3").unlink()
    (machine.bin / "cc").unlink()
    done = machine.dev("demo")
    assert done.returncode == 1
    assert "Python 3.11 or newer" in done.stderr
    assert "a C compiler" in done.stderr


def test_nothing_was_written_before_the_machine_was_found_fit(machine: Machine) -> None:
    machine.says("cargo", "cargo 1.63.0 (fd9c4297c 2022-07-01)")
    machine.dev("tests")
    assert list(machine.home.iterdir()) == []


def test_the_command_keeps_its_output_and_its_exit_code(tmp_path: Path) -> None:
    # A checkout whose workspace is ready, with a `mesh` that shows what it was given.
    checkout = tmp_path / "a checkout"
    (checkout / "packages/mesh-proxy/rust").mkdir(parents=True)
    engine = checkout / "packages/mesh-proxy/python/mesh_proxy/_engine.abi3.so"
    engine.parent.mkdir(parents=True)
    sources = [checkout / "poetry.lock", checkout / "pyproject.toml", engine]
    for path in [*sources, checkout / "packages/mesh-proxy/pyproject.toml"]:
        path.touch()
    (checkout / "tools").mkdir()
    for name in ("devtools.txt", "devtools-constraints.txt"):
        (checkout / "tools" / name).touch()
    shutil.copy(ROOT / "dev", checkout)
    summed = subprocess.run(
        ["cksum"], input=str(checkout.resolve()).encode(), capture_output=True, check=True
    )
    venv = tmp_path / "cache/venvs" / summed.stdout.decode().split()[0]
    mesh = venv / "bin/mesh"
    mesh.parent.mkdir(parents=True)
    mesh.write_text("#!/bin/sh\npwd; printf '<%s>' \"$@\"; echo oops >&2; exit 17\n")
    mesh.chmod(0o755)
    (venv / ".ready").touch()

    done = subprocess.run(
        [checkout / "dev", "mesh", "exec", "web 1", "--", "true"],
        env={**os.environ, "MESH_CACHE": str(tmp_path / "cache")},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 17
    assert done.stdout == f"{tmp_path}\n<exec><web 1><--><true>"
    assert done.stderr == "oops\n"
