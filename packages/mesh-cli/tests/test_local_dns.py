import asyncio
import ipaddress

import dns.message
import dns.rcode
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesh_cli.local import dns_zone
from mesh_cli.local.dns_server import DnsServer, answer
from mesh_core.resources import EndpointSlice, Pod, Service, decode_as


def service(name, ip="10.96.0.20", **spec):
    return decode_as(
        Service,
        {
            "metadata": {"name": name, "namespace": "shop"},
            "spec": {"clusterIP": ip, "ports": [{"name": "http", "port": 80}], **spec},
        },
    )


def slice_of(name, *addresses, hostname="", ready=True):
    return decode_as(
        EndpointSlice,
        {
            "metadata": {
                "name": f"{name}-x",
                "namespace": "shop",
                "labels": {"kubernetes.io/service-name": name},
            },
            "addressType": "IPv4",
            "ports": [{"name": "http", "port": 8080}],
            "endpoints": [
                {"addresses": [a], "conditions": {"ready": ready}, "hostname": hostname}
                for a in addresses
            ],
        },
    )


POD = decode_as(
    Pod,
    {
        "metadata": {"name": "p", "namespace": "shop"},
        "status": {"podIP": "10.244.0.7"},
    },
)
ZONE = dns_zone.build(
    [
        service("web"),
        service("heads", "None"),
        service("sets", "None"),
        service("idle", "None"),
        service("away", "", type="ExternalName", externalName="example.org"),
    ],
    [
        slice_of("web", "10.244.0.5"),
        slice_of("heads", "10.244.0.5", "10.244.0.6"),
        slice_of("sets", "10.244.0.8", hostname="first"),
        slice_of("idle", "10.244.0.9", ready=False),
    ],
    [POD],
)


def ask(name, kind="A"):
    reply = answer(ZONE, dns.message.make_query(name, kind))
    assert reply is not None
    values = [str(item) for rrset in reply.answer for item in rrset]
    return dns.rcode.to_text(reply.rcode()), sorted(values)


@pytest.mark.parametrize(
    "name, kind, expected",
    [
        ("web.shop.svc.cluster.local.", "A", ["10.96.0.20"]),
        ("WEB.Shop.svc.cluster.local.", "A", ["10.96.0.20"]),
        ("web.shop.svc.cluster.local.", "AAAA", []),
        ("_http._tcp.web.shop.svc.cluster.local.", "SRV", ["0 100 80 web.shop.svc.cluster.local."]),
        ("web.shop.svc.cluster.local.", "SRV", ["0 100 80 web.shop.svc.cluster.local."]),
        ("heads.shop.svc.cluster.local.", "A", ["10.244.0.5", "10.244.0.6"]),
        ("10-244-0-6.heads.shop.svc.cluster.local.", "A", ["10.244.0.6"]),
        ("first.sets.shop.svc.cluster.local.", "A", ["10.244.0.8"]),
        ("sets.shop.svc.cluster.local.", "SRV", ["0 100 8080 first.sets.shop.svc.cluster.local."]),
        ("away.shop.svc.cluster.local.", "A", ["example.org."]),
        ("10-244-0-7.shop.pod.cluster.local.", "A", ["10.244.0.7"]),
        ("20.0.96.10.in-addr.arpa.", "PTR", ["web.shop.svc.cluster.local."]),
        ("8.0.244.10.in-addr.arpa.", "PTR", ["first.sets.shop.svc.cluster.local."]),
        ("shop.svc.cluster.local.", "A", []),
    ],
)
def test_known_names(name, kind, expected):
    assert ask(name, kind) == ("NOERROR", expected)


@pytest.mark.parametrize(
    "name",
    [
        "nobody.shop.svc.cluster.local.",
        "idle.shop.svc.cluster.local.",
        "9.9.9.9.in-addr.arpa.",
    ],
)
def test_other_cluster_names_do_not_exist(name):
    assert ask(name) == ("NXDOMAIN", [])


def test_other_names_are_somebody_elses():
    assert answer(ZONE, dns.message.make_query("example.org.", "A")) is None


def server() -> DnsServer:
    made = DnsServer([ipaddress.ip_address("127.0.0.1")], None, -1)
    made.replace(ZONE)
    return made


async def test_without_a_forwarder_other_names_do_not_exist():
    query = dns.message.make_query("example.org.", "A").to_wire()
    reply = await server().reply(query, limit=1232)
    assert reply is not None
    assert dns.message.from_wire(reply).rcode() == dns.rcode.NXDOMAIN


async def test_a_long_answer_is_cut_for_udp_and_whole_for_tcp():
    many = [f"10.244.1.{n}" for n in range(1, 200)]
    made = server()
    made.replace(dns_zone.build([service("big", "None")], [slice_of("big", *many)], []))
    query = dns.message.make_query("big.shop.svc.cluster.local.", "A").to_wire()
    short = dns.message.from_wire(await made.reply(query, limit=1232) or b"")
    assert "TC" in dns.flags.to_text(short.flags)
    whole = dns.message.from_wire(await made.reply(query, limit=65535) or b"")
    assert len(whole.answer[0]) == 199


@given(st.binary(max_size=600))
def test_no_bytes_break_the_server(data):
    reply = asyncio.run(server().reply(data, limit=1232))
    assert reply is None or len(reply) >= 12


@given(st.binary(min_size=4, max_size=64), st.binary(max_size=40))
def test_a_damaged_query_gets_a_short_answer_or_none(head, tail):
    query = dns.message.make_query("web.shop.svc.cluster.local.", "A").to_wire()
    reply = asyncio.run(server().reply(query[:2] + b"\1\0" + head + query[12:] + tail, limit=1232))
    assert reply is None or len(reply) <= 1232
