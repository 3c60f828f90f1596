"""Where the checkout, its packages and its caches lie."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RUST = ROOT / "packages/mesh-proxy/rust"
ENGINE = ROOT / "packages/mesh-proxy/python/mesh_proxy/_engine.abi3.so"


def _cache() -> Path:
    given = os.environ.get("MESH_CACHE")
    if given:
        return Path(given).absolute()
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base).absolute() / "mesh"


def _checkout() -> str:
    # ./dev finds the environment by the same sum, without starting Python.
    summed = subprocess.run(
        ["cksum"], input=str(ROOT).encode(), stdout=subprocess.PIPE, check=True
    ).stdout
    return summed.decode().split()[0]


CACHE = _cache()
# Shared by all checkouts, so that dependencies are compiled once.
CARGO_TARGET = CACHE / "target"
# One per checkout, because editable installs point into it.
VENV = CACHE / "venvs" / _checkout()
# The same packages as users install them, for the bench.
RELEASE = VENV.with_name(VENV.name + "-release")
SCRATCH = VENV / "caches"


def packages() -> list[str]:
    """The names of our packages, those that others need first."""
    order = ["mesh-proto", "mesh-core"]
    found = sorted(path.parent.name for path in (ROOT / "packages").glob("*/pyproject.toml"))
    return order + [name for name in found if name not in order]


def environment() -> dict[str, str]:
    """The environment of everything that runs in the workspace."""
    # An ordinary user's PATH leads to neither nft nor ip on Debian, and the same is used as root.
    system = ["/usr/sbin", "/sbin"]
    path = os.pathsep.join([str(VENV / "bin"), os.environ.get("PATH", os.defpath), *system])
    return {
        **os.environ,
        "CARGO_TARGET_DIR": str(CARGO_TARGET),
        "HYPOTHESIS_STORAGE_DIRECTORY": str(SCRATCH / "hypothesis"),
        "MYPY_CACHE_DIR": str(SCRATCH / "mypy"),
        "PATH": path,
        # The same for every cargo command, else each compiles the binding to Python anew.
        "PYO3_PYTHON": str(VENV / "bin/python"),
        "RUFF_CACHE_DIR": str(SCRATCH / "ruff"),
        "VIRTUAL_ENV": str(VENV),
    }
