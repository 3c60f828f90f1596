"""`Destination.Get`: who stands behind a Service's port, and how a proxy reaches them."""

from __future__ import annotations

import dataclasses

import msgspec
import pytest

from mesh_core.resources import (
    Container,
    ContainerPort,
    EndpointHints,
    ForZone,
    Job,
    ObjectMeta,
    PodSpec,
    ReplicaSet,
    ServicePort,
)
from mesh_destination.testing import (
    World,
    make_endpoint,
    make_namespace,
    make_node,
    make_owner,
    make_pod,
    make_service,
    make_slice,
)
from mesh_destination.views.endpoint_set import SocketAddress
from mesh_destination.views.endpoints import Endpoints
from mesh_destination.views.settings import Settings

WEB = Endpoints("shop", "web", 80)
AT = SocketAddress("10.1.0.1", 8080)


def world(*objects, settings=None, pod=None):
    pod = pod or make_pod()
    return World(make_service(), make_slice(pod), pod, *objects, settings=settings)


def only(world, question=WEB):
    (endpoint,) = world.endpoints(question).endpoints.values()
    return endpoint


def addresses(world, question=WEB):
    return {address.ip for address in world.endpoints(question).endpoints}


def test_a_meshed_pod_has_identity_hint_and_transport():
    answer = world().endpoints(WEB)
    endpoint = answer.endpoints[AT]
    identity = "web.shop.serviceaccount.identity.linkerd.cluster.local"
    assert endpoint.tls_identity.dns_like_identity.name == identity
    assert endpoint.tls_identity.server_name.name == identity
    assert endpoint.protocol_hint.WhichOneof("protocol") == "h2"
    assert endpoint.protocol_hint.opaque_transport.inbound_port == 4143
    assert endpoint.http2.keep_alive.interval.seconds == 10
    assert endpoint.weight == 10_000
    assert endpoint.addr.ip.ipv4 == 0x0A010001
    assert endpoint.addr.port == 8080
    assert answer.labels == {"service": "web", "namespace": "shop"}


def test_labels_of_a_deployments_pod():
    replicas = ReplicaSet(
        ObjectMeta("web-5d4", "shop", owner_references=(make_owner("Deployment", "web"),))
    )
    pod = make_pod(owner=("ReplicaSet", "web-5d4"), labels={"pod-template-hash": "5d4"})
    assert dict(only(world(replicas, pod=pod)).metric_labels) == {
        "pod": "web-1",
        "deployment": "web",
        "serviceaccount": "web",
        "control_plane_ns": "linkerd",
        "pod_template_hash": "5d4",
        "zone_locality": "unknown",
    }


@pytest.mark.parametrize(
    ("owner", "above", "label"),
    [
        (None, None, ("pod", "web-1")),
        (("ReplicaSet", "web-5d4"), None, ("replicaset", "web-5d4")),
        (("StatefulSet", "web"), None, ("statefulset", "web")),
        (("DaemonSet", "web"), None, ("daemonset", "web")),
        (("Job", "web-1"), None, ("job", "web-1")),
        (("Job", "web-1"), Job(ObjectMeta("web-1", "shop")), ("job", "web-1")),
        (
            ("Job", "web-1"),
            Job(ObjectMeta("web-1", "shop", owner_references=(make_owner("CronJob", "nightly"),))),
            ("cronjob", "nightly"),
        ),
    ],
)
def test_the_owner_is_the_topmost_controller(owner, above, label):
    present = () if above is None else (above,)
    assert label in only(world(*present, pod=make_pod(owner=owner))).metric_labels.items()


@pytest.mark.parametrize(
    "pod",
    [
        make_pod(meshed=False),
        make_pod(meshed=False, labels={"linkerd.io/control-plane-ns": "other"}),
        make_pod(annotations={"config.linkerd.io/skip-inbound-ports": "80,8000-8100"}),
        make_pod(annotations={"config.linkerd.io/admin-port": "8080"}),
        make_pod(annotations={"config.linkerd.io/control-port": "8080"}),
    ],
    ids=["unmeshed", "other mesh", "skipped", "admin", "control"],
)
def test_where_no_proxy_listens_there_is_no_identity_and_no_hint(pod):
    endpoint = only(world(pod=pod))
    assert not endpoint.HasField("tls_identity")
    assert not endpoint.HasField("protocol_hint")


