"""IP networks, as in `10.0.0.0/8,fd00::/8`."""

from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import TypeAlias

Network: TypeAlias = IPv4Network | IPv6Network


def parse_networks(text: str, *, strict: bool = False) -> tuple[Network, ...]:
    """Read networks with commas between; a single address is one too. Raises ValueError.

    Bits behind the prefix are dropped: `10.1.2.3/8` is 10.0.0.0/8. With `strict` they are an error.
    """
    elements = filter(None, map(str.strip, text.split(",")))
    return tuple(ip_network(element, strict=strict) for element in elements)


EVERYWHERE = parse_networks("0.0.0.0/0,::/0")
"""All addresses of both families."""

CLUSTER_NETWORKS = parse_networks("10.0.0.0/8,100.64.0.0/10,172.16.0.0/12,192.168.0.0/16,fd00::/8")
"""Where pods and Services live unless an installation says otherwise."""
