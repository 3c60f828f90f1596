"""EndpointSlices by Service, and Services by the pods behind them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from mesh_core.resources import EndpointSlice
from mesh_core.resources import Key as ObjectKey
from mesh_destination.index.keys import Key, endpoints_key
from mesh_destination.index.multimap import Multimap


class SliceIndex:
    """All EndpointSlices."""

    def __init__(self) -> None:
        """Begin empty."""
        self._slices: dict[ObjectKey, EndpointSlice] = {}
        self._of_service: Multimap[ObjectKey, ObjectKey] = Multimap()
        self._with_pod: Multimap[ObjectKey, ObjectKey] = Multimap()

    def of_service(self, namespace: str, name: str) -> tuple[EndpointSlice, ...]:
        """The slices of a Service, ordered by name so that every reader sees one order."""
        return tuple(
            self._slices[key] for key in sorted(self._of_service[ObjectKey(namespace, name)])
        )

    def services_with(self, pod: ObjectKey) -> set[ObjectKey]:
        """The Services that have `pod` among their endpoints, whether or not it is known yet."""
        return {service for key in self._with_pod[pod] for service in _service(self._slices[key])}

    def apply(self, key: ObjectKey, piece: EndpointSlice | None) -> Iterator[Key]:
        """Put a slice in place of what is known under `key`; give the keys that it touches."""
        before = self._slices.get(key)
        services = (_service(before), _service(piece))
        self._of_service.move(key, *services)
        self._with_pod.move(key, _pods(before), _pods(piece))
        if piece is None:
            self._slices.pop(key, None)
        else:
            self._slices[key] = piece
        for service in {*services[0], *services[1]}:
            yield endpoints_key(*service)


def _service(piece: EndpointSlice | None) -> tuple[ObjectKey, ...]:
    if piece is None or not piece.service_name:
        return ()
    return (ObjectKey(piece.namespace, piece.service_name),)


def _pods(piece: EndpointSlice | None) -> Iterable[ObjectKey]:
    if piece is None:
        return ()
    references = (endpoint.target_ref for endpoint in piece.endpoints)
    return {
        ObjectKey(reference.namespace or piece.namespace, reference.name)
        for reference in references
        if reference is not None and reference.kind == "Pod"
    }
