"""Services by name and by ClusterIP."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from mesh_core.resources import Key as ObjectKey
from mesh_core.resources import Service
from mesh_destination.index.addresses import canonical_ips
from mesh_destination.index.keys import Key, address_key, endpoints_key, service_key
from mesh_destination.index.multimap import Multimap


class ServiceIndex:
    """All Services."""

    def __init__(self) -> None:
        """Begin empty."""
        self._services: dict[ObjectKey, Service] = {}
        self._by_address: Multimap[str, ObjectKey] = Multimap()
        self._by_namespace: Multimap[str, ObjectKey] = Multimap()

    def get(self, namespace: str, name: str) -> Service | None:
        """Find a Service by name."""
        return self._services.get(ObjectKey(namespace, name))

    def at(self, ip: str) -> tuple[Service, ...]:
        """All Services that claim the ClusterIP `ip` (canonical), ordered by name; normally one."""
        return tuple(self._services[key] for key in sorted(self._by_address[ip]))

    def in_namespace(self, namespace: str) -> Iterable[ObjectKey]:
        """The keys of all Services in a namespace."""
        return self._by_namespace[namespace]

    def apply(self, key: ObjectKey, service: Service | None) -> Iterator[Key]:
        """Put a Service in place of what is known under `key`; give the keys that it touches."""
        before = _addresses(self._services.get(key))
        after = _addresses(service)
        self._by_address.move(key, before, after)
        if service is None:
            self._services.pop(key, None)
            self._by_namespace.move(key, [key.namespace], [])
        else:
            self._services[key] = service
            self._by_namespace.move(key, [], [key.namespace])
        yield from service_keys(key)
        yield from map(address_key, {*before, *after})

    def touched(self, key: ObjectKey) -> Iterator[Key]:
        """The keys of all answers that tell of this Service."""
        yield from service_keys(key)
        yield from map(address_key, _addresses(self._services.get(key)))


def service_keys(key: ObjectKey) -> tuple[Key, Key]:
    """A Service and its endpoints, for which its ports and policy matter."""
    return service_key(*key), endpoints_key(*key)


def _addresses(service: Service | None) -> tuple[str, ...]:
    if service is None or service.external:
        return ()
    return canonical_ips(service.cluster_addresses)
