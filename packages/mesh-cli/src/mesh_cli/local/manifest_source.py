"""The user's manifests: read, checked, watched; what was good stays while a file is broken."""

import asyncio
import logging
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mesh_cli.local.manifest_checks import check
from mesh_core.resources import Resource
from mesh_core.store import Problem
from mesh_core.store.inotify import Inotify
from mesh_core.store.manifests import Ident, Manifest, duplicate, list_files, read_file

_RESCAN_SECONDS = 5.0
# Editors write several files in a row (swap file, backup, rename): look once, after them.
_SETTLE_SECONDS = 0.05
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Wanted:
    """One object that the user wants, and the directory given to `up` or `apply`."""

    resource: Resource
    root: Path


@dataclass(frozen=True, slots=True)
class Reading:
    """All good objects, and what is wrong with the others."""

    objects: dict[Ident, Wanted]
    problems: tuple[Problem, ...]


@dataclass(slots=True)
class _Known:
    signature: tuple[int, int, int]
    manifests: dict[Ident, Manifest]
    problems: tuple[Problem, ...]


class ManifestSource:
    """Reads some directories (or files) again and again; never writes to them."""

    def __init__(self, roots: Iterable[Path]) -> None:
        """A root that is given twice counts once."""
        self.roots: list[Path] = list(dict.fromkeys(roots))
        self._files: dict[Path, _Known] = {}
        self._last: tuple[tuple[object, ...], Reading] | None = None

    def add(self, root: Path) -> None:
        """Read this directory too, from the next reading on."""
        if root not in self.roots:
            self.roots.append(root)

    def read(self) -> Reading:
        """Look at all files; those that did not change are not read again.

        Returns the very same object as last time when nothing changed.
        """
        problems: list[Problem] = []
        objects: dict[Ident, tuple[Manifest, Path]] = {}
        seen: set[Path] = set()
        for root in self.roots:
            files, unreadable = _files_of(root)
            problems += unreadable
            for file in files:
                known = self._known(file)
                if known is None or file in seen:
                    continue
                seen.add(file)
                problems += known.problems
                for ident, manifest in known.manifests.items():
                    first, _ = objects.setdefault(ident, (manifest, root))
                    if first is not manifest:
                        problems.append(duplicate(first, manifest))
        self._files = {path: known for path, known in self._files.items() if path in seen}
        fingerprint = (tuple(self.roots), tuple(map(id, self._files.values())), tuple(problems))
        if self._last is not None and self._last[0] == fingerprint:
            return self._last[1]
        wanted = {
            ident: Wanted(manifest.resource, root) for ident, (manifest, root) in objects.items()
        }
        reading = Reading(wanted, tuple(problems))
        self._last = (fingerprint, reading)
        return reading

    def _known(self, file: Path) -> _Known | None:
        try:
            status = file.stat()
        except OSError:
            return None
        signature = (status.st_mtime_ns, status.st_size, status.st_ino)
        before = self._files.get(file)
        if before is not None and before.signature == signature:
            return before
        contents = read_file(file)
        good: dict[Ident, Manifest] = {}
        problems = list(contents.problems)
        for manifest in contents.objects:
            if found := check(manifest):
                problems += found
            else:
                good[manifest.ident] = manifest
        if problems and before is not None:
            # A broken edit must not take down what runs: keep what the file held before.
            good = {**before.manifests, **good}
        known = _Known(signature, good, tuple(problems))
        self._files[file] = known
        return known

    async def watch(self, changed: Callable[[], object]) -> None:
        """Call `changed` after every change below the roots, until cancelled.

        Also now and then without one: notification may be lost, or missing at all.
        """
        try:
            inotify = Inotify()
        except OSError as problem:
            log.warning("no change notification (%s); looking every second", problem)
            while True:
                await asyncio.sleep(1.0)
                changed()
        try:
            while True:
                for folder in _folders(tuple(self.roots)):
                    inotify.add(folder)
                if await _readable(inotify.fileno(), _RESCAN_SECONDS):
                    await asyncio.sleep(_SETTLE_SECONDS)
                    inotify.read()
                changed()
        finally:
            inotify.close()


async def _readable(descriptor: int, seconds: float) -> bool:
    loop = asyncio.get_running_loop()
    event = asyncio.Event()
    loop.add_reader(descriptor, event.set)
    try:
        async with asyncio.timeout(seconds):
            return await event.wait()
    except TimeoutError:
        return False
    finally:
        loop.remove_reader(descriptor)


def _files_of(root: Path) -> tuple[list[Path], list[Problem]]:
    if root.is_dir():
        return list_files(root)
    if root.exists():
        return [root], []
    return [], [Problem(root, "there is no such file or directory")]


def _folders(roots: Sequence[Path]) -> list[Path]:
    folders: list[Path] = []
    for root in roots:
        if not root.is_dir():
            folders.append(root.parent)
            continue
        for folder, names, _ in os.walk(root):
            names[:] = [name for name in names if not name.startswith(".")]
            folders.append(Path(folder))
    return folders
