"""`InboundServerPolicies`: who may connect to a pod's port."""

from __future__ import annotations

import dataclasses

import pytest

from mesh_core.annotations import InboundPolicy
from mesh_core.networks import parse_networks
from mesh_core.resources import Container, ContainerPort, HTTPGetAction, PodSpec, Probe
from mesh_destination.testing import World, make_namespace, make_pod
from mesh_destination.views.inbound import InboundServer
from mesh_destination.views.refusals import UnknownTarget
from mesh_destination.views.settings import Settings

PORT = InboundServer("shop", "web-1", 8080)
POLICY = "config.linkerd.io/default-inbound-policy"
IDENTITY_PORTS = "config.linkerd.io/proxy-require-identity-inbound-ports"
EVERYWHERE = [("0.0.0.0", 0), ("::", 0)]
CLUSTER = Settings(cluster_networks=parse_networks("10.0.0.0/8,fd00::/8"))


def who(authz):
    """An authorization as words: from where, and with which identity."""
    nets = [(_text(n.net.ip), n.net.prefix_len) for n in authz.networks]
    match authz.authentication.WhichOneof("permit"):
        case "unauthenticated":
            return nets, "anyone"
        case "meshTLS":
            (suffix,) = authz.authentication.meshTLS.identities.suffixes
            assert list(suffix.parts) == []
            return nets, "any identity"


def _text(ip):
    from mesh_destination.views.wire import ip_text

    return ip_text(ip)


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("all-unauthenticated", [(EVERYWHERE, "anyone")]),
        ("all-authenticated", [(EVERYWHERE, "any identity")]),
        ("cluster-unauthenticated", [([("10.0.0.0", 8), ("fd00::", 8)], "anyone")]),
        ("cluster-authenticated", [([("10.0.0.0", 8), ("fd00::", 8)], "any identity")]),
        ("deny", []),
        ("audit", [(EVERYWHERE, "anyone")]),
    ],
)
def test_the_six_default_policies(policy, expected):
    server = World(make_pod(annotations={POLICY: policy}), settings=CLUSTER).server(PORT)
    labels = {"group": "", "kind": "default", "name": policy}
    assert [who(authz) for authz in server.authorizations] == expected
    assert dict(server.labels) == labels
    assert all(dict(authz.labels) == labels for authz in server.authorizations)
    assert all(authz.metadata.default == policy for authz in server.authorizations)
    (route,) = server.protocol.detect.http_routes
    assert list(route.authorizations) == list(server.authorizations)


def test_detection_with_the_default_route():
    server = World(make_pod(ips=["10.1.0.1", "fd00::1"])).server(PORT)
    detect = server.protocol.detect
    assert detect.timeout.seconds == 10
    (route,) = detect.http_routes
    assert route.metadata.default == "default"
    (rule,) = route.rules
    assert [match.path.prefix for match in rule.matches] == ["/"]
    assert [_text(ip) for ip in server.server_ips] == ["10.1.0.1", "fd00::1"]


@pytest.mark.parametrize(
    ("pod", "namespace", "cluster", "expected"),
    [
        ("deny", "audit", "all-authenticated", "deny"),
        (None, "audit", "all-authenticated", "audit"),
        (None, None, "all-authenticated", "all-authenticated"),
        ("typo", "audit", "all-authenticated", "deny"),
        (None, "typo", "all-authenticated", "deny"),
        (" audit ", None, "deny", "audit"),
    ],
)
def test_the_pod_wins_over_its_namespace_over_the_cluster(pod, namespace, cluster, expected):
    """And what cannot be read denies."""
    annotations = {} if pod is None else {POLICY: pod}
    objects = [make_pod(annotations=annotations)]
    if namespace is not None:
        objects.append(make_namespace(default_inbound_policy=namespace))
    world = World(*objects, settings=Settings(default_policy=InboundPolicy(cluster)))
    assert world.server(PORT).labels["name"] == expected


@pytest.mark.parametrize(
    ("policy", "ports", "expected"),
    [
        ("all-unauthenticated", "8080", "all-authenticated"),
        ("cluster-unauthenticated", "8000-9000", "cluster-authenticated"),
        ("audit", "8080", "all-authenticated"),
        ("deny", "8080", "deny"),
        ("all-unauthenticated", "8081", "all-unauthenticated"),
        ("all-unauthenticated", "typo!", "all-authenticated"),
    ],
)
def test_identity_may_be_required_port_by_port(policy, ports, expected):
    pod = make_pod(annotations={POLICY: policy, IDENTITY_PORTS: ports})
    assert World(pod).server(PORT).labels["name"] == expected


def test_an_opaque_port_is_not_looked_into():
    pod = make_pod(annotations={"config.linkerd.io/opaque-ports": "8080"})
    server = World(pod).server(PORT)
    assert server.protocol.WhichOneof("kind") == "opaque"
    assert len(server.authorizations) == 1
    redis = dataclasses.replace(PORT, port=6379)
    assert World(make_pod()).server(redis).protocol.WhichOneof("kind") == "opaque"


def probes(server):
    """Each probe route's paths, with who may ask for them."""
    *first, last = server.protocol.detect.http_routes
    assert last.metadata.default == "default"
    for route in first:
        assert route.metadata.default == "probe"
        (authz,) = route.authorizations
        assert authz.labels["name"] == "probe"
        matches = [match for rule in route.rules for match in rule.matches]
        assert all(match.method.registered == 0 for match in matches)
        assert all(match.method.WhichOneof("type") == "registered" for match in matches)
        return [match.path.exact for match in matches], who(authz)
    return None


def http(path, port=8080):
    return Probe(http_get=HTTPGetAction(port=port, path=path))


def test_probes_are_let_in_whatever_the_policy():
    main = Container(
        "main",
        ports=(ContainerPort(8080, "http"),),
        liveness_probe=http("/live?full=1", "http"),
        readiness_probe=http("/ready"),
        startup_probe=http("/other", 9090),
    )
    sidecar = Container("side", readiness_probe=http("side", "8080"))
    spec = PodSpec(containers=(main,), init_containers=(sidecar,))
    settings = Settings(probe_networks=parse_networks("10.9.0.0/16"))
    world = World(make_pod(annotations={POLICY: "deny"}, spec=spec), settings=settings)
    expected = (["/live", "/ready", "/side"], ([("10.9.0.0", 16)], "anyone"))
    assert probes(world.server(PORT)) == expected
    assert probes(world.server(dataclasses.replace(PORT, port=9090)))[0] == ["/other"]
    assert probes(world.server(dataclasses.replace(PORT, port=7070))) is None


def test_other_probes_need_no_route():
    spec = PodSpec(containers=(Container("main", liveness_probe=Probe()),))
    assert probes(World(make_pod(spec=spec)).server(PORT)) is None


def test_the_proxys_own_probes_are_let_in():
    world = World(make_pod(annotations={POLICY: "deny"}), make_pod("plain", meshed=False))
    paths, _ = probes(world.server(dataclasses.replace(PORT, port=4191)))
    assert paths == ["/live", "/ready"]
    assert probes(world.server(InboundServer("shop", "plain", 4191))) is None


def test_an_unknown_pod_is_not_found():
    with pytest.raises(UnknownTarget, match="no pod shop/web-1"):
        World().server(PORT)
