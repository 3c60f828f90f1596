"""`OutboundPolicies`: how a client's proxy carries traffic."""

from __future__ import annotations

import pytest
from google.protobuf.descriptor import FieldDescriptor

from mesh_core.networks import parse_networks
from mesh_core.resources import ServicePort
from mesh_destination.testing import World, make_namespace, make_pod, make_service
from mesh_destination.views.outbound import OutboundToAddress, OutboundToService
from mesh_destination.views.refusals import AmbiguousTarget, UnknownTarget
from mesh_destination.views.settings import Settings

CLUSTER_IP = OutboundToAddress("10.96.0.1", 80)
NAME = OutboundToService("shop", "web", 80)


def kind(policy):
    return policy.protocol.WhichOneof("kind")


def test_a_service_is_balanced_and_its_protocol_detected():
    policy = World(make_service()).policy(CLUSTER_IP)
    detect = policy.protocol.detect
    assert detect.timeout.seconds == 10
    reference = policy.metadata.resource
    assert (reference.group, reference.kind, reference.port) == ("core", "Service", 80)
    assert (reference.name, reference.namespace) == ("web", "shop")
    for routes, name in ((detect.http1, "http"), (detect.http2, "http"), (detect.opaque, "opaque")):
        (route,) = routes.routes
        assert route.metadata.default == name
        (rule,) = route.rules
        (choice,) = rule.backends.first_available.backends
        backend = choice.backend
        assert backend.metadata == policy.metadata
        assert (backend.queue.capacity, backend.queue.failfast_timeout.seconds) == (100, 3)
        assert backend.balancer.discovery.dst.path == "web.shop.svc.cluster.local:80"
        assert backend.balancer.peak_ewma.default_rtt.ToMilliseconds() == 30
        assert backend.balancer.peak_ewma.decay.seconds == 10


def test_http_routes_match_everything():
    (route,) = World(make_service()).policy(CLUSTER_IP).protocol.detect.http1.routes
    (match,) = route.rules[0].matches
    assert match.path.prefix == "/"


def test_a_name_gives_the_same_as_the_address():
    world = World(make_service())
    assert world.policy(NAME) == world.policy(CLUSTER_IP)


@pytest.mark.parametrize(
    ("port", "annotation", "expected"),
    [
        (ServicePort(80), None, "detect"),
        (ServicePort(80, app_protocol="http"), None, "http1"),
        (ServicePort(80, app_protocol="kubernetes.io/h2c"), None, "http2"),
        (ServicePort(80, app_protocol="linkerd.io/opaque"), None, "opaque"),
        (ServicePort(80, app_protocol="linkerd.io/tcp"), None, "opaque"),
        (ServicePort(80, app_protocol="kubernetes.io/ws"), None, "opaque"),
        (ServicePort(80, app_protocol="http"), "80", "http1"),
        (ServicePort(80), "80", "opaque"),
        (ServicePort(80), "81", "detect"),
        (ServicePort(5432), None, "opaque"),
        (ServicePort(5432), "80", "detect"),
        (ServicePort(80), "not ports", "detect"),
        (ServicePort(5432), "not ports", "opaque"),
    ],
)
def test_the_protocol_of_a_port(port, annotation, expected):
    annotations = {} if annotation is None else {"config.linkerd.io/opaque-ports": annotation}
    world = World(make_service(ports=[port], annotations=annotations))
    assert kind(world.policy(OutboundToAddress("10.96.0.1", port.port))) == expected


def test_a_namespace_hands_opaque_ports_down():
    world = World(make_service(), make_namespace(opaque_ports="80"))
    assert kind(world.policy(CLUSTER_IP)) == "opaque"


@pytest.mark.parametrize(
    "question", [OutboundToAddress("10.96.0.1", 81), OutboundToService("shop", "web", 81)]
)
def test_a_port_that_is_not_declared_is_forbidden(question):
    policy = World(make_service()).policy(question)
    (route,) = policy.protocol.opaque.routes
    assert route.metadata.default == "undefined-port"
    (rule,) = route.rules
    assert rule.filters[0].WhichOneof("kind") == "forbidden"
    assert rule.backends.WhichOneof("kind") == "empty"
    assert policy.metadata.resource.name == "web"


