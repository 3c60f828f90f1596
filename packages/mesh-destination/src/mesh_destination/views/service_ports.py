"""A Service's ports and the protocols that they carry."""

from __future__ import annotations

from enum import Enum, auto

from mesh_core.annotations import OPAQUE_PORTS, AnnotationError
from mesh_core.ports import PortSet
from mesh_core.resources import Service, ServicePort
from mesh_destination.index import Index
from mesh_destination.views.settings import Settings


class Protocol(Enum):
    """What a client's proxy does with the bytes."""

    DETECT = auto()
    HTTP1 = auto()
    HTTP2 = auto()
    OPAQUE = auto()


_APP_PROTOCOLS = {"http": Protocol.HTTP1, "kubernetes.io/h2c": Protocol.HTTP2}


def find_port(service: Service, port: int) -> ServicePort | None:
    """The declaration of a TCP port, None when the Service has no such port."""
    return next((p for p in service.spec.ports if p.port == port and p.protocol == "TCP"), None)


def port_protocol(index: Index, settings: Settings, service: Service, port: int) -> Protocol:
    """The protocol of a port, declared or not.

    `appProtocol` wins over the annotation, because it says more; a value that the mesh does not
    know means that the port's bytes are none of its business.
    """
    declared = find_port(service, port)
    if declared is not None and declared.app_protocol:
        return _APP_PROTOCOLS.get(declared.app_protocol, Protocol.OPAQUE)
    annotated = _annotated(index, service)
    if annotated is not None:
        opaque = port in annotated
    else:
        opaque = _opaque_by_default(settings, declared, port)
    return Protocol.OPAQUE if opaque else Protocol.DETECT


def _annotated(index: Index, service: Service) -> PortSet | None:
    """Opaque ports as the Service, else its namespace, declares them; None when neither does."""
    text = OPAQUE_PORTS.text(service.metadata.annotations)
    if text is None:
        text = OPAQUE_PORTS.text(index.namespace_annotations(service.namespace))
    if text is None:
        return None
    try:
        declared = OPAQUE_PORTS.parse(text, str(service))
    except AnnotationError:
        return None
    return declared.resolve({port.name: port.port for port in service.spec.ports if port.name})


def _opaque_by_default(settings: Settings, declared: ServicePort | None, port: int) -> bool:
    # A database behind another port number is a database all the same.
    target = None if declared is None else declared.target_port
    return port in settings.default_opaque_ports or (
        isinstance(target, int) and target in settings.default_opaque_ports
    )
