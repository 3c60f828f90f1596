"""A ResourceStore over an API server."""

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from prometheus_client import CollectorRegistry

from mesh_core.kubernetes.client import KubernetesClient
from mesh_core.kubernetes.pace import Pace
from mesh_core.kubernetes.reflector import Reflector
from mesh_core.kubernetes.store_metrics import StoreMetrics
from mesh_core.kubernetes.troubles import Troubles
from mesh_core.kubernetes.versions import reached
from mesh_core.resources import Key, Resource
from mesh_core.store.errors import StoreError
from mesh_core.store.live_objects import LiveObjects
from mesh_core.store.problem import ObjectProblem
from mesh_core.store.resource_store import Event, ResourceStore

R = TypeVar("R", bound=Resource)


class KubernetesStore(ResourceStore):
    """Lists, then watches, each kind on its own: trouble with one does not touch the others.

    Whatever happens to the API server, what is known stays, and following goes on when it can.
    """

    def __init__(
        self,
        client: KubernetesClient,
        kinds: Iterable[type[Resource]],
        *,
        namespace: str | None = None,
        optional: Iterable[type[Resource]] = (),
        metadata_only: Iterable[type[Resource]] = (),
        metrics: StoreMetrics | None = None,
        pace: Pace | None = None,
    ) -> None:
        """Hold objects of `kinds` in one namespace, or in all.

        `optional` are further kinds that the server may lack or refuse: the store counts as
        synced without them, and follows them as soon as it can. Of the kinds that are also in
        `metadata_only`, the server sends nothing but the metadata: all other fields have their
        defaults, and the store does not write them. The client stays its owner's.
        """
        required = tuple(dict.fromkeys(kinds))
        self._client = client
        self._namespace = namespace
        self._required = frozenset(required)
        self._metadata_only = frozenset(metadata_only)
        self._objects = LiveObjects(dict.fromkeys((*required, *optional)))
        self._metrics = metrics or StoreMetrics(CollectorRegistry())
        self._pace = pace or Pace()
        self._troubles = Troubles()
        self._reflectors: dict[type[Resource], Reflector[Resource]] = {}
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def synced(self) -> bool:
        """True once all required kinds were read completely."""
        reflectors = self._reflectors
        return bool(reflectors) and all(reflectors[kind].listed.is_set() for kind in self._required)

    @property
    def problems(self) -> Sequence[ObjectProblem]:
        """Kinds that cannot be followed now, and objects that cannot be decoded."""
        objects = (reflector.problems for reflector in self._reflectors.values())
        return (*self._troubles, *(problem for problems in objects for problem in problems))

    async def start(self) -> None:
        """Follow; returns once all required kinds are in, and the optional ones or their refusal.

        While the API server cannot be reached or lacks a permission, this waits and says so.
        """
        if self._reflectors:
            msg = "this store was started already"
            raise StoreError(msg)
        self._reflectors = {
            kind: Reflector(
                self._client,
                kind,
                self._namespace,
                self._objects,
                self._metrics,
                self._troubles,
                self._pace,
                metadata_only=kind in self._metadata_only,
            )
            for kind in self._objects.kinds
        }
        for kind, reflector in self._reflectors.items():
            task = asyncio.create_task(reflector.run(), name=f"follow {kind.plural}")
            self._tasks.append(task)
        for kind, reflector in self._reflectors.items():
            await (reflector.listed if kind in self._required else reflector.settled).wait()

    async def close(self) -> None:
        """Stop following; may be called again."""
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

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
        """Make a new object."""
        return await self._seen(await self._client.create(resource))

    async def update(self, resource: R) -> R:
        """Replace what the struct knows of an object, but not its status."""
        self._refuse_part(resource)
        return await self._seen(await self._client.update(resource))

    async def update_status(self, resource: R) -> R:
        """Replace what the struct knows of an object's status."""
        self._refuse_part(resource)
        return await self._seen(await self._client.update_status(resource))

    async def delete(
        self, kind: type[R], namespace: str, name: str, *, resource_version: str = ""
    ) -> None:
        """Remove an object; it may stay, marked for deletion, until its pods have ended."""
        await self._client.delete(kind, namespace, name, resource_version=resource_version)

        def gone() -> bool:
            held = self._objects.get(kind, namespace, name)
            return held is None or held.metadata.deletion_timestamp is not None

        await self._wait(kind, Key(namespace, name), gone)

    def _refuse_part(self, resource: Resource) -> None:
        if type(resource) in self._metadata_only:
            # What was not read would be written as if it had been removed.
            msg = f"only the metadata of {resource} is known here; patch it with the client"
            raise StoreError(msg)

    async def _seen(self, written: R) -> R:
        """Let a writer find its own write in the store, as far as it is followed now."""
        kind, version = type(written), written.metadata.resource_version

        def arrived() -> bool:
            return reached(self._reflectors[kind].version, version)

        await self._wait(kind, written.key, arrived)
        return written

    async def _wait(self, kind: type[Resource], key: Key, condition: Callable[[], bool]) -> None:
        reflector = self._reflectors.get(kind)
        elsewhere = self._namespace not in {None, key.namespace} and kind.namespaced
        if reflector is None or elsewhere or not self._tasks:
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._pace.write):
                await reflector.until(condition)
