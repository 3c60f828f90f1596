"""A state directory: one object a file, safe for several processes at once."""

import fcntl
import os
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import msgspec

from mesh_core.resources import (
    DecodeError,
    Key,
    ObjectMeta,
    Resource,
    Secret,
    decode_json,
    encode,
    qualified_name,
)
from mesh_core.resources.codec import validate
from mesh_core.store.errors import (
    AlreadyExistsError,
    ConflictError,
    NotFoundError,
    StoreError,
)

R = TypeVar("R", bound=Resource)

CLUSTER_SCOPE = "_"
"""The folder of objects without a namespace; no namespace can have this name."""

_LOCK = ".lock"
_REVISION = ".revision"
_PUBLIC, _PRIVATE = 0o644, 0o600


class ObjectDirectory:
    """Reads and writes `<root>/<kind>/<namespace>/<name>.json`.

    Writers of all processes take turns by an advisory lock on one file and number their writes
    from one counter, so a resourceVersion orders all writes of the directory. A file appears and
    changes by rename: a reader, or a crash, never sees half an object.
    """

    def __init__(self, root: Path, *, now: Callable[[], datetime] | None = None) -> None:
        """Use `root`, made with the first write; `now` gives creation times."""
        self.root = root
        self._now = now or _utc_now

    def path(self, kind: type[Resource], namespace: str, name: str) -> Path:
        """Where an object lies, whether or not it exists; refuses names that leave the folder."""
        folder = namespace if kind.namespaced else CLUSTER_SCOPE
        for part in (folder, name):
            if not part or "/" in part or part.startswith("."):
                msg = f"{part!r} cannot be the name or namespace of a {kind.kind}"
                raise StoreError(msg)
        return self.root / qualified_name(kind) / folder / f"{name}.json"

    def get(self, kind: type[R], namespace: str, name: str) -> R | None:
        """Read one object, None when it does not exist."""
        return self._read(kind, self.path(kind, namespace, name))

    def list(self, kind: type[R], namespace: str | None = None) -> list[R]:
        """Read all objects of a kind, or of one namespace, ordered by namespace and name."""
        found = (self._read(kind, path) for path in self._paths(kind, namespace))
        return [resource for resource in found if resource is not None]

    def create(self, resource: R) -> R:
        """Write a new object; assigns uid, creationTimestamp, resourceVersion and generation."""
        resource = validate(resource)
        with self._lock():
            path = self._path_of(resource)
            if path.exists():
                msg = f"{resource} already exists"
                raise AlreadyExistsError(msg)
            metadata = msgspec.structs.replace(
                resource.metadata,
                uid=str(uuid.uuid4()),
                creation_timestamp=self._now(),
                resource_version=self._next_revision(),
                generation=1,
            )
            return self._write(path, msgspec.structs.replace(resource, metadata=metadata))

    def replace(self, resource: R) -> R:
        """Write an existing object anew, all but its status; unchanged, nothing is written."""
        resource = validate(resource)
        with self._lock():
            stored = self._current(resource)
            changed = _with_status_of(stored, resource)
            return self._store(stored, changed, resource.metadata)

    def replace_status(self, resource: R) -> R:
        """Write an existing object's status and leave everything else as it is."""
        if not _has_status(resource):
            msg = f"a {resource.kind} has no status"
            raise StoreError(msg)
        with self._lock():
            stored = self._current(resource)
            changed = _with_status_of(resource, stored)
            return self._store(stored, changed, stored.metadata)

    def delete(
        self, kind: type[Resource], namespace: str, name: str, *, resource_version: str = ""
    ) -> None:
        """Remove an object, if given only while it has that resourceVersion."""
        with self._lock():
            path = self.path(kind, namespace, name)
            stored = self._read(kind, path)
            if stored is None:
                msg = f"{kind.kind} {Key(namespace, name)} does not exist"
                raise NotFoundError(msg)
            _check_version(stored, resource_version)
            path.unlink()

    def _paths(self, kind: type[Resource], namespace: str | None) -> Iterator[Path]:
        base = self.root / qualified_name(kind)
        if namespace is None:
            folders = sorted(base.iterdir()) if base.is_dir() else []
        else:
            folders = [self.path(kind, namespace, "any").parent]
        for folder in folders:
            yield from sorted(folder.glob("[!.]*.json"))

    def _path_of(self, resource: Resource) -> Path:
        return self.path(type(resource), resource.namespace, resource.name)

    def _read(self, kind: type[R], path: Path) -> R | None:
        try:
            data = path.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        try:
            return decode_json(kind, data)
        except DecodeError as error:
            msg = f"{path} does not hold a {kind.kind}: {error}; remove the file"
            raise StoreError(msg) from error

    def _current(self, resource: R) -> R:
        stored = self._read(type(resource), self._path_of(resource))
        if stored is None:
            msg = f"{resource} does not exist"
            raise NotFoundError(msg)
        _check_version(stored, resource.metadata.resource_version)
        if resource.metadata.uid not in {"", stored.metadata.uid}:
            msg = f"{resource} was deleted and created anew; read it again"
            raise ConflictError(msg)
        return stored

    def _store(self, stored: R, changed: R, metadata: ObjectMeta) -> R:
        """Write `changed` under what the directory assigned, unless it equals `stored`."""
        kept = msgspec.structs.replace(
            metadata,
            uid=stored.metadata.uid,
            creation_timestamp=stored.metadata.creation_timestamp,
            resource_version=stored.metadata.resource_version,
            generation=stored.metadata.generation,
        )
        candidate = msgspec.structs.replace(changed, metadata=kept)
        if candidate == stored:
            return stored
        generation = kept.generation + (_desired(candidate) != _desired(stored))
        numbered = msgspec.structs.replace(
            kept, resource_version=self._next_revision(), generation=generation
        )
        resource = msgspec.structs.replace(changed, metadata=numbered)
        return self._write(self._path_of(resource), resource)

    def _write(self, path: Path, resource: R) -> R:
        path.parent.mkdir(parents=True, exist_ok=True)
        _replace_file(path, encode(resource), _PRIVATE if isinstance(resource, Secret) else _PUBLIC)
        return resource

    def _next_revision(self) -> str:
        path = self.root / _REVISION
        try:
            text = path.read_text()
        except FileNotFoundError:
            text = "0"
        if not text.isdecimal():
            msg = f"{path} does not hold a number; remove the directory {self.root}"
            raise StoreError(msg)
        number = str(int(text) + 1)
        _replace_file(path, number.encode(), _PUBLIC)
        return number

    @contextmanager
    def _lock(self) -> Iterator[None]:
        self.root.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self.root / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)  # closing lets go of the lock


def _utc_now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def _check_version(stored: Resource, version: str) -> None:
    if version and version != stored.metadata.resource_version:
        msg = (
            f"{stored} is at version {stored.metadata.resource_version}, not {version}; "
            "read it again"
        )
        raise ConflictError(msg)


def _has_status(resource: Resource) -> bool:
    return "status" in resource.__struct_fields__


def _with_status_of(source: R, resource: R) -> R:
    if not _has_status(resource):
        return resource
    return msgspec.structs.replace(resource, status=getattr(source, "status"))  # noqa: B009


def _desired(resource: Resource) -> tuple[object, ...]:
    """What the object's owner wants: everything but metadata and status."""
    return tuple(
        getattr(resource, field)
        for field in resource.__struct_fields__
        if field not in {"metadata", "status"}
    )


def _replace_file(path: Path, data: bytes, mode: int) -> None:
    """Put `data` at `path` by rename. The temporary's leading dot hides it from readers."""
    descriptor, name = tempfile.mkstemp(prefix=".new-", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(file.fileno(), mode)
            file.write(data)
        temporary.rename(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
