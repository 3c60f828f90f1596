"""One endpoint as a proxy sees it: address, identity, protocol hint, metric labels."""

from __future__ import annotations

from datetime import timedelta

from mesh_core.names import CONTROL_PLANE_LABEL
from mesh_core.resources import Pod
from mesh_destination.index import Index
from mesh_destination.views import pod_facts
from mesh_destination.views.endpoint_set import SocketAddress
from mesh_destination.views.owner import owner_label
from mesh_destination.views.settings import Settings
from mesh_destination.views.wire import duration, resource_reference, tcp_address
from mesh_proto.pb import destination_pb2 as pb

WEIGHT = 10_000
_TEMPLATE_HASH_LABEL = "pod-template-hash"
_KEEP_ALIVE = pb.Http2ClientParams.KeepAlive(
    interval=duration(timedelta(seconds=10)),
    timeout=duration(timedelta(seconds=3)),
    while_idle=True,
)


def pod_address(
    index: Index,
    settings: Settings,
    pod: Pod,
    address: SocketAddress,
    *,
    zone: str,
    client_zone: str,
) -> pb.WeightedAddr:
    """An endpoint that is a pod; with identity and hints where its proxy takes the connection."""
    endpoint = pb.WeightedAddr(
        addr=tcp_address(*address),
        weight=WEIGHT,
        metric_labels=_pod_labels(index, pod) | zone_labels(zone, client_zone),
        resource_ref=resource_reference(pod),
    )
    name = pod_facts.identity(settings, pod)
    # Without a name there is no TLS, and without TLS the proxy's own port lets nobody in.
    if name is not None and _proxied(settings, pod, address.port):
        _add_mesh(index, settings, pod, name, endpoint)
    return endpoint


def plain_address(address: SocketAddress, *, zone: str, client_zone: str) -> pb.WeightedAddr:
    """An endpoint that is not a pod: a bare address."""
    return pb.WeightedAddr(
        addr=tcp_address(*address),
        weight=WEIGHT,
        metric_labels=zone_labels(zone, client_zone),
    )


def zone_labels(zone: str, client_zone: str) -> dict[str, str]:
    """The endpoint's zone, and whether it is the client's."""
    if not zone:
        return {"zone_locality": "unknown"}
    if not client_zone:
        return {"zone": zone, "zone_locality": "unknown"}
    return {"zone": zone, "zone_locality": "local" if zone == client_zone else "remote"}


def _proxied(settings: Settings, pod: Pod, port: int) -> bool:
    return (
        pod_facts.is_meshed(settings, pod)
        and port not in pod_facts.skipped_ports(pod)
        and port not in pod_facts.proxy_ports(pod)
    )


def _add_mesh(
    index: Index, settings: Settings, pod: Pod, name: str, endpoint: pb.WeightedAddr
) -> None:
    endpoint.tls_identity.dns_like_identity.name = name
    endpoint.tls_identity.server_name.name = name
    hint = endpoint.protocol_hint
    hint.opaque_transport.inbound_port = pod_facts.inbound_port(pod)
    if endpoint.addr.port in pod_facts.opaque_ports(index, settings, pod):
        hint.opaque.SetInParent()
    elif settings.h2_upgrade:
        hint.h2.SetInParent()
    endpoint.http2.keep_alive.CopyFrom(_KEEP_ALIVE)


def _pod_labels(index: Index, pod: Pod) -> dict[str, str]:
    kind, owner = owner_label(index, pod)
    labels = {kind: owner, "pod": pod.name, "serviceaccount": pod.spec.service_account}
    for label, name in (
        (CONTROL_PLANE_LABEL, "control_plane_ns"),
        (_TEMPLATE_HASH_LABEL, "pod_template_hash"),
    ):
        if value := pod.metadata.labels.get(label):
            labels[name] = value
    return labels
