"""What the cluster's names resolve to, from Services, slices and pods (pure).

The records of Kubernetes' DNS specification: Services, headless names, pods with host
names, named ports (SRV) and the reverse zones.
"""

import ipaddress
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from mesh_cli.local.settings import CLUSTER_DOMAIN
from mesh_core.resources import Endpoint, EndpointSlice, Pod, Service

A, AAAA, CNAME, PTR, SRV = "A", "AAAA", "CNAME", "PTR", "SRV"


@dataclass(frozen=True, slots=True, order=True)
class Record:
    """One record's type and its value in zone file form."""

    kind: str
    value: str


@dataclass(frozen=True, slots=True)
class Zone:
    """All names of the cluster."""

    names: dict[str, frozenset[Record]] = field(default_factory=dict)

    def lookup(self, name: str, kind: str) -> list[Record] | None:
        """Records of a fully qualified name without its last dot, in lower case.

        None: there is no such name. An empty list: there is, but without that type.
        """
        found = self.names.get(name)
        if found is None:
            return None
        alias = [record for record in found if record.kind == CNAME]
        return alias or sorted(record for record in found if record.kind == kind)

    def covers(self, name: str) -> bool:
        """Whether the cluster answers for a name, be it to say that it does not exist."""
        domains = (CLUSTER_DOMAIN, "in-addr.arpa", "ip6.arpa")
        return any(name == domain or name.endswith(f".{domain}") for domain in domains)


def build(
    services: Iterable[Service], slices: Iterable[EndpointSlice], pods: Iterable[Pod]
) -> Zone:
    """Make the zone anew; a few hundred names take about a millisecond."""
    names: dict[str, set[Record]] = defaultdict(set)
    by_service: dict[tuple[str, str], list[EndpointSlice]] = defaultdict(list)
    for item in slices:
        by_service[item.namespace, item.service_name].append(item)
    for service in services:
        for name, record in _service(service, by_service[service.namespace, service.name]):
            names[name].add(record)
    for pod in pods:
        for address in pod.status.addresses:
            names[f"{_dashed(address)}.{pod.namespace}.pod.{CLUSTER_DOMAIN}"].add(_address(address))
    # Names above existing ones exist, without records (RFC 8020: not NXDOMAIN).
    for name in list(names):
        parts = name.split(".")
        for start in range(1, len(parts) - 1):
            names.setdefault(".".join(parts[start:]), set())
    return Zone({name: frozenset(records) for name, records in names.items()})


def _service(service: Service, slices: Iterable[EndpointSlice]) -> Iterator[tuple[str, Record]]:
    name = f"{service.name}.{service.namespace}.svc.{CLUSTER_DOMAIN}"
    if service.external:
        yield name, Record(CNAME, f"{service.spec.external_name.rstrip('.')}.")
        return
    for address in service.cluster_addresses:
        yield name, _address(address)
        yield reverse_name(address), Record(PTR, f"{name}.")
    if not service.headless:
        for port in service.spec.ports:
            yield from _ports(name, port.name, port.protocol, port.port, name)
        return
    for item in slices:
        for endpoint in item.endpoints:
            if endpoint.ready:
                yield from _endpoint(name, item, endpoint)


def _endpoint(name: str, item: EndpointSlice, endpoint: Endpoint) -> Iterator[tuple[str, Record]]:
    for address in endpoint.addresses:
        host = f"{endpoint.hostname or _dashed(address)}.{name}"
        yield name, _address(address)
        yield host, _address(address)
        yield reverse_name(address), Record(PTR, f"{host}.")
        for port in item.ports:
            if port.port is not None:
                yield from _ports(name, port.name, port.protocol, port.port, host)


def _ports(
    name: str, port: str, protocol: str, number: int, host: str
) -> Iterator[tuple[str, Record]]:
    record = Record(SRV, f"0 100 {number} {host}.")
    yield name, record
    if port:
        yield f"_{port}._{protocol.lower()}.{name}", record


def _address(address: str) -> Record:
    return Record(AAAA if ":" in address else A, address)


def _dashed(address: str) -> str:
    return address.replace(".", "-").replace(":", "-")


def reverse_name(address: str) -> str:
    """The name under which an address is looked up backwards."""
    return ipaddress.ip_address(address).reverse_pointer
