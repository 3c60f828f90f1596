"""Files of a mounted Secret or ConfigMap, read anew whenever they change.

Three ways lead to a change, because each alone has failed somebody: the kernel's notification
(fast, but lost on some file systems and when a directory is replaced), a timer, and a hash of
what was read (a timestamp may stay the same, and a swap may bring the same contents).
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Collection, Mapping
from hashlib import sha256
from pathlib import Path

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge

from mesh_core.errors import CoreError
from mesh_core.service.errors import ServiceError
from mesh_core.store.inotify import Inotify

LOOK_SECONDS = 10.0
"""How often the files are looked at even though nothing told of a change."""
SETTLE_SECONDS = 0.1
"""How long to wait after a notification: who writes two files in place does so in this time."""
MAX_BYTES = 1024 * 1024
"""The size limit of a Secret and of a ConfigMap."""

_SWAPPED = "..data"  # the symlink that the kubelet renames to swap all files of a mount at once
_ATTEMPTS = 3

Contents = Mapping[str, bytes]
"""What the files hold, by the names that the caller gave them."""

log = logging.getLogger(__name__)


class MountError(ServiceError):
    """A mounted file cannot be read."""


class ReloadMetrics:
    """Counts of one service's mounted files; `files` names a group of them."""

    def __init__(self, registry: CollectorRegistry = REGISTRY) -> None:
        """Register the metrics."""
        self._loads = Counter(
            "mesh_mounted_files_loads",
            "Changed contents of mounted files, by whether they could be used.",
            ["files", "result"],
            registry=registry,
        )
        self._refused = Gauge(
            "mesh_mounted_files_refused",
            "1 while the newest contents cannot be used and older ones stay in use.",
            ["files"],
            registry=registry,
        )
        self._loaded_at = Gauge(
            "mesh_mounted_files_loaded_timestamp_seconds",
            "When the contents in use were read.",
            ["files"],
            registry=registry,
        )

    def declare(self, files: str) -> None:
        """Let every series exist, so that a rate starts at zero."""
        for result in ("used", "refused"):
            self._loads.labels(files, result)
        self._refused.labels(files)

    def used(self, files: str) -> None:
        """Count contents that are in use now."""
        self._loads.labels(files, "used").inc()
        self._refused.labels(files).set(0)
        self._loaded_at.labels(files).set_to_current_time()

    def refused(self, files: str) -> None:
        """Count contents that cannot be used."""
        self._loads.labels(files, "refused").inc()
        self._refused.labels(files).set(1)

    def solved(self, files: str) -> None:
        """Say that the contents in use are the newest again."""
        self._refused.labels(files).set(0)


