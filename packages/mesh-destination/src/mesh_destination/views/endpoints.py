"""The endpoints of a Service port: `Destination.Get`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import ClassVar

from mesh_core.resources import Endpoint, EndpointSlice, Pod, Service
from mesh_core.resources import Key as ObjectKey
from mesh_destination.index import Index, Key, canonical_ip, endpoints_key, node_key
from mesh_destination.views.endpoint_set import EndpointSet, SocketAddress
from mesh_destination.views.service_ports import find_port
from mesh_destination.views.settings import Settings
from mesh_destination.views.weighted_address import plain_address, pod_address
from mesh_proto.pb import destination_pb2 as pb


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Who stands behind a port of a Service, for a client on `node` (empty: unknown).

    With `hostname`, only the pod of that name behind a headless Service.
    """

    view: ClassVar[str] = "endpoints"

    namespace: str
    service: str
    port: int
    hostname: str = ""
    node: str = ""

    @property
    def keys(self) -> frozenset[Key]:
        """The Service's endpoints, and the client's own zone."""
        keys = {endpoints_key(self.namespace, self.service)}
        return frozenset(keys | {node_key(self.node)} if self.node else keys)

    def answer(self, index: Index, settings: Settings) -> EndpointSet:
        """Compute the set; a Service that is gone has none and does not exist."""
        service = index.services.get(self.namespace, self.service)
        if service is None or service.external:
            return EndpointSet(exists=False)
        labels = {"service": service.name, "namespace": service.namespace}
        candidates = [
            candidate
            for candidate in _candidates(index, settings, service, self.port)
            if not self.hostname or candidate.endpoint.hostname == self.hostname
        ]
        zone = index.zone(self.node)
        chosen = _near(_of_one_family(candidates), service, self.node, zone)
        return EndpointSet(
            exists=True,
            labels=labels,
            endpoints={c.address: c.weighted(index, settings, zone) for c in chosen},
        )


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A ready endpoint at one of its addresses."""

    endpoint: Endpoint
    address: SocketAddress
    pod: Pod | None
    ipv6: bool

    def weighted(self, index: Index, settings: Settings, client_zone: str) -> pb.WeightedAddr:
        zone = self.endpoint.zone
        if self.pod is None:
            return plain_address(self.address, zone=zone, client_zone=client_zone)
        # The pod's node and no other: a change of its zone is a change for the pod's answers.
        zone = zone or index.zone(self.pod.spec.node_name)
        return pod_address(
            index, settings, self.pod, self.address, zone=zone, client_zone=client_zone
        )


def _candidates(
    index: Index, settings: Settings, service: Service, port: int
) -> Iterator[_Candidate]:
    declared = find_port(service, port)
    if declared is None:
        return
    for piece in index.slices.of_service(service.namespace, service.name):
        target = _target_port(piece, declared.name)
        ipv6 = piece.address_type == "IPv6"
        if target is None or piece.address_type == "FQDN" or (ipv6 and not settings.ipv6):
            continue
        for endpoint in piece.endpoints:
            yield from _at(index, piece, endpoint, target, ipv6=ipv6)


def _target_port(piece: EndpointSlice, name: str) -> int | None:
    """The port that the pods of a slice listen on for the Service port `name`."""
    # A named target port may be another number in other pods; those stand in slices of their own.
    found = (p.port for p in piece.ports if p.name == name and p.protocol == "TCP")
    return next((port for port in found if port), None)


def _at(
    index: Index, piece: EndpointSlice, endpoint: Endpoint, port: int, *, ipv6: bool
) -> Iterator[_Candidate]:
    if not endpoint.ready:
        return
    reference = endpoint.target_ref
    pod = None
    if reference is not None and reference.kind == "Pod":
        pod = index.pods.get(reference.namespace or piece.namespace, reference.name)
        if pod is None:
            # Not known yet: without the pod nobody can say whether it must be reached by TLS.
            return
    for text in endpoint.addresses:
        ip = canonical_ip(text)
        if ip is not None and (":" in ip) == ipv6:
            yield _Candidate(endpoint, SocketAddress(ip, port), pod, ipv6)


def _of_one_family(candidates: Iterable[_Candidate]) -> list[_Candidate]:
    """Leave out the IPv4 address of a pod that is there with IPv6 too: it is one endpoint."""
    every = list(candidates)
    with_ipv6 = {c.pod.key for c in every if c.ipv6 and c.pod is not None}
    return [c for c in every if c.ipv6 or c.pod is None or c.pod.key not in with_ipv6]


def _near(candidates: list[_Candidate], service: Service, node: str, zone: str) -> list[_Candidate]:
    """Keep to the client's node where the Service demands it, else to the zone that all hint."""
    if service.spec.internal_traffic_policy == "Local":
        return [c for c in candidates if node and c.endpoint.node_name == node]
    hinted = [c for c in candidates if zone in _hinted_zones(c.endpoint)]
    if hinted and all(_hinted_zones(c.endpoint) for c in candidates):
        return hinted
    return candidates


def _hinted_zones(endpoint: Endpoint) -> tuple[str, ...]:
    return () if endpoint.hints is None else tuple(z.name for z in endpoint.hints.for_zones)


def pod_by_hostname(index: Index, service: ObjectKey, hostname: str) -> Pod | None:
    """The pod that a headless Service names `hostname`, ready or not."""
    for piece in index.slices.of_service(*service):
        for endpoint in piece.endpoints:
            reference = endpoint.target_ref
            if endpoint.hostname == hostname and reference is not None and reference.kind == "Pod":
                pod = index.pods.get(reference.namespace or piece.namespace, reference.name)
                if pod is not None:
                    return pod
    return None
