"""A ResourceStore over a directory of manifests or a state directory."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TypeVar

from mesh_core.resources import Key, Resource
from mesh_core.store.directory_contents import DirectoryContents
from mesh_core.store.errors import ReadOnlyError, StoreError
from mesh_core.store.inotify import Inotify
from mesh_core.store.live_objects import LiveObjects
from mesh_core.store.object_directory import ObjectDirectory
from mesh_core.store.problem import Problem
from mesh_core.store.resource_store import Event, ResourceStore

R = TypeVar("R", bound=Resource)

POLL_SECONDS = 1.0
"""How often the files are looked at where the kernel does not tell of changes."""

log = logging.getLogger(__name__)


class DirectoryStore(ResourceStore):
    """Follows the YAML and JSON files below a directory, and writes like an ObjectDirectory.

    Changes arrive by inotify within milliseconds; a look at all files every `rescan_seconds`
    finds what it missed. A wrong file is reported in `problems`, logged once, and keeps the
    objects that it held before.
    """

    def __init__(
        self, path: Path, kinds: Iterable[type[Resource]], *, rescan_seconds: float = 5
    ) -> None:
        """Hold objects of `kinds` below `path`, which need not exist yet."""
        self._path = path
        self._objects = LiveObjects(kinds)
        self._contents = DirectoryContents(path, self._objects.kinds)
        self._directory = ObjectDirectory(path)
        self._rescan_seconds = rescan_seconds
        self._problems: tuple[Problem, ...] = ()
        self._reading = asyncio.Lock()
        self._readings: set[asyncio.Task[None]] = set()
        self._inotify: Inotify | None = None
        self._follower: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()
        self._changed: set[Path] = set()
        self._everything = False
        self._synced = False

    @property
    def synced(self) -> bool:
        """True once the first reading is complete."""
        return self._synced

    @property
    def problems(self) -> Sequence[Problem]:
        """What is wrong with the files now, ordered by file and line."""
        return self._problems

    async def start(self) -> None:
        """Read everything once, then follow."""
        if self._follower is not None:
            msg = "this store was started already"
            raise StoreError(msg)
        self._open_inotify()
        await self._refresh(None)
        self._synced = True
        self._follower = asyncio.create_task(self._follow(), name=f"follow {self._path}")

    async def close(self) -> None:
        """Stop following; may be called again."""
        follower, self._follower = self._follower, None
        if follower is not None:
            follower.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await follower
        if self._inotify is not None:
            asyncio.get_running_loop().remove_reader(self._inotify.fileno())
        if self._readings:  # what the follower had begun
            await asyncio.wait(self._readings)
        if self._inotify is not None:
            self._inotify.close()
            self._inotify = None

    def subscribe(self, kind: type[R], handler: Callable[[Event[R]], None]) -> None:
        """Call `handler` with what is there, then with every change."""
        self._objects.subscribe(kind, handler)

    def get(self, kind: type[R], namespace: str, name: str) -> R | None:
        """Find one object."""
        return self._objects.get(kind, namespace, name)

    def list(self, kind: type[R], namespace: str | None = None) -> Sequence[R]:
        """All objects of a kind, or of one namespace."""
        return self._objects.list(kind, namespace)

    async def create(self, resource: R) -> R:
        """Write a new file."""
        await self._refuse_users_file(type(resource), resource.key)
        return await self._write(resource, self._directory.create)

    async def update(self, resource: R) -> R:
        """Write the file anew, except for the status."""
        await self._refuse_users_file(type(resource), resource.key)
        return await self._write(resource, self._directory.replace)

    async def update_status(self, resource: R) -> R:
        """Write the status into the file."""
        await self._refuse_users_file(type(resource), resource.key)
        return await self._write(resource, self._directory.replace_status)

    async def delete(
        self, kind: type[R], namespace: str, name: str, *, resource_version: str = ""
    ) -> None:
        """Remove the file."""
        await self._refuse_users_file(kind, Key(namespace, name))
        await asyncio.to_thread(
            self._directory.delete, kind, namespace, name, resource_version=resource_version
        )
        await self._refresh({self._directory.path(kind, namespace, name)})

    async def _write(self, resource: R, write: Callable[[R], R]) -> R:
        """Write in a thread, because the lock may be held; then read, to see one's own write."""
        written = await asyncio.to_thread(write, resource)
        path = self._directory.path(type(written), written.namespace, written.name)
        await self._refresh({path})
        return written

    async def _refuse_users_file(self, kind: type[Resource], key: Key) -> None:
        async with self._reading:  # otherwise a reading thread may be changing the contents
            source = self._contents.source((kind, key))
        if source is not None and source != self._directory.path(kind, *key):
            msg = f"{kind.kind} {key} is described in {source}; change it there"
            raise ReadOnlyError(msg)

    def _open_inotify(self) -> None:
        try:
            self._inotify = Inotify()
        except OSError as error:
            log.warning("no change notification (%s): looking every %s s", error, POLL_SECONDS)
            self._rescan_seconds = min(self._rescan_seconds, POLL_SECONDS)
        else:
            asyncio.get_running_loop().add_reader(self._inotify.fileno(), self._on_inotify)

    def _on_inotify(self) -> None:
        if self._inotify is None:
            return
        changes = self._inotify.read()
        self._changed |= changes.files
        self._everything |= changes.all
        if self._changed or self._everything:
            self._wake.set()

    async def _follow(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time() + self._rescan_seconds
        while True:
            # Not wait_for, which in Python 3.11 may lose the cancellation by `close`.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(due):
                    await self._wake.wait()
            self._wake.clear()
            changed, self._changed = self._changed, set()
            everything, self._everything = self._everything, False
            if loop.time() >= due:
                everything, due = True, loop.time() + self._rescan_seconds
            try:
                await self._refresh(None if everything else changed)
            except Exception:
                # Whatever it is, the next look at all files repairs it.
                log.exception("reading %s failed; the last state stays", self._path)

    async def _refresh(self, paths: set[Path] | None) -> None:
        """Read files, all for None, and apply the difference even if the caller is cancelled.

        What was read is compared with only once, so an abandoned reading would lose its events.
        """
        reading = asyncio.create_task(self._read_and_apply(paths))
        self._readings.add(reading)
        reading.add_done_callback(self._readings.discard)
        await asyncio.shield(reading)

    async def _read_and_apply(self, paths: set[Path] | None) -> None:
        """Read in a thread, then let the loop's thread see the result at once."""
        async with self._reading:
            events, problems = await asyncio.to_thread(self._read, paths)
            self._report(problems)
            for event in events:
                self._objects.apply(event)

    def _read(
        self, paths: set[Path] | None
    ) -> tuple[Sequence[Event[Resource]], tuple[Problem, ...]]:
        if paths is None:
            events = self._contents.refresh_all(self._watch)
        else:
            events = self._contents.refresh(paths)
        return events, self._contents.problems

    def _watch(self, folder: Path) -> None:
        if self._inotify is None:
            return
        try:
            self._inotify.add(folder)
        except OSError as error:
            log.warning(
                "cannot watch %s (%s): changes are seen after %s s",
                folder,
                error,
                self._rescan_seconds,
            )

    def _report(self, problems: tuple[Problem, ...]) -> None:
        before = set(self._problems)
        for problem in problems:
            if problem not in before:
                log.error("%s", problem)
        for problem in before.difference(problems):
            log.info("solved: %s", problem)
        self._problems = problems
