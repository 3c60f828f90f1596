"""A Service whose ports are opaque."""

from mesh_core import annotations
from mesh_core.ports import PortSet
from mesh_core.resources import Namespace, Service
from mesh_injector.installation import Installation
from mesh_injector.patch.operation import Edits, Operation

_OPAQUE_PORTS = annotations.OPAQUE_PORTS


def patch_service(
    service: Service, namespace: Namespace, installation: Installation
) -> tuple[Operation, ...]:
    """Write the opaque ports on a Service that says nothing of them itself.

    They are its namespace's, else those of its ports that are opaque by default. Raises
    AnnotationError for a value of the namespace that is not allowed.
    """
    if _OPAQUE_PORTS.text(service.metadata.annotations) is not None:
        return ()
    text = _OPAQUE_PORTS.text(namespace.metadata.annotations)
    if text is not None:
        _OPAQUE_PORTS.parse(text, str(namespace))
    else:
        text = str(_opaque_by_default(service, installation.proxy.opaque_ports))
        if not text:
            return ()
    edits = Edits({"metadata": {"annotations": service.metadata.annotations or None}})
    edits.set_entries(("metadata", "annotations"), {_OPAQUE_PORTS.name: text})
    return edits.operations


def _opaque_by_default(service: Service, default: PortSet) -> PortSet:
    """Find the Service's ports that stand for one of the default ones.

    A database behind another port number is a database all the same.
    """
    return PortSet.of(
        port.port
        for port in service.spec.ports
        if port.protocol == "TCP" and (port.port in default or port.target_port in default)
    )
