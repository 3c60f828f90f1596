"""The cluster's objects: in memory for the controllers, in the state directory for readers.

The supervisor alone creates and deletes; so what it wrote last is what there is, and
unchanged objects cost nothing.
"""

import os
from pathlib import Path
from typing import TypeVar

import msgspec

from mesh_core.resources import Key, Resource
from mesh_core.store import ConflictError, NotFoundError, ObjectDirectory

R = TypeVar("R", bound=Resource)

_DIRECTORY_MODE = 0o2770


class Objects:
    """All objects that the supervisor keeps."""

    def __init__(self, root: Path, group: int) -> None:
        """Use an empty directory; members of `group` (the control plane) may read and write."""
        root.mkdir()
        os.chown(root, group, group)
        root.chmod(_DIRECTORY_MODE)
        self._directory = ObjectDirectory(root)
        self._group = group
        self._objects: dict[type[Resource], dict[Key, Resource]] = {}

    def get(self, kind: type[R], namespace: str, name: str) -> R | None:
        """One object."""
        found = self._objects.get(kind, {}).get(Key(namespace, name))
        return found if isinstance(found, kind) else None

    def list(self, kind: type[R]) -> list[R]:
        """All objects of a kind."""
        return [found for found in self._objects.get(kind, {}).values() if isinstance(found, kind)]

    def put(self, resource: R) -> R:
        """Create the object or bring it up to date, status included; returns it as stored."""
        kind = type(resource)
        stored = self.get(kind, resource.namespace, resource.name)
        if stored is None:
            written = self._directory.create(resource)
            self._open(written)
        else:
            written = self._update(stored, resource)
        self._objects.setdefault(kind, {})[written.key] = written
        return written

    def _update(self, stored: R, resource: R) -> R:
        assigned = stored.metadata
        metadata = msgspec.structs.replace(
            resource.metadata,
            uid=assigned.uid,
            creation_timestamp=assigned.creation_timestamp,
            resource_version=assigned.resource_version,
            generation=assigned.generation,
        )
        wanted = msgspec.structs.replace(resource, metadata=metadata)
        if wanted == stored:
            return stored
        # A control-plane process may have written the status meanwhile: ours wins here.
        unversioned = msgspec.structs.replace(
            wanted, metadata=msgspec.structs.replace(metadata, resource_version="")
        )
        try:
            written = self._directory.replace(unversioned)
            if getattr(wanted, "status", None) != getattr(written, "status", None):
                written = self._directory.replace_status(unversioned)
        except (NotFoundError, ConflictError):
            # Somebody removed the file by hand: the object is still wanted.
            written = self._directory.create(resource)
        self._open(written)
        return written

    def remove(self, kind: type[Resource], namespace: str, name: str) -> None:
        """Delete an object; one that is gone is fine."""
        if self._objects.get(kind, {}).pop(Key(namespace, name), None) is not None:
            try:
                self._directory.delete(kind, namespace, name)
            except NotFoundError:
                return

    def _open(self, resource: Resource) -> None:
        """Let the control plane list the folders and take the locks."""
        path = self._directory.path(type(resource), resource.namespace, resource.name)
        for folder in (path.parent, path.parent.parent):
            if folder.stat().st_gid != self._group or folder.stat().st_mode & 0o070 != 0o070:
                os.chown(folder, self._group, self._group)
                folder.chmod(_DIRECTORY_MODE)
        for name in (".lock", ".revision"):
            file = self._directory.root / name
            if file.exists() and file.stat().st_uid != self._group:
                os.chown(file, self._group, self._group)
