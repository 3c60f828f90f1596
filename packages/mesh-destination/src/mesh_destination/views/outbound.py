"""How a client's proxy carries traffic to an address or a Service: `OutboundPolicies`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from mesh_core.resources import Service
from mesh_destination.index import Index, Key, address_key, service_key
from mesh_destination.views.address_owner import address_owner
from mesh_destination.views.answer import Whole
from mesh_destination.views.outbound_routes import (
    default_routes,
    forbidden_route,
    forward_backend,
    service_backend,
)
from mesh_destination.views.refusals import UnknownTarget
from mesh_destination.views.service_ports import Protocol, find_port, port_protocol
from mesh_destination.views.settings import Settings
from mesh_destination.views.wire import default_reference, resource_reference
from mesh_proto.pb import outbound_pb2 as pb

EGRESS_FALLBACK = "egress-fallback"
UNDEFINED_PORT = "undefined-port"


@dataclass(frozen=True, slots=True)
class OutboundToAddress:
    """The policy for connections to `ip` (canonical) and `port`."""

    view: ClassVar[str] = "outbound"

    ip: str
    port: int

    @property
    def keys(self) -> frozenset[Key]:
        """Whoever has the address."""
        return frozenset({address_key(self.ip)})

    def answer(self, index: Index, settings: Settings) -> Whole:
        """A Service's policy, or for strangers outside the cluster a plain way through.

        Raises UnknownTarget for pods and for strangers inside: their profile says it all.
        """
        match address_owner(index, self.ip):
            case Service() as service:
                return Whole.of(_service_policy(index, settings, service, self.port))
            case None if not settings.in_cluster(self.ip):
                return Whole.of(_egress_policy(settings, self.ip, self.port))
            case _:
                raise UnknownTarget(f"no Service has the address {self.ip}")


@dataclass(frozen=True, slots=True)
class OutboundToService:
    """The policy for connections to a Service by its name."""

    view: ClassVar[str] = "outbound"

    namespace: str
    service: str
    port: int

    @property
    def keys(self) -> frozenset[Key]:
        """The Service."""
        return frozenset({service_key(self.namespace, self.service)})

    def answer(self, index: Index, settings: Settings) -> Whole:
        """The Service's policy; raises UnknownTarget when there is no such Service."""
        service = index.services.get(self.namespace, self.service)
        if service is None or service.external:
            raise UnknownTarget(f"there is no Service {self.namespace}/{self.service}")
        return Whole.of(_service_policy(index, settings, service, self.port))


def _service_policy(
    index: Index, settings: Settings, service: Service, port: int
) -> pb.OutboundPolicy:
    reference = resource_reference(service, port)
    if find_port(service, port) is None:
        routes = [forbidden_route(UNDEFINED_PORT)]
        opaque = pb.ProxyProtocol(opaque=pb.ProxyProtocol.Opaque(routes=routes))
        return pb.OutboundPolicy(metadata=reference, protocol=opaque)
    backend = service_backend(reference, f"{settings.service_name(service)}:{port}")
    protocol = port_protocol(index, settings, service, port)
    return pb.OutboundPolicy(metadata=reference, protocol=default_routes(protocol, backend))


def _egress_policy(settings: Settings, ip: str, port: int) -> pb.OutboundPolicy:
    reference = default_reference(EGRESS_FALLBACK)
    opaque = port in settings.default_opaque_ports
    return pb.OutboundPolicy(
        metadata=reference,
        protocol=default_routes(
            Protocol.OPAQUE if opaque else Protocol.DETECT,
            forward_backend(reference, ip, port),
            name=EGRESS_FALLBACK,
        ),
    )
