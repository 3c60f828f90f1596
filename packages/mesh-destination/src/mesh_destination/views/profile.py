"""The profile of an address or a name: `Destination.GetProfile`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

from mesh_core.resources import Key as ObjectKey
from mesh_core.resources import Pod, Service
from mesh_destination.index import (
    Index,
    Key,
    address_key,
    canonical_ip,
    endpoints_key,
    node_key,
    service_key,
)
from mesh_destination.views import pod_facts
from mesh_destination.views.address_owner import address_owner
from mesh_destination.views.answer import Whole
from mesh_destination.views.endpoint_set import SocketAddress
from mesh_destination.views.endpoints import pod_by_hostname
from mesh_destination.views.service_ports import Protocol, port_protocol
from mesh_destination.views.settings import Settings
from mesh_destination.views.weighted_address import pod_address
from mesh_destination.views.wire import duration, resource_reference
from mesh_proto.pb import destination_pb2 as pb

_RETRY_BUDGET = pb.RetryBudget(
    retry_ratio=0.2, min_retries_per_second=10, ttl=duration(timedelta(seconds=10))
)


@dataclass(frozen=True, slots=True)
class ProfileOfAddress:
    """What is known about `ip` (canonical) and `port`, for a client on `node`."""

    view: ClassVar[str] = "profile"

    ip: str
    port: int
    node: str = ""

    @property
    def keys(self) -> frozenset[Key]:
        """The address, and the client's own zone."""
        keys = {address_key(self.ip)}
        return frozenset(keys | {node_key(self.node)} if self.node else keys)

    def answer(self, index: Index, settings: Settings) -> Whole:
        """A Service's profile, a pod's with its endpoint, or the default one."""
        match address_owner(index, self.ip):
            case Service() as service:
                profile = _service_profile(index, settings, service, self.port)
            case Pod() as pod:
                address = SocketAddress(self.ip, self.port)
                profile = _pod_profile(index, settings, pod, address, self.node)
            case _:
                profile = _default_profile(settings, self.port)
        return Whole.of(profile)


@dataclass(frozen=True, slots=True)
class ProfileOfName:
    """What is known about a Service's name, or a pod's below it, and `port`."""

    view: ClassVar[str] = "profile"

    namespace: str
    service: str
    port: int
    hostname: str = ""
    node: str = ""

    @property
    def keys(self) -> frozenset[Key]:
        """The Service and its endpoints, and the client's own zone."""
        keys = {
            service_key(self.namespace, self.service),
            endpoints_key(self.namespace, self.service),
        }
        return frozenset(keys | {node_key(self.node)} if self.node else keys)

    def answer(self, index: Index, settings: Settings) -> Whole:
        """A Service's profile, a pod's with its endpoint, or the default one."""
        return Whole.of(
            self._pod(index, settings) if self.hostname else self._named(index, settings)
        )

    def _named(self, index: Index, settings: Settings) -> pb.DestinationProfile:
        service = index.services.get(self.namespace, self.service)
        if service is None or service.external:
            return _default_profile(settings, self.port)
        return _service_profile(index, settings, service, self.port)

    def _pod(self, index: Index, settings: Settings) -> pb.DestinationProfile:
        pod = pod_by_hostname(index, ObjectKey(self.namespace, self.service), self.hostname)
        ip = None if pod is None else _usable_address(settings, pod)
        if pod is None or ip is None:
            return _default_profile(settings, self.port)
        return _pod_profile(index, settings, pod, SocketAddress(ip, self.port), self.node)


def _service_profile(
    index: Index, settings: Settings, service: Service, port: int
) -> pb.DestinationProfile:
    return pb.DestinationProfile(
        fully_qualified_name=settings.service_name(service),
        # Derived as the policy derives it: a proxy lets this one win.
        opaque_protocol=port_protocol(index, settings, service, port) is Protocol.OPAQUE,
        retry_budget=_RETRY_BUDGET,
        parent_ref=resource_reference(service, port),
    )


def _pod_profile(
    index: Index, settings: Settings, pod: Pod, address: SocketAddress, node: str
) -> pb.DestinationProfile:
    zone, client_zone = index.zone(pod.spec.node_name), index.zone(node)
    return pb.DestinationProfile(
        opaque_protocol=address.port in pod_facts.opaque_ports(index, settings, pod),
        retry_budget=_RETRY_BUDGET,
        endpoint=pod_address(index, settings, pod, address, zone=zone, client_zone=client_zone),
    )


def _default_profile(settings: Settings, port: int) -> pb.DestinationProfile:
    return pb.DestinationProfile(
        opaque_protocol=port in settings.default_opaque_ports, retry_budget=_RETRY_BUDGET
    )


def _usable_address(settings: Settings, pod: Pod) -> str | None:
    """The first address of a running pod in a family that is in use."""
    if pod.terminated:
        return None
    addresses = [ip for ip in map(canonical_ip, pod.status.addresses) if ip is not None]
    return next((ip for ip in addresses if settings.ipv6 or ":" not in ip), None)
