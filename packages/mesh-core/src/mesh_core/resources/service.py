"""Services: a name and an address for a set of pods."""

from collections.abc import Mapping
from typing import ClassVar

import msgspec

from mesh_core.resources.metadata import Condition
from mesh_core.resources.part import Part
from mesh_core.resources.port_number import OptionalPortNumber, PortNumber
from mesh_core.resources.resource import Resource


class ServicePort(Part, frozen=True):
    """A port of the Service; without `target_port`, or with 0, the pods listen on the same one."""

    port: PortNumber
    name: str = ""
    target_port: OptionalPortNumber | str | None = None
    protocol: str = "TCP"
    app_protocol: str = ""
    node_port: int = 0


class ClientIPConfig(Part, frozen=True):
    """How long a client keeps its pod."""

    timeout_seconds: int = 10800


class SessionAffinityConfig(Part, frozen=True):
    """Settings of the session affinity."""

    client_ip: ClientIPConfig | None = msgspec.field(default=None, name="clientIP")


class ServiceSpec(Part, frozen=True):
    """What a Service selects and how it is reached."""

    ports: tuple[ServicePort, ...] = ()
    selector: Mapping[str, str] = {}
    type: str = "ClusterIP"
    cluster_ip: str = msgspec.field(default="", name="clusterIP")
    cluster_ips: tuple[str, ...] = msgspec.field(default=(), name="clusterIPs")
    external_ips: tuple[str, ...] = msgspec.field(default=(), name="externalIPs")
    external_name: str = ""
    ip_families: tuple[str, ...] = ()
    ip_family_policy: str = ""
    internal_traffic_policy: str = "Cluster"
    external_traffic_policy: str = ""
    publish_not_ready_addresses: bool = False
    session_affinity: str = "None"
    session_affinity_config: SessionAffinityConfig | None = None
    traffic_distribution: str = ""


class ServiceStatus(Part, frozen=True):
    """The state of a Service."""

    conditions: tuple[Condition, ...] = ()


class Service(Resource, frozen=True):
    """A stable name, and unless headless a stable address, for a set of pods."""

    api_version: ClassVar[str] = "v1"
    kind: ClassVar[str] = "Service"
    plural: ClassVar[str] = "services"
    named_by_label: ClassVar[bool] = True

    spec: ServiceSpec = ServiceSpec()
    status: ServiceStatus = ServiceStatus()

    @property
    def headless(self) -> bool:
        """True when its name resolves to the pods' own addresses."""
        return self.spec.cluster_ip == "None"

    @property
    def external(self) -> bool:
        """True for ExternalName: an alias of a name outside."""
        return self.spec.type == "ExternalName"

    @property
    def cluster_addresses(self) -> tuple[str, ...]:
        """All ClusterIPs, the primary first, each once; empty when headless or external."""
        listed = (self.spec.cluster_ip, *self.spec.cluster_ips)
        return tuple(dict.fromkeys(ip for ip in listed if ip not in {"", "None"}))
