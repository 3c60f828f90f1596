import ipaddress
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesh_cli.local import links, nftables, service_table
from mesh_cli.local.netlink import (
    NETLINK_ROUTE,
    Message,
    NetlinkError,
    NetlinkSocket,
    attribute,
    decode_answers,
    encode,
    nested,
)
from mesh_cli.local.preconditions import in_child
from mesh_cli.local.service_table import Route, Target
from mesh_cli.local.settings import DNS_ADDRESSES, GATEWAYS, SERVICE_NETWORKS


def address(text):
    return ipaddress.ip_address(text)


ROUTES = [
    Route(
        address("10.96.1.1"),
        "TCP",
        80,
        (Target(address("10.244.0.2"), 8080), Target(address("10.244.0.3"), 8080)),
    ),
    Route(address("fd00:10:96::5"), "UDP", 53, (Target(address("fd00:10:244::2"), 53),)),
    Route(address("10.96.1.2"), "TCP", 80, ()),
]


def test_attributes_are_padded_and_count_themselves():
    assert attribute(1, b"abc") == struct.pack("=HH", 7, 1) + b"abc\0"
    assert nested(2, attribute(1, b"")) == struct.pack("=HH", 8, 0x8002) + struct.pack("=HH", 4, 1)


def test_messages_are_numbered_by_position():
    data = encode([Message(16, 4, b"12345", "a"), Message(17, 4, b"", "b")])
    assert struct.unpack_from("=IHHII", data) == (21, 16, 5, 1, 0)
    assert struct.unpack_from("=IHHII", data, 24) == (16, 17, 5, 2, 0)


@given(st.binary(max_size=200))
def test_no_answer_breaks_the_reader(data):
    list(decode_answers(data))


def test_a_route_is_named_the_same_as_long_as_it_exists():
    names = {service_table.chain_name(route) for route in ROUTES}
    assert len(names) == 3
    assert all(len(name) < 32 for name in names)


def test_every_pick_is_equally_likely():
    # Of n targets the first is picked once in n, the next once in n-1 of the rest, and so on.
    targets = tuple(Target(address(f"10.244.0.{n}"), 80) for n in range(2, 6))
    messages = service_table.plan([Route(address("10.96.1.1"), "TCP", 80, targets)], [], [])
    picks = [m for m in messages if m.what.startswith("add a rule to chain svc-")]
    assert len(picks) == 4
    moduli = [struct.pack("!I", n) in m.body for n, m in zip((4, 3, 2), picks, strict=False)]
    assert moduli == [True, True, True]
    assert b"numgen" not in picks[-1].body


@pytest.mark.netns
def test_the_kernel_takes_the_whole_plan_again_and_again():
    def attempt() -> str:
        from mesh_cli.local import kernel
        from mesh_cli.local.kernel import Namespace

        kernel.unshare(Namespace.NET)
        with NetlinkSocket(NETLINK_ROUTE) as netlink:
            netlink.execute(links.router_plan(GATEWAYS, SERVICE_NETWORKS, DNS_ADDRESSES))
        for _ in range(2):
            nftables.commit(service_table.plan(ROUTES, SERVICE_NETWORKS, DNS_ADDRESSES))
        return "done"

    assert in_child(attempt) == "done"


@pytest.mark.netns
def test_a_refused_message_is_named_and_changes_nothing():
    def attempt() -> str:
        from mesh_cli.local import kernel
        from mesh_cli.local.kernel import Namespace

        kernel.unshare(Namespace.NET)
        try:
            nftables.commit([*nftables.replace_table("a"), nftables.rule("a", "missing", [])])
        except NetlinkError as problem:
            return problem.what
        return "nothing"

    assert in_child(attempt) == "add a rule to chain missing"
