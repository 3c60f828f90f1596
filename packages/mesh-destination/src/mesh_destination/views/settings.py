"""What the operator decided; the same for every answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import ip_address

from mesh_core.annotations import InboundPolicy
from mesh_core.names import (
    DEFAULT_CLUSTER_DOMAIN,
    DEFAULT_CONTROL_PLANE_NAMESPACE,
    ServiceName,
)
from mesh_core.networks import CLUSTER_NETWORKS, EVERYWHERE, Network
from mesh_core.ports import PortSet
from mesh_core.resources import Service
from mesh_proto.vocabulary import ports


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of this control plane."""

    controller_namespace: str = DEFAULT_CONTROL_PLANE_NAMESPACE
    trust_domain: str = DEFAULT_CLUSTER_DOMAIN
    cluster_domain: str = DEFAULT_CLUSTER_DOMAIN
    default_policy: InboundPolicy = InboundPolicy.ALL_UNAUTHENTICATED
    cluster_networks: tuple[Network, ...] = CLUSTER_NETWORKS
    """Where pods and Services live; whatever lies outside is egress."""
    probe_networks: tuple[Network, ...] = EVERYWHERE
    """Where health checks come from."""
    default_opaque_ports: PortSet = field(default=PortSet.of(ports.DEFAULT_OPAQUE))
    h2_upgrade: bool = True
    """Let meshed peers carry HTTP/1 over HTTP/2."""
    ipv6: bool = False
    """Use, and prefer, the IPv6 addresses of endpoints."""

    def service_name(self, service: Service) -> str:
        """The fully qualified name of a Service."""
        return str(ServiceName(service.name, service.namespace, self.cluster_domain))

    def in_cluster(self, ip: str) -> bool:
        """Say whether an address lies in the cluster's networks."""
        address = ip_address(ip)
        return any(address in network for network in self.cluster_networks)
