"""Pods by name, address, namespace, node and owner."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from mesh_core.resources import Key as ObjectKey
from mesh_core.resources import Pod
from mesh_destination.index.addresses import canonical_ips
from mesh_destination.index.keys import Key, address_key, pod_key
from mesh_destination.index.multimap import Multimap

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


class PodIndex:
    """All pods."""

    def __init__(self) -> None:
        """Begin empty."""
        self._pods: dict[ObjectKey, Pod] = {}
        self._by_address: Multimap[str, ObjectKey] = Multimap()
        self._by_namespace: Multimap[str, ObjectKey] = Multimap()
        self._by_node: Multimap[str, ObjectKey] = Multimap()
        self._by_owner: Multimap[tuple[str, ObjectKey], ObjectKey] = Multimap()

    def get(self, namespace: str, name: str) -> Pod | None:
        """Find a pod by name."""
        return self._pods.get(ObjectKey(namespace, name))

    def at(self, ip: str) -> Pod | None:
        """The pod that has `ip` (canonical) for itself; the newest while an address changes hands.

        Pods on the host's network share their address with the host and are nobody's answer.
        """
        candidates = (self._pods[key] for key in self._by_address[ip])
        return max(candidates, key=_age_order, default=None)

    def in_namespace(self, namespace: str) -> Iterable[ObjectKey]:
        """The keys of all pods in a namespace."""
        return self._by_namespace[namespace]

    def on_node(self, node: str) -> Iterable[ObjectKey]:
        """The keys of all pods of a node."""
        return self._by_node[node]

    def owned_by(self, kind: str, owner: ObjectKey) -> Iterable[ObjectKey]:
        """The keys of all pods that one controller manages."""
        return self._by_owner[kind, owner]

    def apply(self, key: ObjectKey, pod: Pod | None) -> Iterator[Key]:
        """Put a pod in place of what is known under `key`; give the keys that it touches."""
        before = self._pods.get(key)
        self._by_address.move(key, _addresses(before), _addresses(pod))
        self._by_namespace.move(key, _namespaces(before), _namespaces(pod))
        self._by_node.move(key, _nodes(before), _nodes(pod))
        self._by_owner.move(key, _owners(before), _owners(pod))
        if pod is None:
            self._pods.pop(key, None)
        else:
            self._pods[key] = pod
        # Most changes are progress of its containers, which no answer tells of.
        if _facts(before) != _facts(pod):
            yield pod_key(*key)
            yield from map(address_key, {*_addresses(before), *_addresses(pod)})

    def touched(self, key: ObjectKey) -> Iterator[Key]:
        """The keys of all answers that tell of this pod itself."""
        yield pod_key(*key)
        yield from map(address_key, _addresses(self._pods.get(key)))


def _age_order(pod: Pod) -> tuple[datetime, ObjectKey]:
    return pod.metadata.creation_timestamp or _LONG_AGO, pod.key


def _facts(pod: Pod | None) -> tuple[object, ...]:
    """All of a pod that an answer may depend on."""
    if pod is None:
        return ()
    meta, status = pod.metadata, pod.status
    owners = (meta.labels, meta.annotations, meta.owner_references, meta.creation_timestamp)
    return (*owners, pod.spec, status.addresses, pod.terminated)


def _addresses(pod: Pod | None) -> tuple[str, ...]:
    if pod is None or pod.terminated or pod.spec.host_network:
        return ()
    return canonical_ips(pod.status.addresses)


def _namespaces(pod: Pod | None) -> tuple[str, ...]:
    return () if pod is None else (pod.namespace,)


def _nodes(pod: Pod | None) -> tuple[str, ...]:
    return () if pod is None or not pod.spec.node_name else (pod.spec.node_name,)


def _owners(pod: Pod | None) -> tuple[tuple[str, ObjectKey], ...]:
    owner = None if pod is None else pod.metadata.controller
    if pod is None or owner is None:
        return ()
    return ((owner.kind, ObjectKey(pod.namespace, owner.name)),)
