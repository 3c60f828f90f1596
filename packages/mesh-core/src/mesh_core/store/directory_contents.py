"""The objects below a directory, and how they change from one reading to the next."""

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from mesh_core.errors import CoreError
from mesh_core.resources import KINDS, Registry, Resource, decode_json, qualified_name
from mesh_core.resources.codec import json_head
from mesh_core.store.manifests import (
    MAX_BYTES,
    Ident,
    Manifest,
    Manifests,
    duplicate,
    is_manifest,
    list_files,
    read_file,
)
from mesh_core.store.object_directory import CLUSTER_SCOPE
from mesh_core.store.problem import Problem
from mesh_core.store.resource_store import Event
from mesh_core.store.yaml_documents import Document, Place

_Signature = tuple[int, int, int]
_STATE_FILE_DEPTH = 3  # <kind>/<namespace>/<name>.json


@dataclass(slots=True)
class _File:
    """What one file holds; while it has a problem, also what it held before."""

    signature: _Signature
    objects: dict[Ident, Manifest]


class DirectoryContents:
    """Holds what was read last and gives the difference to what is there now.

    Blocking, and for one thread at a time. Nothing that a file held is given up because the file
    became unreadable or wrong: objects go when their file is whole and no longer names them.
    """

    def __init__(self, root: Path, kinds: Iterable[type[Resource]]) -> None:
        """Look at objects of `kinds` below `root`; other known kinds are passed over."""
        self._root = root
        self._kinds = frozenset(kinds)
        self._registry = Registry(dict.fromkeys((*KINDS, *self._kinds)))
        self._by_folder = {qualified_name(kind): kind for kind in self._kinds}
        self._files: dict[Path, _File] = {}
        self._holders: dict[Ident, dict[Path, Manifest]] = {}
        self._file_problems: dict[Path, tuple[Problem, ...]] = {}
        self._folder_problems: tuple[Problem, ...] = ()
        self._duplicates: dict[Ident, tuple[Problem, ...]] = {}

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Everything that is wrong now, ordered by file and line."""
        found = [*self._folder_problems]
        for problems in (*self._file_problems.values(), *self._duplicates.values()):
            found.extend(problems)
        return tuple(sorted(found, key=lambda problem: (problem.file, problem.line or 0)))

    def source(self, ident: Ident) -> Path | None:
        """Name the file that the object is taken from."""
        holders = self._holders.get(ident)
        return min(holders) if holders else None

    def refresh_all(self, entering: Callable[[Path], None]) -> list[Event[Resource]]:
        """Read what changed anywhere; `entering` is called with each folder before its files."""
        if not self._root.is_dir():
            self._folder_problems = (Problem(self._root, "there is no such directory"),)
            return []
        _visit(self._root, entering)
        files, problems = list_files(self._root)
        self._folder_problems = tuple(problems)
        hidden = [problem.file for problem in problems]
        gone = [
            path
            for path in self._files.keys() - set(files)
            if not any(path.is_relative_to(folder) for folder in hidden)
        ]
        return self._apply([*files, *gone], force=False)

    def refresh(self, paths: Iterable[Path]) -> list[Event[Resource]]:
        """Read these files again, even if they look unchanged."""
        return self._apply((path for path in paths if is_manifest(path.name)), force=True)

    def _apply(self, paths: Iterable[Path], *, force: bool) -> list[Event[Resource]]:
        touched: dict[Ident, Resource | None] = {}
        for path in paths:
            for ident, manifest in self._update_file(path, force=force):
                touched.setdefault(ident, self._current(ident))
                self._hold(ident, path, manifest)
        events = []
        for ident, old in touched.items():
            self._duplicates_of(ident)
            new = self._current(ident)
            if old != new:
                events.append(Event(old, new))
        return sorted(events, key=_order)

    def _update_file(self, path: Path, *, force: bool) -> Iterator[tuple[Ident, Manifest | None]]:
        """Read a file if it changed and yield what it now says of each of its objects."""
        known = self._files.get(path)
        signature = _signature(path)
        if signature is None:
            self._file_problems.pop(path, None)
            if known is not None:
                del self._files[path]
                yield from ((ident, None) for ident in known.objects)
            return
        if known is not None and known.signature == signature and not force:
            return
        contents = self._read(path)
        objects = {
            manifest.ident: manifest
            for manifest in contents.objects
            if manifest.ident[0] in self._kinds
        }
        if contents.problems and known is not None:
            objects = {**known.objects, **objects}
        self._files[path] = _File(signature, objects)
        if contents.problems:
            self._file_problems[path] = contents.problems
        else:
            self._file_problems.pop(path, None)
        removed = known.objects.keys() - objects.keys() if known is not None else ()
        yield from ((ident, None) for ident in removed)
        yield from objects.items()

    def _read(self, path: Path) -> Manifests:
        return self._read_state_file(path) or read_file(path, self._registry)

    def _read_state_file(self, path: Path) -> Manifests | None:
        """Read a file that an ObjectDirectory wrote, without the cost of finding lines."""
        parts = path.relative_to(self._root).parts
        kind = self._by_folder.get(parts[0]) if len(parts) == _STATE_FILE_DEPTH else None
        if kind is None or path.suffix != ".json":
            return None
        try:
            data = path.read_bytes()
            if not data.startswith(json_head(kind)) or len(data) > MAX_BYTES:
                return None
            resource = decode_json(kind, data)
        except (OSError, CoreError):
            return None  # the other reader says what is wrong, and where
        folder = resource.namespace or CLUSTER_SCOPE
        if (folder, f"{resource.name}.json") != parts[1:]:
            return None
        return Manifests((Manifest(resource, path, 1, {}, Document({}, Place(1))),), ())

    def _current(self, ident: Ident) -> Resource | None:
        holders = self._holders.get(ident)
        return holders[min(holders)].resource if holders else None

    def _hold(self, ident: Ident, path: Path, manifest: Manifest | None) -> None:
        holders = self._holders.setdefault(ident, {})
        if manifest is not None:
            holders[path] = manifest
        else:
            holders.pop(path, None)
            if not holders:
                del self._holders[ident]

    def _duplicates_of(self, ident: Ident) -> None:
        holders = self._holders.get(ident, {})
        if len(holders) > 1:
            first, *others = (holders[path] for path in sorted(holders))
            self._duplicates[ident] = tuple(duplicate(first, other) for other in others)
        else:
            self._duplicates.pop(ident, None)


def _visit(root: Path, entering: Callable[[Path], None]) -> None:
    """Enter each folder before it is listed, so that nothing made meanwhile is missed."""
    entering(root)
    for parent, names, _files in os.walk(root):
        names[:] = [name for name in names if not name.startswith(".")]
        for folder in (Path(parent, name) for name in names):
            if not folder.is_symlink():  # as those who list the files, it may lead anywhere
                entering(folder)


def _signature(path: Path) -> _Signature | None:
    """Give what changes whenever a file does, None when there is no such file."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


def _order(event: Event[Resource]) -> tuple[int, int]:
    """Deletions first, then in the order of the writes as far as it is known."""
    if event.new is None:
        return 0, 0
    version = event.new.metadata.resource_version
    return 1, int(version) if version.isdecimal() else 0