def test_other_skipped_ports_change_nothing():
    pod = make_pod(annotations={"config.linkerd.io/skip-inbound-ports": "4567"})
    assert only(world(pod=pod)).HasField("tls_identity")


@pytest.mark.parametrize(
    "pod",
    [
        make_pod(annotations={"config.linkerd.io/opaque-ports": "8080"}),
        make_pod(
            annotations={"config.linkerd.io/opaque-ports": "mysql"},
            spec=PodSpec(
                service_account_name="web",
                containers=(Container("c", ports=(ContainerPort(8080, "mysql"),)),),
            ),
        ),
    ],
    ids=["number", "name"],
)
def test_an_opaque_port_is_hinted(pod):
    hint = only(world(pod=pod)).protocol_hint
    assert hint.WhichOneof("protocol") == "opaque"
    assert hint.opaque_transport.inbound_port == 4143


def test_opaque_ports_are_handed_down_by_the_namespace():
    namespace = make_namespace(opaque_ports="8080")
    assert only(world(namespace)).protocol_hint.WhichOneof("protocol") == "opaque"
    own = make_pod(annotations={"config.linkerd.io/opaque-ports": ""})
    assert only(world(namespace, pod=own)).protocol_hint.WhichOneof("protocol") == "h2"


def test_default_opaque_ports_are_hinted():
    pod = make_pod()
    redis = ServicePort(80, name="redis")
    present = World(make_service(ports=[redis]), make_slice(pod, port=6379, port_name="redis"), pod)
    assert only(present).protocol_hint.WhichOneof("protocol") == "opaque"


def test_without_upgrade_there_is_only_the_transport():
    hint = only(world(settings=Settings(h2_upgrade=False))).protocol_hint
    assert hint.WhichOneof("protocol") is None
    assert hint.opaque_transport.inbound_port == 4143


def test_a_proxy_may_listen_elsewhere():
    pod = make_pod(annotations={"config.linkerd.io/inbound-port": "5143"})
    assert only(world(pod=pod)).protocol_hint.opaque_transport.inbound_port == 5143


def test_a_namespace_cannot_move_a_running_proxy():
    """The redirect was made with what stood on the pod."""
    namespace = make_namespace(inbound_port="5143", skip_inbound_ports="8080")
    assert only(world(namespace)).protocol_hint.opaque_transport.inbound_port == 4143


def test_names_of_this_control_plane():
    settings = Settings(controller_namespace="mesh", trust_domain="example.test")
    pod = make_pod(meshed=False, labels={"linkerd.io/control-plane-ns": "mesh"})
    name = only(world(pod=pod, settings=settings)).tls_identity.dns_like_identity.name
    assert name == "web.shop.serviceaccount.identity.mesh.example.test"


def test_a_pod_that_is_not_known_yet_waits():
    """Without it nobody knows whether it must be reached by TLS."""
    pod = make_pod()
    present = World(make_service(), make_slice(pod))
    assert addresses(present) == set()
    present.put(pod)
    assert addresses(present) == {"10.1.0.1"}


def test_an_address_without_a_pod_is_bare():
    piece = make_slice(make_endpoint(address="192.0.2.7"))
    endpoint = only(World(make_service(), piece))
    assert endpoint.addr.ip.ipv4 == 0xC0000207
    assert not endpoint.HasField("tls_identity")