class MountedFiles:
    """Follows a group of files, and hands all of them over when any of them has changed.

    `paths` gives each file a name; files in one mounted directory are read from one version of
    it. `apply` gets the contents on the loop's thread and raises what is wrong with them: they are
    then offered again with every look, in case the reason was another file or the clock, and what
    is in use stays in use. `optional` files may be absent.
    """

    def __init__(
        self,
        what: str,
        paths: Mapping[str, Path],
        apply: Callable[[Contents], None],
        *,
        optional: Collection[str] = (),
        seconds: float = LOOK_SECONDS,
        metrics: ReloadMetrics | None = None,
    ) -> None:
        """Name the group `what` in the log and the metrics, such as `issuer`."""
        self._what = what
        self._paths = dict(paths)
        self._apply = apply
        self._optional = frozenset(optional)
        self._seconds = seconds
        self._metrics = metrics
        self._problem: Exception | None = None
        self._in_use = b""
        self._offered = b""
        self._wake = asyncio.Event()
        self._inotify: Inotify | None = None
        self._follower: asyncio.Task[None] | None = None

    @property
    def problem(self) -> Exception | None:
        """Why the newest contents are not in use, None while they are."""
        return self._problem

    async def start(self) -> None:
        """Read and hand over once, then follow; `problem` says whether the first look failed."""
        if self._metrics is not None:
            self._metrics.declare(self._what)
        self._open_inotify()
        await self.look()
        self._follower = asyncio.create_task(self._follow(), name=f"follow {self._what}")

    async def close(self) -> None:
        """Stop following; may be called again."""
        follower, self._follower = self._follower, None
        if follower is not None:
            follower.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await follower
        inotify, self._inotify = self._inotify, None
        if inotify is not None:
            asyncio.get_running_loop().remove_reader(inotify.fileno())
            inotify.close()

    async def look(self) -> None:
        """Look at the files now, and hand them over if that could change anything."""
        self._watch_directories()
        try:
            contents = await asyncio.to_thread(read_mounted, self._paths, self._optional)
        except MountError as error:
            self._refuse(error, b"")
            return
        digest = _digest(contents)
        if digest == self._in_use:
            self._settled()
        else:
            self._offer(contents, digest)

    def _offer(self, contents: Contents, digest: bytes) -> None:
        try:
            self._apply(contents)
        except Exception as error:  # noqa: BLE001 - reported, with the traceback if it is ours
            self._refuse(error, digest)
            return
        log.info("%s: %s", self._what, "changed, in use now" if self._in_use else "in use")
        self._in_use = self._offered = digest
        self._problem = None
        if self._metrics is not None:
            self._metrics.used(self._what)

    def _refuse(self, error: Exception, digest: bytes) -> None:
        """Say once for each new reason what is wrong, and that nothing else has changed."""
        news = digest != self._offered or str(error) != str(self._problem)
        if news and self._metrics is not None:
            self._metrics.refused(self._what)
        if news:
            known = isinstance(error, CoreError)
            kept = "; what was in use stays" if self._in_use else ""
            log.error("%s: %s%s", self._what, error, kept, exc_info=None if known else error)
        self._problem = error
        self._offered = digest

    def _settled(self) -> None:
        """What is in use is what the files hold, perhaps again."""
        if self._problem is None:
            return
        log.info("%s: as before again", self._what)
        self._problem = None
        self._offered = self._in_use
        if self._metrics is not None:
            self._metrics.solved(self._what)

    def _open_inotify(self) -> None:
        try:
            self._inotify = Inotify()
        except OSError as error:
            log.warning(
                "no change notification (%s): looking at %s every %s s",
                error,
                self._what,
                self._seconds,
            )
        else:
            asyncio.get_running_loop().add_reader(self._inotify.fileno(), self._on_inotify)

    def _watch_directories(self) -> None:
        """Watch every directory, again with every look: one may have been replaced."""
        for directory in {path.parent for path in self._paths.values()}:
            try:
                if self._inotify is not None:
                    self._inotify.add(directory)
            except OSError as error:
                log.warning(
                    "cannot watch %s (%s): changes are seen after %s s",
                    directory,
                    error,
                    self._seconds,
                )

    def _on_inotify(self) -> None:
        if self._inotify is not None:
            changes = self._inotify.read()
            if changes.all or changes.files:
                self._wake.set()

    async def _follow(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._seconds):
                    await self._wake.wait()
                    await asyncio.sleep(SETTLE_SECONDS)
            self._wake.clear()
            try:
                await self.look()
            except Exception:
                # Whatever it is, the next look may find it gone.
                log.exception("looking at %s failed; what was in use stays", self._what)


def read_mounted(paths: Mapping[str, Path], optional: Collection[str] = ()) -> Contents:
    """Read files, those in one mounted directory from one version of it; raises MountError."""
    for _ in range(_ATTEMPTS - 1):
        with contextlib.suppress(FileNotFoundError):
            return _read_once(paths, ())
    # Not only a swap under our hands: something is missing.
    try:
        return _read_once(paths, optional)
    except FileNotFoundError as error:
        raise MountError(
            f"{error.filename} does not exist; is its Secret or ConfigMap mounted, "
            "and does it have that key?"
        ) from error


def _read_once(paths: Mapping[str, Path], optional: Collection[str]) -> Contents:
    versions = {path.parent: _version(path.parent) for path in paths.values()}
    contents: dict[str, bytes] = {}
    for name, path in paths.items():
        try:
            contents[name] = _read_file(versions[path.parent] / path.name)
        except FileNotFoundError as error:
            error.filename = str(path)
            if name not in optional:
                raise
    return contents


def _version(directory: Path) -> Path:
    """Find the directory that `..data` leads to now; a plain directory is its own version."""
    swapped = directory / _SWAPPED
    return swapped.resolve() if swapped.is_symlink() else directory


def _read_file(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise MountError(f"cannot read {path}: {error.strerror or error}") from error
    if len(data) > MAX_BYTES:
        raise MountError(f"{path} is larger than {MAX_BYTES} bytes, the limit of a ConfigMap")
    return data


def _digest(contents: Contents) -> bytes:
    """Hash names and contents so that no two groups of files look alike."""
    digest = sha256()
    for name in sorted(contents):
        for part in (name.encode(), contents[name]):
            digest.update(len(part).to_bytes(8) + part)
    return digest.digest()
