"""Keeps the workspace's environment equal to the lock, and the engine equal to its sources.

`python -m house.workspace` does only that; all it says goes to standard error.
"""

from __future__ import annotations

import fcntl
import math
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from house.mirror import simple_index
from house.places import CACHE, CARGO_TARGET, ENGINE, ROOT, RUST, VENV, environment, packages
from house.stamp import Stamp
from house.target import claim

# Processor time, measured on a small server; for the estimate before the first build only.
_SECONDS_PER_CRATE = 1.0


class WorkspaceError(Exception):
    """The workspace could not be made; the text says what failed and what to do."""


class EngineError(WorkspaceError):
    """The engine does not compile; whatever does not import it can still run."""


def ensure() -> None:
    """Brings environment and engine up to date; does nothing when they are."""
    VENV.parent.mkdir(parents=True, exist_ok=True)
    with _lock():
        began = time.time()
        claim()
        installed = _environment_stamp()
        if not installed.fresh():
            _make_environment()
        built = _engine_stamp()
        if not (built.fresh() and ENGINE.is_file()):
            _build_engine()
            built.write()
        if not installed.fresh():
            _install()
            installed.write()
        # ./dev compares the files' times with this one's; `began`, because a file may have
        # changed while we worked.
        ready = VENV / ".ready"
        ready.touch()
        os.utime(ready, (began, began))


def _environment_stamp() -> Stamp:
    projects = [ROOT / "packages" / name / "pyproject.toml" for name in packages()]
    sources = [ROOT / "poetry.lock", ROOT / "pyproject.toml", *projects]
    return Stamp(VENV / "environment.stamp", sources, platform.python_version())


def _engine_stamp() -> Stamp:
    sources = [path for path in RUST.rglob("*") if path.suffix in (".rs", ".toml", ".lock")]
    return Stamp(VENV / "engine.stamp", sources, platform.machine())


def _make_environment() -> None:
    python = VENV / "bin/python"
    if not python.exists() or _version(python) != platform.python_version():
        _say(f"making the workspace's environment in {VENV}")
        shutil.rmtree(VENV, ignore_errors=True)
        _run([sys.executable, "-m", "venv", str(VENV)], "making a virtual environment failed")


def _install() -> None:
    """Installs the lock. Poetry compiles the engine again, silently; by now that takes seconds."""
    _say("installing the workspace's packages")
    poetry = Path(sys.executable).with_name("poetry")
    _run(
        [str(poetry), "sync", "--no-interaction", "--quiet"],
        "Poetry could not install the lock; after a change of dependencies run `./dev lock`",
        {"POETRY_PYPI_MIRROR_URL": simple_index()},
    )


def _build_engine() -> None:
    """Compiles the engine exactly as clippy and the tests do, and puts it beside mesh_proxy."""
    if not (CARGO_TARGET / "mesh").exists():
        crates = (RUST / "Cargo.lock").read_text().count("[[package]]")
        minutes = math.ceil(crates * _SECONDS_PER_CRATE / (os.cpu_count() or 1) / 60)
        _say(f"compiling up to {crates} crates, once: about {minutes} min if the machine is idle")
    else:
        _say("building the engine")
    cargo = [
        *("cargo", "build", "--locked", "--profile=mesh", "--package=mesh-engine-py"),
        *("--features=pyo3/extension-module", f"--manifest-path={RUST / 'Cargo.toml'}"),
    ]
    try:
        _run(cargo, "the engine does not compile; cargo says why above")
    except WorkspaceError as error:
        raise EngineError(str(error)) from error
    suffix = "dylib" if sys.platform == "darwin" else "so"
    # A running process may have the old file mapped: replace it, never write into it.
    fresh = ENGINE.with_suffix(".new")
    shutil.copyfile(CARGO_TARGET / "mesh" / f"lib_engine.{suffix}", fresh)
    fresh.replace(ENGINE)


def _version(python: Path) -> str:
    asked = [str(python), "-c", "import platform; print(platform.python_version())"]
    return subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()


def _run(command: list[str], problem: str, extra: dict[str, str] | None = None) -> None:
    # Standard output belongs to the command that the user asked for.
    done = subprocess.run(
        command, cwd=ROOT, env=environment() | (extra or {}), stdout=sys.stderr, check=False
    )
    if done.returncode:
        raise WorkspaceError(f"{problem} ({command[0]} ended with {done.returncode})")


@contextmanager
def _lock() -> Iterator[None]:
    """Two ./dev at once wait for each other instead of installing into one environment."""
    with (CACHE / "workspace.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _say("another ./dev is making the environment; waiting for it")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _say(text: str) -> None:
    print(f"dev: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        ensure()
    except WorkspaceError as error:
        sys.exit(f"dev: {error}")
