"""The objects that a store holds now, and who is told of changes."""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar, cast

from mesh_core.resources import Key, Resource
from mesh_core.store.errors import StoreError
from mesh_core.store.resource_store import Event

R = TypeVar("R", bound=Resource)
Handler = Callable[[Event[Any]], None]

log = logging.getLogger(__name__)


class LiveObjects:
    """What every backend of a ResourceStore keeps; it belongs to one thread."""

    def __init__(self, kinds: Iterable[type[Resource]]) -> None:
        """Hold nothing of `kinds` yet."""
        self._objects: dict[type[Resource], dict[Key, Resource]] = {kind: {} for kind in kinds}
        self._handlers: dict[type[Resource], list[Handler]] = {kind: [] for kind in self._objects}

    @property
    def kinds(self) -> Sequence[type[Resource]]:
        """What is held."""
        return tuple(self._objects)

    def of(self, kind: type[R]) -> Mapping[Key, R]:
        """All objects of a kind, by namespace and name; raises StoreError for another kind."""
        try:
            return cast("Mapping[Key, R]", self._objects[kind])
        except KeyError:
            known = ", ".join(each.kind for each in self._objects)
            msg = f"this store holds {known}, not {kind.kind}"
            raise StoreError(msg) from None

    def get(self, kind: type[R], namespace: str, name: str) -> R | None:
        """Find one object."""
        return self.of(kind).get(Key(namespace, name))

    def list(self, kind: type[R], namespace: str | None = None) -> Sequence[R]:
        """All objects of a kind, or of one namespace."""
        objects = self.of(kind).values()
        return [item for item in objects if namespace is None or item.namespace == namespace]

    def subscribe(self, kind: type[R], handler: Callable[[Event[R]], None]) -> None:
        """Call `handler` with what is there, then with every change."""
        present = list(self.of(kind).values())
        self._handlers[kind].append(handler)
        for resource in present:
            _deliver(handler, Event(None, resource))

    def replace(self, resource: Resource) -> None:
        """Put a newer version in place that differs in nothing that anybody is told of."""
        self._objects[type(resource)][resource.key] = resource

    def apply(self, event: Event[Any]) -> None:
        """Take in a change, then tell of it."""
        resource: Resource = event.resource
        kind = type(resource)
        if event.new is None:
            self._objects[kind].pop(resource.key, None)
        else:
            self._objects[kind][resource.key] = event.new
        for handler in self._handlers[kind]:
            _deliver(handler, event)


def _deliver(handler: Callable[[Event[R]], None], event: Event[R]) -> None:
    try:
        handler(event)
    except Exception:
        # One bad subscriber must not keep the others, or the rest of the events, from theirs.
        log.exception("a subscriber failed for %s; the event is lost for it", event.resource)
