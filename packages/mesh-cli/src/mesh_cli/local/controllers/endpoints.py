"""EndpointSlices from Services and pods (pure)."""

import ipaddress
from collections.abc import Iterable, Sequence

import msgspec

from mesh_cli.local.controllers.template_hash import suffix
from mesh_cli.local.settings import NODE_NAME
from mesh_core.resources import (
    SERVICE_NAME_LABEL,
    Endpoint,
    EndpointConditions,
    EndpointPort,
    EndpointSlice,
    ObjectMeta,
    ObjectReference,
    OwnerReference,
    Pod,
    Service,
    ServicePort,
)

_MANAGED_BY = "endpointslice.kubernetes.io/managed-by"
_FAMILIES = (("IPv4", 4), ("IPv6", 6))

Ports = tuple[EndpointPort, ...]


def slices_of(service: Service, pods: Iterable[Pod]) -> list[EndpointSlice]:
    """The slices of one Service: one per address family and distinct set of target ports.

    A Service without selector has none of ours; its author writes them.
    """
    if not service.spec.selector or service.external:
        return []
    chosen = [pod for pod in pods if selects(service, pod)]
    families = set(service.spec.ip_families) or {"IPv4"}
    made = []
    for family, version in _FAMILIES:
        if family not in families:
            continue
        groups: dict[Ports, list[Endpoint]] = {_default_ports(service): []}
        for pod in sorted(chosen, key=lambda pod: pod.name):
            addresses = _addresses(pod, version)
            if addresses:
                ports = _ports(service, pod)
                groups.setdefault(ports, []).append(_endpoint(service, pod, addresses))
        made += _slices(service, family, groups)
    return made


def selects(service: Service, pod: Pod) -> bool:
    """Whether the pod stands behind the Service."""
    labels = pod.metadata.labels
    return (
        pod.namespace == service.namespace
        and not pod.terminated
        and all(labels.get(key) == value for key, value in service.spec.selector.items())
    )


def target_port(port: ServicePort, pod: Pod) -> int | None:
    """The number of the pod's port behind a Service port; None if a named one is missing."""
    target = port.target_port if port.target_port not in (None, "", 0) else port.port
    if isinstance(target, int):
        return target
    if target is not None and target.isdecimal():
        return int(target)
    for container in pod.spec.all_containers():
        for declared in container.ports:
            if declared.name == target and declared.protocol == port.protocol:
                return declared.container_port
    return None


def _addresses(pod: Pod, version: int) -> tuple[str, ...]:
    return tuple(ip for ip in pod.status.addresses if ipaddress.ip_address(ip).version == version)


def _default_ports(service: Service) -> Ports:
    """Ports of a slice without endpoints: none, since named ones cannot be known."""
    numbers: list[EndpointPort] = []
    for port in service.spec.ports:
        if isinstance(port.target_port, str) and not port.target_port.isdecimal():
            return ()
        target = int(port.target_port) if port.target_port else port.port
        numbers.append(_port(port, target))
    return tuple(numbers)


def _ports(service: Service, pod: Pod) -> Ports:
    found = ((port, target_port(port, pod)) for port in service.spec.ports)
    return tuple(_port(port, number) for port, number in found if number is not None)


def _port(port: ServicePort, number: int) -> EndpointPort:
    return EndpointPort(
        port=number, name=port.name, protocol=port.protocol, app_protocol=port.app_protocol
    )


def _endpoint(service: Service, pod: Pod, addresses: Sequence[str]) -> Endpoint:
    terminating = pod.metadata.deletion_timestamp is not None
    serving = pod.ready
    ready = service.spec.publish_not_ready_addresses or (serving and not terminating)
    named = pod.spec.hostname and pod.spec.subdomain == service.name
    return Endpoint(
        addresses=tuple(addresses),
        conditions=EndpointConditions(ready=ready, serving=serving, terminating=terminating),
        hostname=pod.spec.hostname if named else "",
        node_name=pod.spec.node_name or NODE_NAME,
        target_ref=ObjectReference(
            kind="Pod", namespace=pod.namespace, name=pod.name, uid=pod.metadata.uid
        ),
    )


def _slices(
    service: Service, family: str, groups: dict[Ports, list[Endpoint]]
) -> list[EndpointSlice]:
    filled = {ports: endpoints for ports, endpoints in groups.items() if endpoints} or groups
    return [
        EndpointSlice(
            metadata=_metadata(service, family, ports),
            address_type=family,
            endpoints=tuple(endpoints),
            ports=ports,
        )
        for ports, endpoints in filled.items()
    ]


def _metadata(service: Service, family: str, ports: Ports) -> ObjectMeta:
    # The name follows from the ports, so that a slice is updated, not replaced.
    data = f"{service.name}/{family}/".encode() + msgspec.json.encode(ports)
    labels = {SERVICE_NAME_LABEL: service.name, _MANAGED_BY: "mesh-local"}
    if service.headless:
        labels["service.kubernetes.io/headless"] = ""
    owner = OwnerReference(
        api_version="v1",
        kind="Service",
        name=service.name,
        uid=service.metadata.uid,
        controller=True,
    )
    return ObjectMeta(
        name=f"{service.name}-{suffix(data, 5)}",
        namespace=service.namespace,
        labels={**service.metadata.labels, **labels},
        owner_references=(owner,),
    )
