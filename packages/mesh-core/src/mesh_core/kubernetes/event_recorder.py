"""Events on objects: what a component tells the users of the cluster."""

import asyncio
import contextlib
import logging
import secrets
from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec
from prometheus_client import CollectorRegistry, Counter

from mesh_core.kubernetes.client import KubernetesClient
from mesh_core.kubernetes.errors import KubernetesError
from mesh_core.kubernetes.rate_limit import RateLimit
from mesh_core.kubernetes.record_event import EventType
from mesh_core.resources import Event, EventSource, ObjectMeta, ObjectReference, Resource
from mesh_core.store.errors import NotFoundError, StoreError

MAX_WAITING = 1000
"""Different events that wait to be sent; more are dropped and counted."""
MAX_KNOWN = 1000
"""Sent events whose repeats are counted up instead of being made anew."""
MAX_MESSAGE = 1024
"""Longer texts are refused by the API server."""
RATE, BURST = 10.0, 50
"""Events a second in the long run, and at once: more would be a load for the API server."""
CLOSE_SECONDS = 2.0
"""How long `close` goes on sending what waits."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _What:
    regarding: ObjectReference
    type: EventType
    reason: str
    message: str


@dataclass(slots=True)
class _Sent:
    namespace: str
    name: str
    count: int


class EventRecorder:
    """Sends events in the background: `record` never waits, fails or grows without bound."""

    def __init__(
        self, client: KubernetesClient, *, component: str, registry: CollectorRegistry
    ) -> None:
        """Report as `component`; nothing is sent before `start`."""
        self._client = client
        self._component = component
        self._waiting: OrderedDict[_What, int] = OrderedDict()
        self._known: OrderedDict[_What, _Sent] = OrderedDict()
        self._wake = asyncio.Event()
        self._sender: asyncio.Task[None] | None = None
        self._closing = False
        self._complaint = ""
        self._counter = Counter(
            "mesh_kubernetes_events",
            "Events about objects: sent, dropped because too many waited, or failed.",
            ["outcome"],
            registry=registry,
        )
        for outcome in ("sent", "dropped", "failed"):
            self._counter.labels(outcome)

    def record(
        self,
        regarding: ObjectReference | Resource,
        type_: EventType,
        reason: str,
        message: str,
    ) -> None:
        """Report that something happened to an object; repeats count up one event.

        `reason` is one CamelCase word; `message` is cut at 1,024 characters.
        """
        what = _What(_reference(regarding), type_, reason, message[:MAX_MESSAGE])
        if what not in self._waiting and len(self._waiting) >= MAX_WAITING:
            self._counter.labels("dropped").inc()
            return
        self._waiting[what] = self._waiting.get(what, 0) + 1
        self._wake.set()

    async def start(self) -> None:
        """Begin to send."""
        if self._sender is None:
            self._sender = asyncio.create_task(self._run(), name="events")

    async def close(self) -> None:
        """Send what waits, as far as that is quickly done, and stop."""
        sender, self._sender = self._sender, None
        if sender is None:
            return
        self._closing = True
        self._wake.set()
        _, slow = await asyncio.wait({sender}, timeout=CLOSE_SECONDS)
        if slow:
            sender.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await sender
            self._counter.labels("dropped").inc(len(self._waiting))

    async def _run(self) -> None:
        clock = asyncio.get_running_loop().time
        limit = RateLimit(RATE, BURST, clock())
        while self._waiting or not self._closing:
            if not self._waiting:
                self._wake.clear()
                await self._wake.wait()
                continue
            await asyncio.sleep(0 if self._closing else limit.take(clock()))
            what, count = self._waiting.popitem(last=False)
            await self._send(what, count)

    async def _send(self, what: _What, count: int) -> None:
        try:
            await self._write(what, count)
        except StoreError as error:
            self._counter.labels("failed").inc()
            complaint = error.reason if isinstance(error, KubernetesError) else "refused"
            if (
                complaint != self._complaint
            ):  # one line for each kind of trouble, not for each event
                log.warning("an event is lost: %s", error)
                self._complaint = complaint
        except Exception:
            self._counter.labels("failed").inc()
            log.exception("an event is lost; the next ones are sent all the same")
        else:
            self._complaint = ""
            self._counter.labels("sent").inc()

    async def _write(self, what: _What, count: int) -> None:
        now = datetime.now(UTC).replace(microsecond=0)
        sent = self._known.pop(what, None)
        if sent is not None:
            with contextlib.suppress(NotFoundError):  # the server forgets events after an hour
                sent.count += count
                change = {"count": sent.count, "lastTimestamp": now.isoformat()}
                await self._client.patch(Event, sent.namespace, sent.name, change)
                self._remember(what, sent)
                return
        event = self._event(what, count, now)
        await self._client.create(event)
        self._remember(what, _Sent(event.namespace, event.name, count))

    def _remember(self, what: _What, sent: _Sent) -> None:
        self._known[what] = sent
        if len(self._known) > MAX_KNOWN:
            self._known.popitem(last=False)

    def _event(self, what: _What, count: int, now: datetime) -> Event:
        regarding = what.regarding
        return Event(
            # The server demands that an event lies beside its object, else in `default`.
            metadata=ObjectMeta(
                name=f"{regarding.name[:200].rstrip('.-')}.{secrets.token_hex(8)}",
                namespace=regarding.namespace or "default",
            ),
            involved_object=regarding,
            reason=what.reason,
            message=what.message,
            type=what.type,
            source=EventSource(component=self._component),
            count=count,
            first_timestamp=now,
            last_timestamp=now,
            reporting_component=self._component,
        )


def _reference(regarding: ObjectReference | Resource) -> ObjectReference:
    if isinstance(regarding, ObjectReference):
        # Versions tell repeats apart that users take for the same.
        return msgspec.structs.replace(regarding, resource_version="")
    return ObjectReference(
        api_version=regarding.api_version,
        kind=regarding.kind,
        name=regarding.name,
        namespace=regarding.namespace,
        uid=regarding.metadata.uid,
    )
