"""The pods of a local cluster: made, found, removed in order."""

import asyncio
import dataclasses
import logging
import secrets
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from mesh_cli.local.admission import Admission
from mesh_cli.local.controllers.template_hash import suffix
from mesh_cli.local.errors import LocalError
from mesh_cli.local.mounts import Bind
from mesh_cli.local.node import Node
from mesh_cli.local.objects import Objects
from mesh_cli.local.pod_order import PodOrder
from mesh_cli.local.pods import PodRunner
from mesh_cli.local.settings import NODE_NAME
from mesh_core.resources import Key, Namespace, OwnerReference, Pod, ServiceAccount

# Between the removal of an endpoint from its slices and the end of its pod: proxies learn of
# it through the control plane within milliseconds; this is a bound with room to spare.
PUBLISH_SECONDS = 0.5
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Place:
    """What the processes of a pod find on the machine."""

    working_directory: str = "/"
    search_path: tuple[Path, ...] = ()
    binds: tuple[Bind, ...] = ()


@dataclass(slots=True)
class PodEntry:
    """A pod and who wants it."""

    runner: PodRunner
    controller: str
    wanted: Pod
    note: str
    removal: "asyncio.Task[None] | None" = None

    @property
    def key(self) -> Key:
        """Namespace and name."""
        return self.runner.order.pod.key

    @property
    def terminating(self) -> bool:
        """Whether it is on its way out."""
        return self.removal is not None

    def available(self, min_ready_seconds: int, now: datetime) -> bool:
        """Whether it has been ready for that long."""
        since = self.runner.ready_since
        if since is None:
            return False
        # Readiness may have been noticed a moment after `now` was taken.
        return max((now - since).total_seconds(), 0.0) >= min_ready_seconds


class PodSet:
    """All pods that exist, the terminating ones included."""

    def __init__(
        self,
        node: Node,
        objects: Objects,
        admission: Admission,
        published: Callable[[], Awaitable[None]],
    ) -> None:
        """`published` waits until endpoints that are not ready any more are out of the slices."""
        self._node = node
        self._objects = objects
        self._admission = admission
        self._published = published
        self._entries: dict[Key, PodEntry] = {}
        self._hurry = asyncio.Event()

    def __iter__(self) -> Iterator[PodEntry]:
        return iter(list(self._entries.values()))

    def get(self, key: Key) -> PodEntry | None:
        """One pod."""
        return self._entries.get(key)

    def owned_by(self, controller: str) -> list[PodEntry]:
        """The pods of a ReplicaSet that are not terminating."""
        return [e for e in self if e.controller == controller and not e.terminating]

    def all_of(self, controller: str) -> list[PodEntry]:
        """The pods of a ReplicaSet, terminating ones included."""
        return [e for e in self if e.controller == controller]

    def generate_name(self, namespace: str, prefix: str) -> str:
        """A free name with a random suffix."""
        while True:
            name = f"{prefix[:57]}-{suffix(secrets.token_bytes(16), 5)}"
            if Key(namespace, name) not in self._entries:
                return name

    def create(self, pod: Pod, controller: str, owner: str, place: Place) -> PodEntry:
        """Admit and start a pod; raises LocalError where it may not exist."""
        account = pod.spec.service_account
        if self._objects.get(ServiceAccount, pod.namespace, account) is None:
            raise LocalError(
                f"{pod}: ServiceAccount {pod.namespace}/{account} does not exist; "
                "add it to the manifests"
            )
        namespace = self._objects.get(Namespace, "", pod.namespace)
        if namespace is None:
            raise LocalError(f"{pod}: namespace {pod.namespace} does not exist")
        spec = msgspec.structs.replace(pod.spec, node_name=NODE_NAME, service_account_name=account)
        admitted = self._admission.admit(msgspec.structs.replace(pod, spec=spec), namespace, owner)
        stored = self._objects.put(admitted.pod)
        order = PodOrder(
            stored, admitted.sidecar, place.working_directory, place.search_path, place.binds
        )
        entry = PodEntry(PodRunner(order, self._node), controller, pod, admitted.note)
        self._entries[entry.key] = entry
        self._objects.put(entry.runner.pod)
        return entry

    def remove(self, entry: PodEntry, *, grace: float | None = None, drain: bool = True) -> None:
        """Begin to remove a pod; its entry goes when everything of it is gone."""
        if entry.removal is not None:
            return
        pod = entry.runner.order.pod
        seconds = float(pod.spec.termination_grace_period_seconds if grace is None else grace)
        served = entry.runner.ready
        entry.runner.order = dataclasses.replace(
            entry.runner.order,
            pod=msgspec.structs.replace(
                pod,
                metadata=msgspec.structs.replace(
                    pod.metadata,
                    deletion_timestamp=datetime.now(UTC).replace(microsecond=0),
                    deletion_grace_period_seconds=int(seconds),
                ),
            ),
        )
        entry.removal = asyncio.create_task(
            self._remove(entry, seconds, drain=drain and served), name=f"remove {entry.key}"
        )
        entry.runner.mark_stopping()

    async def _remove(self, entry: PodEntry, grace: float, *, drain: bool) -> None:
        if drain:
            await self._unless_hurried(self._drained())
        try:
            await entry.runner.stop(grace)
        except Exception:
            # The pod's processes end with the mesh; its name must become free all the same.
            log.exception("pod %s could not be removed completely", entry.key)
        self._entries.pop(entry.key, None)
        self._objects.remove(Pod, *entry.key)
        self._node.changed()

    async def _drained(self) -> None:
        await self._published()
        await asyncio.sleep(PUBLISH_SECONDS)

    async def _unless_hurried(self, work: Coroutine[None, None, None]) -> None:
        tasks = asyncio.create_task(work), asyncio.create_task(self._hurry.wait())
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def remove_all(self, grace: float) -> None:
        """Begin to remove every pod; nobody is left who would have to hear of it first."""
        self._hurry.set()
        for entry in self:
            self.remove(entry, grace=grace, drain=False)

    async def gone(self) -> None:
        """Wait until every terminating pod is gone."""
        removals = [entry.removal for entry in self if entry.removal is not None]
        await asyncio.gather(*removals, return_exceptions=True)


def owner_reference(kind: str, name: str, uid: str) -> OwnerReference:
    """A controller's reference."""
    return OwnerReference(
        api_version="apps/v1",
        kind=kind,
        name=name,
        uid=uid,
        controller=True,
        block_owner_deletion=True,
    )
