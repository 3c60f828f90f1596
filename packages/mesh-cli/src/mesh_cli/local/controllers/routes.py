"""Service ports and their ready endpoints, as the service table wants them (pure)."""

import ipaddress
from collections.abc import Iterable

from mesh_cli.local.service_table import Route, Target
from mesh_core.resources import EndpointSlice, Service


def routes_of(services: Iterable[Service], slices: Iterable[EndpointSlice]) -> list[Route]:
    """One route per ClusterIP and port, in a stable order."""
    by_service: dict[tuple[str, str], list[EndpointSlice]] = {}
    for item in slices:
        by_service.setdefault((item.namespace, item.service_name), []).append(item)
    routes = []
    for service in sorted(services, key=lambda service: service.key):
        own = by_service.get((service.namespace, service.name), [])
        for text in service.cluster_addresses:
            address = ipaddress.ip_address(text)
            family = f"IPv{address.version}"
            for port in service.spec.ports:
                targets = _targets(own, family, port.name, port.protocol)
                routes.append(Route(address, port.protocol, port.port, targets))
    return routes


def _targets(
    slices: Iterable[EndpointSlice], family: str, name: str, protocol: str
) -> tuple[Target, ...]:
    found = {
        Target(ipaddress.ip_address(address), port.port)
        for item in slices
        if item.address_type == family
        for port in item.ports
        if port.name == name and port.protocol == protocol and port.port is not None
        for endpoint in item.endpoints
        if endpoint.ready
        for address in endpoint.addresses
    }
    return tuple(sorted(found, key=lambda target: (int(target.address), target.port)))
