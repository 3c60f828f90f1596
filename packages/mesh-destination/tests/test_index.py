"""What one change touches, said by name."""

from __future__ import annotations

import msgspec
import pytest

from mesh_core.resources import Condition, ConfigMap, ObjectMeta, ReplicaSet
from mesh_core.store import Event
from mesh_destination.index import (
    Index,
    address_key,
    canonical_ip,
    endpoints_key,
    node_key,
    pod_key,
    service_key,
)
from mesh_destination.testing import (
    World,
    make_namespace,
    make_node,
    make_owner,
    make_pod,
    make_service,
    make_slice,
)

WEB, POD = endpoints_key("shop", "web"), pod_key("shop", "web-1")


def test_a_service_touches_itself_its_endpoints_and_its_addresses():
    world = World()
    itself = {service_key("shop", "web"), WEB}
    assert world.put(make_service()) == itself | {address_key("10.96.0.1")}
    both = {address_key("10.96.0.1"), address_key("10.96.0.2")}
    assert world.put(make_service(ip="10.96.0.2")) == itself | both
    assert world.delete(make_service(ip="10.96.0.2")) == itself | {address_key("10.96.0.2")}
    assert world.put(make_service(ip="None")) == itself


def test_a_pod_touches_itself_its_addresses_and_the_services_before_it():
    pod = make_pod()
    world = World(make_slice(pod))
    assert world.put(pod) == {POD, address_key("10.1.0.1"), WEB}
    moved = make_pod(ips=["10.1.0.2"])
    assert world.put(moved) == {POD, address_key("10.1.0.1"), address_key("10.1.0.2"), WEB}
    world.delete(make_slice(pod))
    assert world.put(pod) == {POD, address_key("10.1.0.1"), address_key("10.1.0.2")}


def test_a_pods_progress_touches_nothing_that_is_asked():
    """Its node reports conditions and restarts all the time, in a roll-out those of all pods."""
    pod = make_pod()
    world = World(make_service(), make_slice(pod), pod)
    condition = Condition("Ready", "True")
    status = msgspec.structs.replace(pod.status, conditions=(condition,), observed_generation=2)
    metadata = msgspec.structs.replace(pod.metadata, resource_version="7")
    later = msgspec.structs.replace(pod, metadata=metadata, status=status)
    assert world.put(later) == frozenset()
    assert world.index.pods.get("shop", "web-1") is later
    over = msgspec.structs.replace(status, phase="Succeeded")
    assert endpoints_key("shop", "web") in world.put(msgspec.structs.replace(later, status=over))


def test_a_slice_touches_the_services_it_leaves_and_joins():
    world = World(make_slice(make_pod()))
    assert world.put(make_slice(make_pod(), service="api")) == {WEB, endpoints_key("shop", "api")}


def test_a_node_touches_only_by_its_zone():
    pod = make_pod()
    world = World(pod, make_slice(pod))
    assert world.put(make_node()) == frozenset()
    touched = {node_key("node-a"), POD, address_key("10.1.0.1"), WEB}
    assert world.put(make_node(zone="a")) == touched
    assert world.put(msgspec.structs.replace(make_node(zone="a"))) == frozenset()
    assert world.delete(make_node(zone="a")) == touched


def test_a_namespace_touches_all_in_it_by_its_annotations():
    pod = make_pod()
    world = World(pod, make_slice(pod), make_service(), make_pod("far", "prod", ips=["10.2.0.1"]))
    assert world.put(make_namespace()) == frozenset()
    assert world.put(make_namespace(opaque_ports="80")) == {
        POD,
        address_key("10.1.0.1"),
        address_key("10.96.0.1"),
        service_key("shop", "web"),
        WEB,
    }
    assert world.put(make_namespace(opaque_ports="80")) == frozenset()


def test_a_replica_set_touches_its_pods_by_its_owner():
    pod = make_pod(owner=("ReplicaSet", "web-5d4"))
    world = World(pod, make_slice(pod))
    bare = ReplicaSet(ObjectMeta("web-5d4", "shop"))
    owned = msgspec.structs.replace(
        bare,
        metadata=ObjectMeta("web-5d4", "shop", owner_references=(make_owner("Deployment", "w"),)),
    )
    assert world.put(bare) == frozenset()
    assert world.put(owned) == {POD, address_key("10.1.0.1"), WEB}
    assert world.put(owned) == frozenset()


def test_what_is_not_of_interest_touches_nothing():
    index = Index()
    assert index.apply(Event(None, ConfigMap(ObjectMeta("x", "shop")))) == frozenset()
    assert index.apply(Event(make_node(), None)) == frozenset()


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("10.0.0.1", "10.0.0.1"),
        ("FD00:0:0::1", "fd00::1"),
        ("::ffff:10.0.0.1", "10.0.0.1"),
        ("010.0.0.1", None),
        ("example.test", None),
        ("", None),
    ],
)
def test_addresses_have_one_spelling(text, canonical):
    assert canonical_ip(text) == canonical
