"""Where this package keeps what it builds and fetches."""

from importlib.resources import files
from pathlib import Path

from mesh_cli.local.programs import cache_directory

# Go modules of the programs, one folder each.
SOURCES = Path(str(files("mesh_clusters"))) / "sources"


def home() -> Path:
    """The cache of this package: $MESH_CACHE/clusters, or below the user's cache directory."""
    return cache_directory().absolute() / "clusters"
