"""The plan, judged by walking its rules as the kernel would."""

import ipaddress
from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesh_proxy.init import plan as p
from mesh_proxy.init.ports import PortRange
from mesh_proxy.init.syntax import document

V4_PEER = ipaddress.ip_address("10.99.0.2")
V6_PEER = ipaddress.ip_address("fd99::2")


@dataclass(frozen=True)
class Packet:
    """The first packet of a connection, as a nat chain sees it."""

    port: int = 80
    source: ipaddress.IPv4Address | ipaddress.IPv6Address = V4_PEER
    interface: str = "eth0"
    uid: int = 0
    gid: int = 0
    tcp: bool = True


def holds(match, packet):  # noqa: PLR0911 - one line for each kind of match
    match match:
        case p.Tcp():
            return packet.tcp
        case p.Ipv6():
            return packet.source.version == 6
        case p.EntersBy(name) | p.LeavesBy(name):
            return packet.interface == name
        case p.SentByUser(uid):
            return packet.uid == uid
        case p.SentByGroup(gid):
            return packet.gid == gid
        case p.FromSubnet(subnet):
            return packet.source in subnet
        case p.ToPorts(ports):
            return packet.tcp and packet.port in ports
        case p.NotToPort(port):
            return packet.tcp and packet.port != port


def lands(chain, packet):
    """Return the local port that a connection is redirected to, or None."""
    for rule in chain.rules:
        if all(holds(match, packet) for match in rule.matches):
            return rule.verdict.port if isinstance(rule.verdict, p.ToProxy) else None
    return None


def inbound(packet, **choices):
    return lands(p.plan(p.Redirect(**choices))[0], packet)


def outbound(packet, **choices):
    return lands(p.plan(p.Redirect(**choices))[1], packet)


def test_all_tcp_goes_to_the_proxy():
    assert inbound(Packet(port=8080)) == 4143
    assert outbound(Packet(port=8080)) == 4140
    assert inbound(Packet(port=8080), incoming_port=5143) == 5143
    assert outbound(Packet(port=8080), outgoing_port=5140) == 5140


@pytest.mark.parametrize("judge", [inbound, outbound])
def test_other_protocols_and_loopback_do_not(judge):
    assert judge(Packet(tcp=False)) is None
    assert judge(Packet(interface="lo")) is None


def test_the_proxy_itself_goes_out_directly():
    assert outbound(Packet(uid=2102)) is None
    assert outbound(Packet(uid=2102), proxy_uid=999) == 4140
    assert outbound(Packet(uid=2102), proxy_uid=None, proxy_gid=7) == 4140
    assert outbound(Packet(gid=7), proxy_uid=None, proxy_gid=7) is None
    assert outbound(Packet(uid=0, gid=0), proxy_uid=0) is None


def test_the_proxys_inbound_port_is_reached_without_redirect():
    assert inbound(Packet(port=4143)) is None
    assert inbound(Packet(port=4140)) == 4143, "nobody outside may use the outbound side"


def test_ignored_ports_count_in_their_direction_only():
    ignored = (PortRange(25, 25), PortRange(4567, 4568))
    for port in (25, 4567, 4568):
        assert inbound(Packet(port=port), ignored_inbound_ports=ignored) is None
        assert outbound(Packet(port=port), ignored_inbound_ports=ignored) == 4140
        assert outbound(Packet(port=port), ignored_outbound_ports=ignored) is None
    assert inbound(Packet(port=4569), ignored_inbound_ports=ignored) == 4143


def test_only_listed_inbound_ports_are_redirected():
    listed = (PortRange(80, 80), PortRange(4100, 4200))
    assert inbound(Packet(port=80), redirected_ports=listed) == 4143
    assert inbound(Packet(port=81), redirected_ports=listed) is None
    assert inbound(Packet(port=4143), redirected_ports=listed) is None
    assert outbound(Packet(port=81), redirected_ports=listed) == 4140


