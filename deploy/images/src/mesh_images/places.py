"""Where the checkout and our part of the cache lie."""

from __future__ import annotations

from pathlib import Path

from mesh_cli.local.programs import cache_directory

ROOT = Path(__file__).resolve().parents[4]


def images() -> Path:
    """Where everything that can be made again is kept."""
    return cache_directory().absolute() / "images"


def cargo_target() -> Path:
    """What all checkouts compile into, so that dependencies are compiled once."""
    return cache_directory().absolute() / "target"
