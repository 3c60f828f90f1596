"""Label selectors, and the small judgements that structs make about themselves."""

import pytest

from mesh_core.resources import Pod, decode_as
from mesh_core.resources.endpoint_slice import Endpoint, EndpointConditions
from mesh_core.resources.metadata import (
    LabelSelector,
    LabelSelectorRequirement,
    ObjectMeta,
    OwnerReference,
)

LABELS = {"app": "web", "tier": "front"}


@pytest.mark.parametrize(
    "key, operator, values, expected",
    [
        ("app", "In", ("web", "api"), True),
        ("app", "In", ("api",), False),
        ("none", "In", ("web",), False),
        ("app", "NotIn", ("web",), False),
        ("app", "NotIn", ("api",), True),
        ("none", "NotIn", ("web",), True),
        ("app", "Exists", (), True),
        ("none", "Exists", (), False),
        ("app", "DoesNotExist", (), False),
        ("none", "DoesNotExist", (), True),
        ("app", "Like", ("web",), False),
    ],
)
def test_requirements(key, operator, values, expected):
    assert LabelSelectorRequirement(key, operator, values).matches(LABELS) is expected


def test_all_parts_of_a_selector_must_hold():
    exists = LabelSelectorRequirement("tier", "Exists")
    assert LabelSelector({"app": "web"}, (exists,)).matches(LABELS)
    assert not LabelSelector({"app": "api"}, (exists,)).matches(LABELS)
    assert not LabelSelector({"app": "web"}, (exists,)).matches({"app": "web"})


def test_an_empty_selector_selects_everything():
    assert LabelSelector().matches({})


def test_the_controller_is_the_owner_that_says_so():
    other = OwnerReference("v1", "Thing", "t")
    mine = OwnerReference("apps/v1", "ReplicaSet", "web-1", controller=True)
    assert ObjectMeta(owner_references=(other, mine)).controller is mine
    assert ObjectMeta(owner_references=(other,)).controller is None


@pytest.mark.parametrize("ready, expected", [(None, True), (True, True), (False, False)])
def test_unknown_readiness_of_an_endpoint_is_ready(ready, expected):
    assert Endpoint(("10.0.0.1",), EndpointConditions(ready=ready)).ready is expected


@pytest.mark.parametrize("status, expected", [("True", True), ("False", False), ("Unknown", False)])
def test_a_pod_is_ready_by_its_condition(status, expected):
    conditions = [{"type": "Initialized", "status": "True"}, {"type": "Ready", "status": status}]
    pod = decode_as(Pod, {"metadata": {"name": "p"}, "status": {"conditions": conditions}})
    assert pod.ready is expected


@pytest.mark.parametrize("phase, expected", [("Running", False), ("Failed", True), ("", False)])
def test_a_pod_that_ended_gives_up_its_addresses(phase, expected):
    pod = decode_as(Pod, {"metadata": {"name": "p"}, "status": {"phase": phase}})
    assert pod.terminated is expected


def test_the_tcp_ports_of_a_pod():
    spec = decode_as(
        Pod,
        {
            "metadata": {"name": "p"},
            "spec": {
                "initContainers": [{"name": "a", "ports": [{"containerPort": 81, "name": "x"}]}],
                "containers": [
                    {"name": "b", "ports": [{"containerPort": 80}, {"containerPort": 82}]},
                    {
                        "name": "c",
                        "ports": [
                            {"containerPort": 83, "name": "x"},
                            {"containerPort": 53, "name": "y", "protocol": "UDP"},
                        ],
                    },
                ],
            },
        },
    ).spec
    assert list(spec.tcp_ports()) == [80, 81, 82, 83]
    assert spec.named_tcp_ports() == {"x": 81}
