"""Archives of images that a cluster is given."""

from collections.abc import Sequence
from pathlib import Path

from mesh_clusters.errors import CommandFailed


def check_there(archives: Sequence[Path]) -> None:
    """Raise CommandFailed for the first that does not exist, before any is loaded."""
    for archive in archives:
        if not archive.is_file():
            raise CommandFailed(f"{archive}: there is no such image archive")
