"""Addresses of clusters, and whether this machine has them already."""

import ipaddress
import itertools

import pytest

from mesh_clusters.errors import Unsupported
from mesh_clusters.node.networks import LARGEST_INDEX, check_free, families, parse_routes

_IPV4_ROUTES = """\
Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT
eth0	00000000	010200C0	0003	0	0	0	00000000	0	0	0
eth0	000200C0	00000000	0001	0	0	0	00FFFFFF	0	0	0
mesh-a	0000930A	022F5A0A	0003	0	0	0	0000FFFF	0	0	0
"""
_IPV6_ROUTES = (
    "fd000010009000280000000000000002 80 00000000000000000000000000000000 00"
    " 00000000000000000000000000000000 00000400 00000002 00000000 00000001 mesh-a\n"
)


def test_a_mesh_takes_every_address_for_the_clusters() -> None:
    inside = [ipaddress.ip_network(net) for net in ("10.0.0.0/8", "fd00::/8")]
    for index in (0, LARGEST_INDEX):
        for family in families(index, ipv6=True):
            networks = (family.pods, family.services, ipaddress.ip_network(family.node))
            for network in networks:
                assert any(
                    network.version == outer.version and network.network_address in outer
                    for outer in inside
                )
            assert family.dns in family.services
            assert family.kubernetes in family.services


def test_no_two_clusters_meet() -> None:
    networks = [
        network
        for index in range(LARGEST_INDEX + 1)
        for family in families(index, ipv6=True)
        for network in (family.pods, family.services, ipaddress.ip_network(family.machine))
    ]
    for one, other in itertools.combinations(networks, 2):
        assert one.version != other.version or not one.overlaps(other)


@pytest.mark.parametrize("index", [-1, LARGEST_INDEX + 1])
def test_an_index_that_cannot_be(index: int) -> None:
    with pytest.raises(Unsupported, match=f"--index {index}: give a number from 0 to 49"):
        families(index, ipv6=False)


def test_routes_as_the_kernel_lists_them() -> None:
    assert [str(route) for route in parse_routes(_IPV4_ROUTES, _IPV6_ROUTES)] == [
        "0.0.0.0/0",
        "192.0.2.0/24",
        "10.147.0.0/16",
        "fd00:10:90:28::2/128",
    ]


@pytest.mark.parametrize(
    ("route", "free"),
    [
        ("0.0.0.0/0", True),
        ("10.0.0.0/8", True),
        ("10.101.0.0/16", True),
        ("10.90.1.2/32", True),
        ("10.100.0.0/16", False),
        ("10.100.3.0/24", False),
        ("10.150.7.7/32", False),
        ("10.90.0.2/32", False),
        ("fd00::/8", True),
        ("fd00:10:100::/64", False),
        ("fd00:10:90::1/128", False),
    ],
)
def test_a_network_that_is_routed_already_is_not_taken(route: str, free: bool) -> None:
    used, routes = families(0, ipv6=True), [ipaddress.ip_network(route)]
    if free:
        check_free(used, routes)
    else:
        with pytest.raises(Unsupported, match=f"already routes {route}, .* another --index"):
            check_free(used, routes)
