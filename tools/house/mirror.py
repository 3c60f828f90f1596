"""Which package index pip uses here; Poetry is given the same one."""

from __future__ import annotations

import os
import subprocess
import sys


def simple_index() -> str:
    """The URL of the simple index, from pip's environment, its configuration, or its default."""
    given = os.environ.get("POETRY_PYPI_MIRROR_URL") or os.environ.get("PIP_INDEX_URL")
    if given:
        return given
    configured = _pip("-m", "pip", "config", "get", "global.index-url")
    return configured or _pip(
        "-c", "from pip._internal.models.index import PyPI; print(PyPI.simple_url)"
    )


def _pip(*arguments: str) -> str:
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""