def test_an_ignored_port_wins_over_a_listed_one():
    both = (PortRange(80, 80),)
    assert inbound(Packet(port=80), redirected_ports=both, ignored_inbound_ports=both) is None


def test_ignored_subnets_are_an_inbound_source():
    subnets = (ipaddress.ip_network("10.99.0.0/24"), ipaddress.ip_network("fd99::/64"))
    assert inbound(Packet(), ignored_subnets=subnets) is None
    assert inbound(Packet(source=V6_PEER), ignored_subnets=subnets) is None
    elsewhere = ipaddress.ip_address("10.98.0.1")
    assert inbound(Packet(source=elsewhere), ignored_subnets=subnets) == 4143
    assert outbound(Packet(), ignored_subnets=subnets) == 4140


def test_without_ipv6_only_ipv4_is_redirected():
    assert inbound(Packet(source=V6_PEER), ipv6=False) is None
    assert outbound(Packet(source=V6_PEER), ipv6=False) is None
    assert inbound(Packet(), ipv6=False) == 4143


port = st.integers(1, 65535)
port_ranges = st.lists(
    st.builds(lambda a, b: PortRange(min(a, b), max(a, b)), port, port), max_size=4
).map(tuple)
redirects = st.builds(
    p.Redirect,
    incoming_port=port,
    outgoing_port=port,
    proxy_uid=st.none() | st.integers(0, 5),
    proxy_gid=st.none() | st.integers(0, 5),
    redirected_ports=port_ranges,
    ignored_inbound_ports=port_ranges,
    ignored_outbound_ports=port_ranges,
    ignored_subnets=st.lists(
        st.sampled_from([*map(ipaddress.ip_network, ["10.99.0.2", "::/0"])])
    ).map(tuple),
    ipv6=st.booleans(),
)
packets = st.builds(
    Packet,
    port=port,
    source=st.sampled_from([V4_PEER, V6_PEER]),
    interface=st.sampled_from(["lo", "eth0"]),
    uid=st.integers(0, 5),
    gid=st.integers(0, 5),
    tcp=st.booleans(),
)


@given(redirects, packets)
def test_the_plan_is_the_sentence(redirect, packet):
    """Redirected exactly when no exception names the connection, whatever the choices."""
    inbound_chain, outbound_chain = p.plan(redirect)
    ours = packet.tcp and packet.interface != "lo" and (redirect.ipv6 or packet.source.version == 4)
    listed = redirect.redirected_ports or (PortRange(1, 65535),)
    goes_in = (
        ours
        and packet.port != redirect.incoming_port
        and any(packet.port in r for r in listed)
        and not any(packet.port in r for r in redirect.ignored_inbound_ports)
        and not any(packet.source in s for s in redirect.ignored_subnets)
    )
    goes_out = (
        ours
        and packet.uid != redirect.proxy_uid
        and packet.gid != redirect.proxy_gid
        and not any(packet.port in r for r in redirect.ignored_outbound_ports)
    )
    assert lands(inbound_chain, packet) == (redirect.incoming_port if goes_in else None)
    assert lands(outbound_chain, packet) == (redirect.outgoing_port if goes_out else None)


def test_dry_run_text():
    redirect = replace(p.Redirect(), ignored_inbound_ports=(PortRange(4190, 4191),), proxy_gid=7)
    assert document(p.plan(redirect)) == (
        "table inet mesh\n"
        "delete table inet mesh\n"
        "table inet mesh {\n"
        "    chain inbound {\n"
        "        type nat hook prerouting priority -100; policy accept;\n"
        '        iifname "lo" return\n'
        "        tcp dport 4190-4191 return\n"
        "        tcp dport != 4143 counter redirect to :4143\n"
        "    }\n\n"
        "    chain outbound {\n"
        "        type nat hook output priority -100; policy accept;\n"
        "        meta skuid 2102 return\n"
        "        meta skgid 7 return\n"
        '        oifname "lo" return\n'
        "        meta l4proto tcp counter redirect to :4140\n"
        "    }\n"
        "}\n"
    )