def test_a_zone_that_the_slice_leaves_open_is_that_of_the_pods_node():
    """Of no other: nobody would notice when the zone of one without such a pod changes."""
    pod = make_pod()
    odd = make_slice(make_endpoint(pod, node="node-b"))
    bare = make_slice(make_endpoint(address="192.0.2.7", node="node-b"), name="bare")
    present = World(make_service(), pod, odd, bare, make_node("node-a", "a"))
    by_ip = {a.ip: e for a, e in present.endpoints(WEB).endpoints.items()}
    assert by_ip["10.1.0.1"].metric_labels["zone"] == "a"
    assert "zone" not in by_ip["192.0.2.7"].metric_labels
    answer = present.endpoints(WEB)
    keys = present.put(make_node("node-b", "b"))
    assert keys & WEB.keys or present.endpoints(WEB) == answer


def test_not_ready_endpoints_are_left_out():
    ready, starting, unsaid = (make_pod(f"web-{n}", ips=[f"10.1.0.{n}"]) for n in (1, 2, 3))
    piece = make_slice(
        make_endpoint(ready),
        make_endpoint(starting, ready=False),
        make_endpoint(unsaid, ready=None),
    )
    present = World(make_service(), piece, ready, starting, unsaid)
    assert addresses(present) == {"10.1.0.1", "10.1.0.3"}


def test_ports_are_found_by_name_in_each_slice():
    """A named targetPort may be another number in other pods."""
    old, new = make_pod("web-1"), make_pod("web-2", ips=["10.1.0.2"])
    present = World(
        make_service(),
        make_slice(old, name="a", port=8080),
        make_slice(new, name="b", port=9090),
        old,
        new,
    )
    assert set(present.endpoints(WEB).endpoints) == {
        SocketAddress("10.1.0.1", 8080),
        SocketAddress("10.1.0.2", 9090),
    }


@pytest.mark.parametrize(
    "piece",
    [
        make_slice(make_pod(), port=0),
        make_slice(make_pod(), port=None),
        make_slice(make_pod(), port_name="admin"),
        make_slice(),
        make_slice(make_endpoint(address="example.test"), family="FQDN"),
        make_slice(make_endpoint(address="not an address")),
        make_slice(make_pod(), service="api"),
        make_slice(make_pod(), service=""),
    ],
    ids=["port 0", "no port", "other name", "empty", "FQDN", "nonsense", "other", "unlabelled"],
)
def test_slices_that_give_nothing(piece):
    answer = World(make_service(), piece, make_pod()).endpoints(WEB)
    assert answer.exists
    assert answer.endpoints == {}


def test_a_port_that_is_not_declared_has_no_endpoints():
    answer = world().endpoints(dataclasses.replace(WEB, port=81))
    assert (answer.exists, answer.endpoints) == (True, {})


def test_udp_ports_are_not_ours():
    dns = ServicePort(80, name="http", protocol="UDP")
    pod = make_pod()
    present = World(make_service(ports=[dns]), make_slice(pod), pod)
    assert present.endpoints(WEB).endpoints == {}


def test_an_unknown_service_does_not_exist():
    assert not World().endpoints(WEB).exists
    assert not World(make_service(external_name="example.test")).endpoints(WEB).exists


def test_the_same_address_in_two_slices_is_one_endpoint():
    pod = make_pod()
    present = World(make_service(), make_slice(pod, name="a"), make_slice(pod, name="b"), pod)
    assert len(present.endpoints(WEB).endpoints) == 1
    present.delete(make_slice(pod, name="a"))
    assert len(present.endpoints(WEB).endpoints) == 1


def test_a_headless_services_pods_have_names():
    first, second = make_pod("web-0"), make_pod("web-1", ips=["10.1.0.2"])
    piece = make_slice(
        make_endpoint(first, hostname="web-0"), make_endpoint(second, hostname="web-1")
    )
    present = World(make_service(ip="None"), piece, first, second)
    assert addresses(present, dataclasses.replace(WEB, hostname="web-1")) == {"10.1.0.2"}
    assert addresses(present, dataclasses.replace(WEB, hostname="web-2")) == set()
    assert addresses(present) == {"10.1.0.1", "10.1.0.2"}


def dual_stack():
    pod = make_pod(ips=["10.1.0.1", "fd00::1"])
    lone = make_pod("web-2", ips=["10.1.0.2"])
    six = make_slice(make_endpoint(pod, address="fd00::1"), name="six", family="IPv6")
    return make_service(), make_slice(pod, lone, name="four"), six, pod, lone


