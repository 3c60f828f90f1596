"""A ResourceStore without a backend: what the test puts in is what is there."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from mesh_core.resources import Namespace, Pod, Resource
from mesh_core.store import Event, NotFoundError, ResourceStore
from mesh_core.store.live_objects import LiveObjects
from mesh_injector.webhook.owner_kinds import OwnerJob, OwnerReplicaSet

R = TypeVar("R", bound=Resource)


class MemoryStore(ResourceStore):
    def __init__(self, *resources: Resource) -> None:
        self._objects = LiveObjects((Namespace, Pod, OwnerReplicaSet, OwnerJob))
        self.put(*resources)

    def put(self, *resources: Resource) -> None:
        for resource in resources:
            old = self._objects.of(type(resource)).get(resource.key)
            self._objects.apply(Event(old, resource))

    def remove(self, resource: Resource) -> None:
        self._objects.apply(Event(resource, None))

    async def start(self) -> None: ...

    async def close(self) -> None: ...

    @property
    def synced(self) -> bool:
        return True

    def subscribe(self, kind: type[R], handler: Callable[[Event[R]], None]) -> None:
        self._objects.subscribe(kind, handler)

    def get(self, kind: type[R], namespace: str, name: str) -> R | None:
        return self._objects.get(kind, namespace, name)

    def list(self, kind: type[R], namespace: str | None = None) -> Sequence[R]:
        return self._objects.list(kind, namespace)

    async def create(self, resource: R) -> R:
        raise NotImplementedError

    async def update(self, resource: R) -> R:
        raise NotImplementedError

    async def update_status(self, resource: R) -> R:
        raise NotImplementedError

    async def delete(
        self, kind: type[R], namespace: str, name: str, *, resource_version: str = ""
    ) -> None:
        raise NotImplementedError


class Answers:
    """What the API server has that the caches have not yet."""

    def __init__(self, *resources: Resource) -> None:
        self.resources = {(type(each), each.namespace, each.name): each for each in resources}
        self.questions: list[str] = []
        self.failure: Exception | None = None

    async def __call__(self, kind: type[R], namespace: str, name: str) -> R:
        self.questions.append(f"{kind.kind} {namespace}/{name}")
        if self.failure is not None:
            raise self.failure
        found = self.resources.get((kind, namespace, name))
        if not isinstance(found, kind):
            raise NotFoundError(f"there is no {kind.kind} {namespace}/{name}")
        return found
