"""Networks as operators and annotations write them."""

from ipaddress import ip_network

import pytest

from mesh_core.networks import CLUSTER_NETWORKS, parse_networks


@pytest.mark.parametrize(
    "text, expected",
    [
        ("", []),
        (" 10.0.0.0/8 , fd00::/8,", ["10.0.0.0/8", "fd00::/8"]),
        ("10.1.2.3/8", ["10.0.0.0/8"]),
        ("192.0.2.7", ["192.0.2.7/32"]),
    ],
)
def test_networks(text: str, expected: list[str]) -> None:
    assert parse_networks(text) == tuple(map(ip_network, expected))


@pytest.mark.parametrize("text", ["10.0.0.0/33", "10.0.0", "everywhere", "10.0.0.0-10.0.0.9"])
def test_what_is_no_network(text: str) -> None:
    with pytest.raises(ValueError, match="does not appear"):
        parse_networks(text)


def test_strictly_a_network_ends_with_zeros() -> None:
    assert parse_networks("10.0.0.0/8", strict=True) == (ip_network("10.0.0.0/8"),)
    with pytest.raises(ValueError, match="host bits"):
        parse_networks("10.1.2.3/8", strict=True)


def test_the_clusters_own() -> None:
    assert ip_network("100.64.0.0/10") in CLUSTER_NETWORKS
