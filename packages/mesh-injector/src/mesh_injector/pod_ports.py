"""The ports that a pod says it listens on."""

from collections.abc import Iterator

from mesh_core.ports import PortSet
from mesh_core.resources import ContainerPort, Pod


def tcp_ports(pod: Pod) -> PortSet:
    """All TCP ports that the pod's containers declare."""
    return PortSet.of(port.container_port for port in _tcp(pod))


def named_tcp_ports(pod: Pod) -> dict[str, int]:
    """The named ones, by name; the first of a name wins."""
    return {port.name: port.container_port for port in reversed(list(_tcp(pod))) if port.name}


def _tcp(pod: Pod) -> Iterator[ContainerPort]:
    for container in pod.spec.all_containers():
        yield from (port for port in container.ports if port.protocol == "TCP")