def test_pods_and_strangers_inside_are_left_to_the_profile():
    world = World(make_pod(ips=["10.1.0.1"]), make_pod("far", ips=["192.0.2.1"]))
    for ip in ("10.1.0.1", "10.1.0.2", "192.0.2.1"):
        with pytest.raises(UnknownTarget, match=ip):
            world.policy(OutboundToAddress(ip, 80))


def test_outside_the_cluster_traffic_goes_through():
    policy = World().policy(OutboundToAddress("192.0.2.1", 80))
    assert policy.metadata.default == "egress-fallback"
    (route,) = policy.protocol.detect.http2.routes
    (choice,) = route.rules[0].backends.first_available.backends
    forward = choice.backend.forward
    assert (forward.addr.ip.ipv4, forward.addr.port) == (0xC0000201, 80)
    assert not forward.HasField("tls_identity")
    assert kind(World().policy(OutboundToAddress("192.0.2.1", 3306))) == "opaque"


def test_the_clusters_networks_decide_what_is_outside():
    settings = Settings(cluster_networks=parse_networks("192.0.2.0/24,2001:db8::/32"))
    world = World(settings=settings)
    assert world.policy(OutboundToAddress("10.1.0.1", 80)).metadata.default == "egress-fallback"
    for ip in ("192.0.2.1", "2001:db8::1"):
        with pytest.raises(UnknownTarget):
            world.policy(OutboundToAddress(ip, 80))


def test_two_services_with_one_address_are_ambiguous():
    world = World(make_service(), make_service("api", ip="10.96.0.1"))
    with pytest.raises(AmbiguousTarget):
        world.policy(CLUSTER_IP)
    assert kind(world.policy(NAME)) == "detect"


@pytest.mark.parametrize("service", [None, make_service(external_name="example.test")])
def test_an_unknown_name_is_not_found(service):
    with pytest.raises(UnknownTarget, match="no Service shop/web"):
        World(*filter(None, [service])).policy(NAME)


@pytest.mark.parametrize(
    "policy",
    [
        World(make_service()).policy(CLUSTER_IP),
        World(make_service()).policy(OutboundToAddress("10.96.0.1", 81)),
        World().policy(OutboundToAddress("192.0.2.1", 80)),
    ],
    ids=["service", "undefined port", "egress"],
)
def test_a_stock_proxy_finds_all_that_it_insists_on(policy):
    """Metadata everywhere, complete `detect`, discovery and load, and a group for resources."""
    seen = list(_messages(policy))
    for message in seen:
        present = {field.name for field, _ in message.ListFields()}
        name = message.DESCRIPTOR.full_name.removeprefix("io.linkerd.proxy.")
        assert _INSISTED.get(name, set()) <= present, name
    assert {m.DESCRIPTOR.name for m in seen} >= {"OutboundPolicy", "OpaqueRoute", "Metadata"}


_INSISTED = {
    "outbound.OutboundPolicy": {"metadata", "protocol"},
    "outbound.ProxyProtocol.Detect": {"timeout", "opaque", "http1", "http2"},
    "outbound.ProxyProtocol.Opaque": {"routes"},
    "outbound.HttpRoute": {"metadata", "rules"},
    "outbound.HttpRoute.Rule": {"matches", "backends"},
    "outbound.OpaqueRoute": {"metadata", "rules"},
    "outbound.OpaqueRoute.Rule": {"backends"},
    "outbound.Backend": {"metadata", "queue"},
    "outbound.Backend.BalanceP2c": {"discovery", "peak_ewma"},
    "outbound.Backend.BalanceP2c.PeakEwma": {"default_rtt", "decay"},
    "outbound.Queue": {"capacity", "failfast_timeout"},
    "meta.Resource": {"group", "kind", "name", "namespace"},
}


def _messages(message):
    yield message
    for field, value in message.ListFields():
        if field.type != FieldDescriptor.TYPE_MESSAGE:
            continue
        repeated = not hasattr(value, "DESCRIPTOR")
        for item in value if repeated else [value]:
            yield from _messages(item)
