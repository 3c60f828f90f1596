"""The index: all objects, arranged for the questions that views ask. Pure state."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from mesh_core.resources import (
    EndpointSlice,
    Job,
    Namespace,
    Node,
    OwnerReference,
    Pod,
    ReplicaSet,
    Resource,
    Service,
)
from mesh_core.resources import Key as ObjectKey
from mesh_core.store import Event
from mesh_destination.index.keys import Key, endpoints_key, node_key
from mesh_destination.index.pods import PodIndex
from mesh_destination.index.services import ServiceIndex
from mesh_destination.index.slices import SliceIndex

KINDS: tuple[type[Resource], ...] = (
    Namespace,
    Node,
    Service,
    EndpointSlice,
    Pod,
    ReplicaSet,
    Job,
)
"""What the index takes in."""

METADATA_KINDS: tuple[type[Resource], ...] = (Namespace, Node, ReplicaSet, Job)
"""Those of them of which it looks at labels, annotations and owners only."""

_NO_ANNOTATIONS: Mapping[str, str] = {}
_Apply = Callable[[ObjectKey, Any], Iterable[Key]]


class Index:
    """The present state of the cluster, as far as discovery and policy need it.

    `apply` is the only way in. Its result names every key under which an answer may have
    changed, and those are all: `tests` compare it with a recomputation from nothing.
    """

    def __init__(self) -> None:
        """Begin empty."""
        self.services = ServiceIndex()
        self.slices = SliceIndex()
        self.pods = PodIndex()
        self._annotations: dict[str, Mapping[str, str]] = {}
        self._zones: dict[str, str] = {}
        self._controllers: dict[tuple[str, ObjectKey], OwnerReference] = {}
        self._appliers: Mapping[type[Resource], _Apply] = {
            Namespace: self._apply_namespace,
            Node: self._apply_node,
            Service: self.services.apply,
            EndpointSlice: self.slices.apply,
            Pod: self._apply_pod,
            ReplicaSet: partial(self._apply_owner, ReplicaSet.kind),
            Job: partial(self._apply_owner, Job.kind),
        }

    def zone(self, node: str) -> str:
        """The zone of a node, empty when unknown."""
        return self._zones.get(node, "")

    def namespace_annotations(self, namespace: str) -> Mapping[str, str]:
        """The annotations of a namespace, none when it is unknown."""
        return self._annotations.get(namespace, _NO_ANNOTATIONS)

    def controller(self, kind: str, key: ObjectKey) -> OwnerReference | None:
        """Who manages a ReplicaSet or Job: its Deployment or CronJob."""
        return self._controllers.get((kind, key))

    def apply(self, event: Event[Any]) -> frozenset[Key]:
        """Take in one change and say under which keys answers may differ now.

        Applying the same change twice, or a deletion of the unknown, is harmless.
        """
        resource: Resource = event.resource
        apply = self._appliers.get(type(resource))
        return frozenset() if apply is None else frozenset(apply(resource.key, event.new))

    def _apply_pod(self, key: ObjectKey, pod: Pod | None) -> Iterator[Key]:
        touched = tuple(self.pods.apply(key, pod))
        yield from touched
        if touched:
            yield from self._endpoints_with(key)

    def _apply_namespace(self, key: ObjectKey, new: Namespace | None) -> Iterator[Key]:
        name = key.name
        before = self.namespace_annotations(name)
        if new is None:
            self._annotations.pop(name, None)
        else:
            self._annotations[name] = new.metadata.annotations
        if self.namespace_annotations(name) == before:
            return
        for pod in self.pods.in_namespace(name):
            yield from self._pod_touched(pod)
        for service in self.services.in_namespace(name):
            yield from self.services.touched(service)

    def _apply_node(self, key: ObjectKey, node: Node | None) -> Iterator[Key]:
        name = key.name
        before = self.zone(name)
        if node is None:
            self._zones.pop(name, None)
        else:
            self._zones[name] = node.zone
        # A node reports its health every few seconds; only a change of zone matters here.
        if self.zone(name) == before:
            return
        yield node_key(name)
        for pod in self.pods.on_node(name):
            yield from self._pod_touched(pod)

    def _apply_owner(self, kind: str, key: ObjectKey, new: Resource | None) -> Iterator[Key]:
        before = self.controller(kind, key)
        controller = None if new is None else new.metadata.controller
        if controller is None:
            self._controllers.pop((kind, key), None)
        else:
            self._controllers[kind, key] = controller
        if controller == before:
            return
        for pod in self.pods.owned_by(kind, key):
            yield from self._pod_touched(pod)

    def _pod_touched(self, pod: ObjectKey) -> Iterator[Key]:
        yield from self.pods.touched(pod)
        yield from self._endpoints_with(pod)

    def _endpoints_with(self, pod: ObjectKey) -> Iterator[Key]:
        for service in self.slices.services_with(pod):
            yield endpoints_key(*service)
