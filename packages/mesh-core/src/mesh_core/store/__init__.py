"""Where objects come from, and where they are written.

`DirectoryStore` is loaded when it is first asked for: only it needs asyncio.
"""

from typing import TYPE_CHECKING

from mesh_core.store.errors import (
    AlreadyExistsError,
    ConflictError,
    NotFoundError,
    ReadOnlyError,
    StoreError,
)
from mesh_core.store.object_directory import ObjectDirectory
from mesh_core.store.problem import ObjectProblem, Problem
from mesh_core.store.resource_store import Event, ResourceStore

if TYPE_CHECKING:
    from mesh_core.store.directory_store import DirectoryStore

__all__ = [
    "AlreadyExistsError",
    "ConflictError",
    "DirectoryStore",
    "Event",
    "NotFoundError",
    "ObjectDirectory",
    "ObjectProblem",
    "Problem",
    "ReadOnlyError",
    "ResourceStore",
    "StoreError",
]


def __getattr__(name: str) -> object:
    """Load `DirectoryStore` on first use."""
    if name == "DirectoryStore":
        from mesh_core.store.directory_store import DirectoryStore  # noqa: PLC0415

        return DirectoryStore
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg)
