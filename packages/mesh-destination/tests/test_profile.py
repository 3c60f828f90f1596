"""`Destination.GetProfile`: what an address or a name is."""

from __future__ import annotations

import pytest

from mesh_core.resources import PodSpec, ServicePort
from mesh_destination.testing import (
    HTTP,
    World,
    make_endpoint,
    make_namespace,
    make_node,
    make_pod,
    make_service,
    make_slice,
)
from mesh_destination.views.profile import ProfileOfAddress, ProfileOfName
from mesh_destination.views.refusals import AmbiguousTarget
from mesh_destination.views.settings import Settings

CLUSTER_IP = ProfileOfAddress("10.96.0.1", 80)
POD_IP = ProfileOfAddress("10.1.0.1", 8080)
NAME = ProfileOfName("shop", "web", 80)


@pytest.mark.parametrize("question", [CLUSTER_IP, NAME])
def test_a_service_has_its_name_and_reference(question):
    profile = World(make_service()).profile(question)
    assert profile.fully_qualified_name == "web.shop.svc.cluster.local"
    assert not profile.opaque_protocol
    assert not profile.HasField("endpoint")
    reference = profile.parent_ref.resource
    assert (reference.group, reference.kind) == ("core", "Service")
    assert (reference.name, reference.namespace, reference.port) == ("web", "shop", 80)
    assert profile.retry_budget.min_retries_per_second == 10
    assert profile.retry_budget.ttl.seconds == 10


def test_another_cluster_domain():
    profile = World(make_service(), settings=Settings(cluster_domain="k8s.test")).profile(NAME)
    assert profile.fully_qualified_name == "web.shop.svc.k8s.test"


def test_every_cluster_ip_counts():
    from mesh_core.resources import ObjectMeta, Service, ServiceSpec

    spec = ServiceSpec(
        ports=(HTTP,), cluster_ip="10.96.0.1", cluster_ips=("10.96.0.1", "FD00:0::5")
    )
    world = World(Service(ObjectMeta("web", "shop"), spec))
    assert world.profile(ProfileOfAddress("fd00::5", 80)).fully_qualified_name


def opaque(port: ServicePort, **annotations: str) -> bool:
    given = {f"config.linkerd.io/{name.replace('_', '-')}": v for name, v in annotations.items()}
    world = World(make_service(ports=[port], annotations=given))
    by_address = world.profile(ProfileOfAddress("10.96.0.1", port.port))
    by_name = world.profile(ProfileOfName("shop", "web", port.port))
    assert by_address == by_name
    return by_address.opaque_protocol


def test_opaque_ports_of_a_service():
    assert opaque(ServicePort(3306))
    assert not opaque(ServicePort(3306), opaque_ports="80")
    assert not opaque(ServicePort(3306), opaque_ports="")
    assert opaque(ServicePort(80), opaque_ports="79-81")
    assert opaque(ServicePort(80, "db"), opaque_ports="db")
    assert opaque(ServicePort(80, target_port=5432))
    assert not opaque(ServicePort(80, target_port="db"))


def test_app_protocol_says_more_than_the_annotation():
    assert not opaque(ServicePort(80, app_protocol="http"), opaque_ports="80")
    assert opaque(ServicePort(80, app_protocol="linkerd.io/opaque"))
    assert opaque(ServicePort(80, app_protocol="mysql"))


def test_a_namespace_hands_opaque_ports_down():
    world = World(make_service(), make_namespace(opaque_ports="80"))
    assert world.profile(CLUSTER_IP).opaque_protocol


def test_a_port_that_is_not_declared_is_answered_all_the_same():
    profile = World(make_service()).profile(ProfileOfAddress("10.96.0.1", 81))
    assert profile.fully_qualified_name == "web.shop.svc.cluster.local"


def test_two_services_with_one_address_are_ambiguous():
    world = World(make_service(), make_service("api", ip="10.96.0.1"))
    with pytest.raises(AmbiguousTarget, match="shop/api, shop/web"):
        world.profile(CLUSTER_IP)


def test_a_pods_address_is_its_endpoint():
    nodes = make_node("node-a", "a"), make_node("node-b", "b")
    profile = World(make_pod(), *nodes).profile(ProfileOfAddress("10.1.0.1", 8080, "node-b"))
    assert profile.fully_qualified_name == ""
    assert profile.endpoint.addr.ip.ipv4 == 0x0A010001
    assert profile.endpoint.addr.port == 8080
    assert profile.endpoint.tls_identity.dns_like_identity.name.startswith("web.shop.")
    assert profile.endpoint.metric_labels["zone_locality"] == "remote"
    assert not profile.opaque_protocol


def test_a_pods_opaque_port():
    pod = make_pod(annotations={"config.linkerd.io/opaque-ports": "8080"})
    profile = World(pod).profile(POD_IP)
    assert profile.opaque_protocol
    assert profile.endpoint.protocol_hint.WhichOneof("protocol") == "opaque"


@pytest.mark.parametrize(
    "pod",
    [
        make_pod(phase="Succeeded"),
        make_pod(phase="Failed"),
        make_pod(spec=PodSpec(host_network=True)),
        make_pod(ips=[]),
    ],
    ids=["succeeded", "failed", "host network", "no address"],
)
def test_these_pods_have_no_address_of_their_own(pod):
    assert not World(pod).profile(POD_IP).HasField("endpoint")


def test_an_unknown_address_has_the_default_profile():
    profile = World().profile(POD_IP)
    assert profile.fully_qualified_name == ""
    assert not profile.HasField("endpoint")
    assert not profile.HasField("parent_ref")
    assert profile.retry_budget.retry_ratio == pytest.approx(0.2)
    assert World().profile(ProfileOfAddress("192.0.2.1", 3306)).opaque_protocol


def test_an_unknown_name_has_the_default_profile():
    assert not World().profile(NAME).HasField("parent_ref")
    alias = make_service(external_name="example.test")
    assert not World(alias).profile(NAME).HasField("parent_ref")


def test_a_pods_own_name_is_its_endpoint():
    pod = make_pod("web-0")
    piece = make_slice(make_endpoint(pod, hostname="web-0", ready=False))
    world = World(make_service(ip="None"), piece, pod)
    question = ProfileOfName("shop", "web", 8080, hostname="web-0")
    endpoint = world.profile(question).endpoint
    assert (endpoint.addr.ip.ipv4, endpoint.addr.port) == (0x0A010001, 8080)
    other = ProfileOfName("shop", "web", 8080, hostname="web-1")
    assert not world.profile(other).HasField("endpoint")


def test_the_newest_pod_has_an_address_that_changes_hands():
    from datetime import timedelta

    from mesh_destination.testing import CREATED

    old = make_pod("old")
    new = make_pod("new", created=CREATED + timedelta(seconds=1))
    for order in ((old, new), (new, old)):
        assert World(*order).profile(POD_IP).endpoint.metric_labels["pod"] == "new"
    world = World(old, new)
    world.delete(new)
    assert world.profile(POD_IP).endpoint.metric_labels["pod"] == "old"
