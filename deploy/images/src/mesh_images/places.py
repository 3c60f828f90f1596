"""Where the checkout and the caches lie."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[4]


def cache() -> Path:
    """Where everything that can be made again is kept: $MESH_CACHE, else the user's cache."""
    if given := os.environ.get("MESH_CACHE"):
        return Path(given).absolute()
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base).absolute() / "mesh"


def images() -> Path:
    """The part of the cache that is ours."""
    return cache() / "images"
