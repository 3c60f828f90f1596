"""EndpointSlices: who stands behind a Service."""

from collections.abc import Mapping
from typing import ClassVar

from mesh_core.resources.metadata import ObjectReference
from mesh_core.resources.part import Part
from mesh_core.resources.port_number import PortNumber
from mesh_core.resources.resource import Resource

SERVICE_NAME_LABEL = "kubernetes.io/service-name"
"""The label that names the Service of a slice."""


class EndpointConditions(Part, frozen=True):
    """State of an endpoint; None means unknown, which readers take as ready."""

    ready: bool | None = None
    serving: bool | None = None
    terminating: bool | None = None


class ForZone(Part, frozen=True):
    """A zone that an endpoint should serve."""

    name: str


class ForNode(Part, frozen=True):
    """A node that an endpoint should serve."""

    name: str


class EndpointHints(Part, frozen=True):
    """Where the traffic for an endpoint should come from."""

    for_zones: tuple[ForZone, ...] = ()
    for_nodes: tuple[ForNode, ...] = ()


class Endpoint(Part, frozen=True):
    """One pod behind a Service; all addresses are equal ways to the same pod."""

    addresses: tuple[str, ...] = ()
    conditions: EndpointConditions = EndpointConditions()
    hints: EndpointHints | None = None
    hostname: str = ""
    node_name: str = ""
    zone: str = ""
    target_ref: ObjectReference | None = None
    deprecated_topology: Mapping[str, str] = {}

    @property
    def ready(self) -> bool:
        """True unless it is said not to be ready."""
        return self.conditions.ready is not False


class EndpointPort(Part, frozen=True):
    """A port that all endpoints of the slice listen on; `name` is the Service port's name."""

    port: PortNumber | None = None
    name: str = ""
    protocol: str = "TCP"
    app_protocol: str = ""


class EndpointSlice(Resource, frozen=True):
    """A part of a Service's endpoints, of one address type (IPv4, IPv6 or FQDN)."""

    api_version: ClassVar[str] = "discovery.k8s.io/v1"
    kind: ClassVar[str] = "EndpointSlice"
    plural: ClassVar[str] = "endpointslices"

    address_type: str = ""
    endpoints: tuple[Endpoint, ...] = ()
    ports: tuple[EndpointPort, ...] = ()

    @property
    def service_name(self) -> str:
        """The Service that the slice belongs to, empty when the label is missing."""
        return self.metadata.labels.get(SERVICE_NAME_LABEL, "")
