"""Which addresses a cluster has; the index keeps clusters on one machine apart."""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from mesh_clusters.errors import Unsupported

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

LARGEST_INDEX = 49
# The tenth address of the services, as everywhere.
_DNS = 10


@dataclass(frozen=True, slots=True)
class Family:
    """The addresses of one IP version.

    All lie in the ranges that a mesh takes for a cluster's by default (`clusterNetworks`).
    """

    machine: Address
    node: Address
    pods: Network
    # The part of `pods` that the only node hands out.
    node_pods: Network
    services: Network

    @property
    def dns(self) -> Address:
        """The cluster's DNS server."""
        return self.services[_DNS]

    @property
    def kubernetes(self) -> Address:
        """The API server's Service."""
        return self.services[1]

    @classmethod
    def ipv4(cls, index: int) -> Self:
        """10.90.INDEX.1 and .2, pods in 10.(100+INDEX), services in 10.(150+INDEX)."""
        return cls(
            ipaddress.ip_address(f"10.90.{index}.1"),
            ipaddress.ip_address(f"10.90.{index}.2"),
            ipaddress.ip_network(f"10.{100 + index}.0.0/16"),
            ipaddress.ip_network(f"10.{100 + index}.0.0/24"),
            ipaddress.ip_network(f"10.{150 + index}.0.0/16"),
        )

    @classmethod
    def ipv6(cls, index: int) -> Self:
        """The same below fd00:10."""
        return cls(
            ipaddress.ip_address(f"fd00:10:90:{index}::1"),
            ipaddress.ip_address(f"fd00:10:90:{index}::2"),
            ipaddress.ip_network(f"fd00:10:{100 + index}::/56"),
            ipaddress.ip_network(f"fd00:10:{100 + index}::/64"),
            ipaddress.ip_network(f"fd00:10:{150 + index}::/112"),
        )


def families(index: int, *, ipv6: bool) -> tuple[Family, ...]:
    """The address families of a cluster, IPv4 first; raises Unsupported for a bad index."""
    if not 0 <= index <= LARGEST_INDEX:
        raise Unsupported(f"--index {index}: give a number from 0 to {LARGEST_INDEX}")
    first = Family.ipv4(index)
    return (first, Family.ipv6(index)) if ipv6 else (first,)


def check_free(used: Iterable[Family], routes: Iterable[Network]) -> None:
    """Raise Unsupported where this machine already has a way into one of the networks.

    A wider route (a VPN's 10.0.0.0/8) may stay: ours wins, for these addresses only.
    """
    for family in used:
        link = ipaddress.ip_network(family.node).supernet(new_prefix=family.node.max_prefixlen - 2)
        for network in (family.pods, family.services, link):
            for route in routes:
                if route.version == network.version and _within(route, network):
                    raise Unsupported(
                        f"this machine already routes {route}, which a cluster here would use"
                        f" ({network}); choose another --index (0 to {LARGEST_INDEX})"
                    )


def _within(route: Network, network: Network) -> bool:
    shift = network.max_prefixlen - network.prefixlen
    same = int(route.network_address) >> shift == int(network.network_address) >> shift
    return same and route.prefixlen >= network.prefixlen


def parse_routes(ipv4: str, ipv6: str) -> tuple[Network, ...]:
    """The destinations in `/proc/net/route` and `/proc/net/ipv6_route`."""
    found: list[Network] = []
    for line in ipv4.splitlines()[1:]:
        words = line.split()
        # Host byte order, which is little endian on all that we build for.
        address, mask = (int.from_bytes(bytes.fromhex(words[n]), "little") for n in (1, 7))
        found.append(ipaddress.IPv4Network((address, mask.bit_count())))
    for line in ipv6.splitlines():
        words = line.split()
        found.append(ipaddress.IPv6Network((int(words[0], 16), int(words[1], 16))))
    return tuple(found)
