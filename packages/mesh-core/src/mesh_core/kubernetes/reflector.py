"""Follows one kind of one API server: a list, then a watch, and again whatever happens."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from mesh_core.kubernetes.backoff import Backoff
from mesh_core.kubernetes.client import KubernetesClient
from mesh_core.kubernetes.errors import (
    ForbiddenError,
    GoneError,
    KindNotServedError,
    KubernetesError,
    OverloadedError,
    RejectedError,
    SilentError,
    TruncatedError,
)
from mesh_core.kubernetes.kind_objects import KindObjects
from mesh_core.kubernetes.list_pages import PAGE_ITEMS, decode_slices, read_page
from mesh_core.kubernetes.pace import Pace
from mesh_core.kubernetes.paths import collection_path
from mesh_core.kubernetes.store_metrics import KindMetrics, StoreMetrics
from mesh_core.kubernetes.transport import Query
from mesh_core.kubernetes.troubles import Troubles
from mesh_core.kubernetes.versions import reached
from mesh_core.kubernetes.watch_lines import Bookmark, Change, LineSplitter, read_line
from mesh_core.resources import Key, Resource
from mesh_core.store.errors import StoreError
from mesh_core.store.live_objects import LiveObjects
from mesh_core.store.problem import ObjectProblem

R = TypeVar("R", bound=Resource)

SLICE = 100
"""How many changes are taken in before others get their turn."""
_METADATA = "application/json;as=PartialObjectMetadata{};g=meta.k8s.io;v=v1,application/json"
"""The server leaves everything else out; one that does not know how sends all."""
_DISTRUST = 2
"""After so many short watches in a row that said nothing, a complete list is due."""

log = logging.getLogger(__name__)


class Reflector(Generic[R]):
    """Keeps the objects of one kind current; an error never takes any away."""

    def __init__(
        self,
        client: KubernetesClient,
        kind: type[R],
        namespace: str | None,
        objects: LiveObjects,
        metrics: StoreMetrics,
        troubles: Troubles,
        pace: Pace,
        *,
        metadata_only: bool = False,
    ) -> None:
        """Follow `kind` in one namespace or in all; or only its objects' metadata."""
        self.kind = kind
        self.listed = asyncio.Event()
        """Set once the first complete list is in."""
        self.settled = asyncio.Event()
        """Set then, or once the server has said that this kind cannot be had."""
        self._client = client
        self._path = collection_path(kind, namespace)
        self._list_format = _METADATA.format("List") if metadata_only else "application/json"
        self._watch_format = _METADATA.format("") if metadata_only else "application/json"
        self._objects = KindObjects(kind, objects)
        self._troubles = troubles
        self._pace = pace
        self._backoff = Backoff(pace.first_wait, pace.longest_wait, pace.chance)
        self._clock = asyncio.get_running_loop().time
        self._alive_at = self._clock()
        self._version = ""
        self._paged = True
        self._silent_watches = 0
        self._heard = False
        self._suspect = False
        self._following = False
        self._waiters: list[tuple[Callable[[], bool], asyncio.Event]] = []
        self._metrics: KindMetrics = metrics.of(
            kind.kind,
            objects=lambda: len(objects.of(kind)),
            problems=lambda: self._objects.problem_count + (kind.kind in troubles),
            staleness=lambda: self._clock() - self._alive_at,
        )

    @property
    def problems(self) -> Sequence[ObjectProblem]:
        """What cannot be decoded now."""
        return self._objects.problems

    @property
    def version(self) -> str:
        """The newest version that was seen."""
        return self._version

    async def run(self) -> None:
        """Follow until cancelled."""
        while True:
            wait = await self._follow()
            await asyncio.sleep(wait)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until something came in that makes `condition` true; not while out of contact."""
        if not self.listed.is_set() or self.kind.kind in self._troubles or condition():
            return
        waiter = (condition, asyncio.Event())
        self._waiters.append(waiter)
        try:
            await waiter[1].wait()
        finally:
            self._waiters.remove(waiter)

    async def _follow(self) -> float:
        """List if that is due, then watch until that ends; give the seconds to wait then."""
        began = self._clock()
        try:
            if self._suspect and self._version:
                await self._check_version()
            if not self._version:
                await self._list()
            began = self._clock()
            await self._watch()
        except StoreError as error:
            if isinstance(error, SilentError) and self._following:
                return self._ended(self._clock() - began)
            return self._failed(error, self._clock() - began)
        except Exception as error:  # whatever it is, the store must go on following
            log.exception("following %s failed; what is known stays", self.kind.plural)
            return self._failed(StoreError(repr(error)), self._clock() - began)
        finally:
            self._following = False
        return self._ended(self._clock() - began)

    async def _list(self) -> None:
        """Read all pages. Each counts at once; only the last one tells what is gone."""
        what = f"list {self.kind.plural}"
        keys: set[Key] = set()
        query: dict[str, str | int] = {"limit": PAGE_ITEMS} if self._paged else {}
        while True:
            body = await self._client.request(
                "GET",
                self._path,
                query=query,
                accept=self._list_format,
                timeout=self._pace.request,
                what=what,
            )
            page = read_page(body, what)
            for decoded in decode_slices(self.kind, page):
                keys |= self._objects.take(decoded)
                self._report()
                await asyncio.sleep(0)
            if not page.next:
                break
            query["continue"] = page.next
        if not page.resource_version:
            msg = f"cannot {what}: the answer is a list without a version"
            raise TruncatedError(msg)
        self._objects.keep_only(keys)
        self._paged = True
        self._version = page.resource_version
        self._alive()
        self._metrics.listed(again=self.listed.is_set())
        self.listed.set()
        self.settled.set()

    async def _check_version(self) -> None:
        """Look whether the server is alive and still knows our version, after a watch was silent.

        Silence is normal for a kind in which nothing happens. But a server whose data were put
        back by a restored backup is silent too: it waits for our version, perhaps for days.
        """
        what = f"list {self.kind.plural}"
        body = await self._client.request(
            "GET",
            self._path,
            query={"limit": 1},
            accept=self._list_format,
            timeout=self._pace.request,
            what=what,
        )
        current = read_page(body, what).resource_version
        self._alive()
        self._suspect = False
        if not reached(current, self._version):
            log.warning(
                "the API server is at version %s of %s, before ours, %s: listing again",
                current,
                self.kind.plural,
                self._version,
            )
            self._version = ""

    async def _watch(self) -> None:
        """Take in changes until the server ends the watch, as it does every few minutes."""
        what = f"watch {self.kind.plural}"
        lines = LineSplitter()
        opening = self._client.stream(
            self._path,
            self._watch_query(),
            accept=self._watch_format,
            silence=self._pace.silence,
            what=what,
        )
        async with opening as chunks:
            self._following, self._heard = True, False
            self._troubles.over(self.kind.kind)
            async for chunk in chunks:
                await self._take(lines.feed(chunk), what)
        if lines.unfinished:
            msg = f"cannot {what}: the watch ended in the middle of an event"
            raise TruncatedError(msg)

    def _watch_query(self) -> Query:
        return {
            "watch": "1",
            "allowWatchBookmarks": "true",
            "resourceVersion": self._version,
            "timeoutSeconds": max(1, round(self._pace.watch * (1 - self._pace.chance() / 5))),
        }

    async def _take(self, lines: Sequence[bytes], what: str) -> None:
        for start in range(0, len(lines), SLICE):
            arrived = self._clock()
            part = lines[start : start + SLICE]
            changes = sum(self._take_line(line, what) for line in part)
            self._alive()
            self._heard, self._suspect, self._silent_watches = True, False, 0
            if changes:
                self._metrics.changed(changes, self._clock() - arrived)
            self._report()
            self._wake_waiters()
            await asyncio.sleep(0)

    def _take_line(self, line: bytes, what: str) -> bool:
        """Take in one line; True for a change."""
        said = read_line(self.kind, line, what)
        if isinstance(said, StoreError):
            raise said
        if isinstance(said, Change):
            self._objects.change(said)
        self._version = said.version or self._version
        return not isinstance(said, Bookmark)

    def _ended(self, lived: float) -> float:
        """Judge a watch that the server ended in good order, or that fell silent."""
        self._doubt(lived)
        if lived < self._pace.healthy:
            return self._backoff.failed()
        self._backoff.succeeded()
        return 0.0

    def _failed(self, error: StoreError, lived: float) -> float:
        """Remember what went wrong and decide how to go on."""
        reason = error.reason if isinstance(error, KubernetesError) else "internal"
        self._metrics.failed(reason)
        self._troubles.met(self.kind.kind, error, self._clock())
        self._wake_waiters()
        if isinstance(error, ForbiddenError | KindNotServedError):
            self.settled.set()
        if self._following:
            self._doubt(lived)
            if lived >= self._pace.healthy:
                self._backoff.succeeded()
        if isinstance(error, GoneError | RejectedError):
            # With a version left this was the watch, else a page that took too long to ask for.
            self._paged = bool(self._version)
            self._version = ""
        return self._backoff.failed(error.retry_after if isinstance(error, OverloadedError) else 0)

    def _doubt(self, lived: float) -> None:
        """Remember that a watch ended; one that said nothing may have missed something.

        Its version is checked, or given up after several that did not even live for a while.
        """
        if self._heard:
            return
        if lived >= self._pace.healthy:
            self._suspect = True
            return
        self._silent_watches += 1
        if self._silent_watches >= _DISTRUST:
            self._silent_watches = 0
            self._version = ""

    def _alive(self) -> None:
        self._alive_at = self._clock()

    def _report(self) -> None:
        for problem in self._objects.new_problems():
            log.error("%s; its last good state stays", problem)

    def _wake_waiters(self) -> None:
        for condition, event in self._waiters:
            if condition() or self.kind.kind in self._troubles:
                event.set()