def test_ipv6_is_left_out_unless_enabled():
    assert addresses(World(*dual_stack())) == {"10.1.0.1", "10.1.0.2"}


def test_ipv6_is_preferred_where_a_pod_has_both():
    present = World(*dual_stack(), settings=Settings(ipv6=True))
    assert addresses(present) == {"fd00::1", "10.1.0.2"}
    six = present.endpoints(WEB).endpoints[SocketAddress("fd00::1", 8080)]
    assert (six.addr.ip.ipv6.first, six.addr.ip.ipv6.last) == (0xFD00 << 48, 1)


def zoned(*zones, hints=True):
    pods = [
        make_pod(f"web-{n}", ips=[f"10.1.0.{n}"], spec=PodSpec(node_name=f"node-{zone}"))
        for n, zone in enumerate(zones, 1)
    ]
    endpoints = [
        msgspec.structs.replace(
            make_endpoint(pod, zone=zone),
            hints=EndpointHints(for_zones=(ForZone(zone),)) if hints else None,
        )
        for pod, zone in zip(pods, zones, strict=True)
    ]
    nodes = [make_node(f"node-{zone}", zone) for zone in "abc"]
    return World(make_service(), make_slice(*endpoints), *pods, *nodes)


def test_hints_keep_traffic_in_the_clients_zone():
    present = zoned("a", "a", "b")
    assert addresses(present, dataclasses.replace(WEB, node="node-a")) == {"10.1.0.1", "10.1.0.2"}
    assert addresses(present, dataclasses.replace(WEB, node="node-b")) == {"10.1.0.3"}


def test_hints_that_would_leave_nobody_are_ignored():
    present = zoned("a", "b")
    assert len(addresses(present, dataclasses.replace(WEB, node="node-c"))) == 2
    assert len(addresses(present, WEB)) == 2


def test_hints_count_only_when_all_have_them():
    present = zoned("a", "b")
    bare = make_pod("web-3", ips=["10.1.0.3"])
    present.put(bare, make_slice(bare, name="more"))
    assert len(addresses(present, dataclasses.replace(WEB, node="node-a"))) == 3


def test_the_zone_and_its_locality_are_labels():
    present = zoned("a", "b", hints=False)
    answer = present.endpoints(dataclasses.replace(WEB, node="node-a"))
    labels = {at.ip: endpoint.metric_labels for at, endpoint in answer.endpoints.items()}
    assert (labels["10.1.0.1"]["zone"], labels["10.1.0.1"]["zone_locality"]) == ("a", "local")
    assert (labels["10.1.0.2"]["zone"], labels["10.1.0.2"]["zone_locality"]) == ("b", "remote")
    stranger = next(iter(present.endpoints(WEB).endpoints.values())).metric_labels
    assert (stranger["zone"], stranger["zone_locality"]) == ("a", "unknown")


def test_a_local_policy_keeps_traffic_on_the_node():
    here = make_pod("web-1", spec=PodSpec(node_name="node-a"))
    there = make_pod("web-2", ips=["10.1.0.2"], spec=PodSpec(node_name="node-b"))
    service = make_service(internal_traffic_policy="Local")
    present = World(service, make_slice(here, there), here, there)
    assert addresses(present, dataclasses.replace(WEB, node="node-b")) == {"10.1.0.2"}
    assert addresses(present, dataclasses.replace(WEB, node="node-c")) == set()
    assert addresses(present, WEB) == set()


def test_a_service_account_without_an_identity_gets_none():
    """Better no TLS and a visible lack of it than a name that is somebody else's."""
    spec = PodSpec(service_account_name="a.serviceaccount.identity.b")
    endpoint = only(world(pod=make_pod(spec=spec)))
    assert not endpoint.HasField("tls_identity")
    # Its proxy's own port refuses who comes without TLS.
    assert not endpoint.HasField("protocol_hint")
