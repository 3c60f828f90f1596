"""From requests to questions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesh_destination.api.requests import (
    endpoints_question,
    inbound_question,
    outbound_question,
    profile_question,
)
from mesh_destination.views.endpoints import Endpoints
from mesh_destination.views.inbound import InboundServer
from mesh_destination.views.outbound import OutboundToAddress, OutboundToService
from mesh_destination.views.profile import ProfileOfAddress, ProfileOfName
from mesh_destination.views.refusals import InvalidQuestion, Refused, UnknownTarget
from mesh_destination.views.settings import Settings
from mesh_destination.views.wire import tcp_address
from mesh_proto.pb.destination_pb2 import GetDestination
from mesh_proto.pb.inbound_pb2 import PortSpec
from mesh_proto.pb.outbound_pb2 import TrafficSpec

SETTINGS = Settings()
WORKLOAD = '{"ns":"shop","pod":"client"}'


@pytest.mark.parametrize(
    ("path", "question"),
    [
        ("web.shop.svc.cluster.local:8080", Endpoints("shop", "web", 8080)),
        ("web.shop.svc.cluster.local", Endpoints("shop", "web", 80)),
        ("WEB.shop.svc.Cluster.Local.:8080", Endpoints("shop", "web", 8080)),
        ("web-0.web.shop.svc.cluster.local:80", Endpoints("shop", "web", 80, hostname="web-0")),
    ],
)
def test_names_to_balance_over(path, question):
    assert endpoints_question(GetDestination(path=path), SETTINGS) == question


@pytest.mark.parametrize(
    "path",
    [
        "",
        ":80",
        "10.96.0.1:80",
        "[fd00::1]:80",
        "web.shop.svc.cluster.local:http",
        "web.shop.svc.cluster.local:0",
        "web.shop.svc.cluster.local:65536",
        "web.shop",
        "example.test:80",
        "shop.svc.cluster.local:80",
        "a.b.web.shop.svc.cluster.local:80",
        "user@web.shop.svc.cluster.local:80",
        "x" * 5000,
    ],
)
def test_paths_that_are_no_services(path):
    with pytest.raises(InvalidQuestion, match=r"^Invalid authority: ") as caught:
        endpoints_question(GetDestination(path=path), SETTINGS)
    assert len(str(caught.value)) < 1000


def test_another_cluster_domain():
    settings = Settings(cluster_domain="k8s.test")
    path = "web.shop.svc.k8s.test:80"
    assert endpoints_question(GetDestination(path=path), settings) == Endpoints("shop", "web", 80)
    with pytest.raises(InvalidQuestion):
        endpoints_question(GetDestination(path="web.shop.svc.cluster.local"), settings)


@pytest.mark.parametrize(
    ("token", "node"),
    [
        ('{"ns":"shop","nodeName":"node-a","pod":"client"}', "node-a"),
        ('{"ns":"shop","pod":"client"}', ""),
        ("", ""),
        ("ns:shop", ""),
        ('{"nodeName": 7}', ""),
        ("[" * 100_000, ""),
    ],
)
def test_the_clients_node(token, node):
    request = GetDestination(path="web.shop.svc.cluster.local:80", context_token=token)
    assert endpoints_question(request, SETTINGS).node == node
    assert profile_question(request, SETTINGS).node == node


@pytest.mark.parametrize(
    ("path", "question"),
    [
        ("10.96.0.1:80", ProfileOfAddress("10.96.0.1", 80)),
        ("10.96.0.1", ProfileOfAddress("10.96.0.1", 80)),
        ("[FD00:0::1]:80", ProfileOfAddress("fd00::1", 80)),
        ("[::ffff:10.0.0.1]:80", ProfileOfAddress("10.0.0.1", 80)),
        ("web.shop.svc.cluster.local:81", ProfileOfName("shop", "web", 81)),
        (
            "web-0.web.shop.svc.cluster.local:81",
            ProfileOfName("shop", "web", 81, hostname="web-0"),
        ),
    ],
)
def test_what_has_a_profile(path, question):
    assert profile_question(GetDestination(path=path), SETTINGS) == question


@pytest.mark.parametrize("path", ["", "fd00::1:80", "example.test:80", "web.shop:80", "10.0.0:80"])
def test_what_has_no_profile(path):
    with pytest.raises(InvalidQuestion, match=r"^Invalid authority: "):
        profile_question(GetDestination(path=path), SETTINGS)


def outbound(**target):
    return outbound_question(TrafficSpec(source_workload=WORKLOAD, **target), SETTINGS)


def test_outbound_targets():
    by_address = outbound(addr=tcp_address("10.96.0.1", 80))
    assert by_address == OutboundToAddress("10.96.0.1", 80)
    assert outbound(addr=tcp_address("fd00::1", 80)) == OutboundToAddress("fd00::1", 80)
    mapped = outbound(addr=tcp_address("::ffff:10.96.0.1", 80))
    assert mapped == by_address
    assert outbound(authority="10.96.0.1:80") == by_address
    named = OutboundToService("shop", "web", 80)
    assert outbound(authority="web.shop.svc.cluster.local") == named


@pytest.mark.parametrize(
    ("target", "refusal"),
    [
        ({}, InvalidQuestion),
        ({"addr": tcp_address("10.96.0.1", 0)}, InvalidQuestion),
        ({"addr": tcp_address("10.96.0.1", 65536)}, InvalidQuestion),
        ({"authority": "example.test"}, InvalidQuestion),
        ({"authority": "web-0.web.shop.svc.cluster.local"}, UnknownTarget),
    ],
    ids=str,
)
def test_outbound_targets_that_are_refused(target, refusal):
    with pytest.raises(refusal):
        outbound(**target)
    with pytest.raises(InvalidQuestion, match="no IP"):
        outbound_question(TrafficSpec(source_workload=WORKLOAD, addr={"port": 80}), SETTINGS)


@pytest.mark.parametrize(
    "workload", [WORKLOAD, "shop:client", '{"pod":"client","ns":"shop","x":1}']
)
def test_a_workload_has_two_spellings(workload):
    spec = PortSpec(workload=workload, port=8080)
    assert inbound_question(spec) == InboundServer("shop", "client", 8080)


@pytest.mark.parametrize(
    ("workload", "port", "refusal"),
    [
        ("", 80, InvalidQuestion),
        ("shop", 80, InvalidQuestion),
        ("{}", 80, InvalidQuestion),
        ('{"ns": 1}', 80, InvalidQuestion),
        ("[" * 10_000, 80, InvalidQuestion),
        (WORKLOAD, 0, InvalidQuestion),
        (WORKLOAD, 65536, InvalidQuestion),
        ('{"ns":"shop","external_workload":"vm"}', 80, UnknownTarget),
        ("shop:" + "a" * 60_000, 80, InvalidQuestion),
        ("a" * 60_000 + ":web", 80, InvalidQuestion),
        ('{"ns":"shop","pod":"a/b"}', 80, InvalidQuestion),
        ('{"ns":"","pod":"web"}', 80, InvalidQuestion),
    ],
)
def test_port_specs_that_are_refused(workload, port, refusal):
    with pytest.raises(refusal) as caught:
        inbound_question(PortSpec(workload=workload, port=port))
    assert len(str(caught.value)) < 1000


@given(st.text())
def test_any_text_gets_a_question_or_a_reason(text):
    requests = (
        lambda: endpoints_question(GetDestination(path=text, context_token=text), SETTINGS),
        lambda: profile_question(GetDestination(path=text, context_token=text), SETTINGS),
        lambda: outbound(authority=text),
        lambda: inbound_question(PortSpec(workload=text, port=80)),
    )
    for ask in requests:
        try:
            assert hash(ask()) is not None
        except Refused as refusal:
            assert str(refusal)  # noqa: PT017 - either way is right
