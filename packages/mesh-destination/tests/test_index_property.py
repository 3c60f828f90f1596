"""Any history leads to the same answers as its end state alone, and no change goes unnoticed."""

from __future__ import annotations

import random
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from mesh_core.resources import Job, ObjectMeta, PodSpec, ReplicaSet, ServicePort
from mesh_destination.testing import (
    CREATED,
    World,
    make_endpoint,
    make_namespace,
    make_node,
    make_owner,
    make_pod,
    make_service,
    make_slice,
)
from mesh_destination.views.endpoints import Endpoints
from mesh_destination.views.inbound import InboundServer
from mesh_destination.views.outbound import OutboundToAddress, OutboundToService
from mesh_destination.views.profile import ProfileOfAddress, ProfileOfName
from mesh_destination.views.refusals import Refused
from mesh_destination.views.settings import Settings

NAMESPACES = ("shop", "prod")
PODS = ("web-0", "web-1")
SERVICES = ("web", "api")
CLUSTER_IPS = ("10.96.0.1", "10.96.0.2")
POD_IPS = ("10.1.0.1", "10.1.0.2", "fd00::1")
NODES = ("node-a", "node-b")

# Most of it in one place, so that the objects have to do with each other.
namespaces = st.sampled_from(["shop", "shop", "shop", "prod"])
service_names = st.sampled_from(["web", "web", "web", "api"])
annotations = st.fixed_dictionaries(
    {},
    optional={
        "config.linkerd.io/opaque-ports": st.sampled_from(["8080", "80", "http", "nonsense!"]),
        "config.linkerd.io/skip-inbound-ports": st.just("8080"),
        "config.linkerd.io/inbound-port": st.just("5143"),
        "config.linkerd.io/default-inbound-policy": st.sampled_from(["deny", "audit", "typo"]),
        "config.linkerd.io/proxy-require-identity-inbound-ports": st.just("8080"),
    },
)
pods = st.builds(
    make_pod,
    st.sampled_from(PODS),
    namespaces,
    ips=st.lists(st.sampled_from(POD_IPS), max_size=2, unique=True),
    meshed=st.booleans(),
    annotations=annotations,
    owner=st.sampled_from([None, ("ReplicaSet", "web-5d4"), ("Job", "batch")]),
    spec=st.builds(
        PodSpec,
        service_account_name=st.sampled_from(["web", ""]),
        node_name=st.sampled_from([*NODES, ""]),
        host_network=st.sampled_from([False, False, False, True]),
    ),
    phase=st.sampled_from(["Running", "Running", "Succeeded"]),
    created=st.sampled_from([CREATED, CREATED + timedelta(seconds=1)]),
)
services = st.builds(
    make_service,
    service_names,
    namespaces,
    ip=st.sampled_from([*CLUSTER_IPS, "None", ""]),
    ports=st.sampled_from(
        [
            (ServicePort(80, "http"),),
            (ServicePort(80, "http", app_protocol="http"),),
            (ServicePort(81, "http"),),
        ]
    ),
    annotations=annotations,
    internal_traffic_policy=st.sampled_from(["Cluster", "Cluster", "Local"]),
    external_name=st.sampled_from(["", "", "", "example.test"]),
)
endpoints = st.builds(
    lambda name, namespace, ip, **rest: make_endpoint(
        make_pod(name, namespace), address=ip, **rest
    ),
    st.sampled_from(PODS),
    namespaces,
    st.sampled_from(POD_IPS),
    ready=st.sampled_from([True, True, False, None]),
    hostname=st.sampled_from(["", "web-0"]),
    node=st.sampled_from(["", *NODES]),
    zone=st.sampled_from(["", "a", "b"]),
) | st.builds(make_endpoint, address=st.sampled_from(POD_IPS), node=st.sampled_from(["", *NODES]))
slices = st.builds(
    lambda items, **rest: make_slice(*items, **rest),
    st.lists(endpoints, max_size=3),
    service=service_names | st.just(""),
    namespace=namespaces,
    name=st.sampled_from(["one", "two"]),
    port=st.sampled_from([8080, 8080, 9090, 0]),
    family=st.sampled_from(["IPv4", "IPv4", "IPv6"]),
)
owners = st.sampled_from(
    [
        kind(ObjectMeta(name, "shop", owner_references=above))
        for kind, name, top in (
            (ReplicaSet, "web-5d4", ("Deployment", "web")),
            (Job, "batch", ("CronJob", "nightly")),
        )
        for above in ((), (make_owner(*top),))
    ]
)
objects = st.one_of(
    pods,
    pods,
    services,
    slices,
    slices,
    owners,
    st.builds(make_node, st.sampled_from(NODES), st.sampled_from(["", "a", "b"])),
    st.sampled_from(
        [
            make_namespace(),
            make_namespace(opaque_ports="8080,80"),
            make_namespace(default_inbound_policy="all-authenticated"),
        ]
    ),
)
changes = st.tuples(objects, st.sampled_from(["put", "put", "put", "delete"]))
histories = st.lists(changes, min_size=5, max_size=30)

QUESTIONS = (
    *(
        Endpoints(namespace, service, 80, hostname=hostname, node=node)
        for namespace in NAMESPACES
        for service in SERVICES
        for hostname, node in (("", ""), ("", "node-a"), ("web-0", ""))
    ),
    *(ProfileOfAddress(ip, 80, "node-a") for ip in CLUSTER_IPS),
    *(ProfileOfAddress(ip, 8080, "node-b") for ip in POD_IPS),
    *(ProfileOfName("shop", service, 80) for service in SERVICES),
    ProfileOfName("shop", "web", 8080, hostname="web-0", node="node-a"),
    *(InboundServer(namespace, pod, 8080) for namespace in NAMESPACES for pod in PODS),
    *(OutboundToAddress(ip, 80) for ip in (*CLUSTER_IPS, *POD_IPS, "192.0.2.1")),
    *(OutboundToService("shop", service, 80) for service in SERVICES),
)


def answers(world):
    given = {}
    for question in QUESTIONS:
        try:
            given[question] = world.ask(question)
        except Refused as refusal:
            given[question] = (type(refusal), str(refusal))
    return given


@settings(max_examples=250, deadline=None)
@given(history=histories, seed=st.integers(0, 99), ipv6=st.booleans())
def test_every_history_equals_a_rebuild_and_names_what_it_changes(history, seed, ipv6):
    world = World(settings=Settings(ipv6=ipv6))
    before = answers(world)
    for resource, what in history:
        keys = world.put(resource) if what == "put" else world.delete(resource)
        after = answers(world)
        unnoticed = [q for q in QUESTIONS if after[q] != before[q] and not q.keys & keys]
        assert not unnoticed, resource
        before = after
    present = list(world.objects)
    random.Random(seed).shuffle(present)
    assert answers(World(*present, settings=world.settings)) == before
    for resource in present:
        world.delete(resource)
    assert answers(world) == answers(World(settings=world.settings))


@settings(max_examples=50, deadline=None)
@given(history=histories)
def test_nothing_is_left_of_what_is_gone(history):
    """Memory: a million pods that came and went are no pods."""
    world = World()
    for resource, _ in history:
        world.put(resource)
    for resource in world.objects:
        world.delete(resource)
    index = world.index
    parts = [vars(part) for part in (index, index.pods, index.services, index.slices)]
    kept = {
        name: len(value)
        for part in parts
        for name, value in part.items()
        if hasattr(value, "__len__") and name != "_appliers"
    }
    assert set(kept.values()) == {0}, kept
    assert len(kept) >= 12
