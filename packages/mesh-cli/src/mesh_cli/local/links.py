"""The network of a local mesh as rtnetlink messages: a router and one link per pod.

There is no bridge. The mesh's own net namespace routes, with one point-to-point veth per
pod and host routes (/32, /128): a bridge would carry pod-to-pod packets past the service
table unless br_netfilter is loaded. Every router end has the same gateway address.
"""

import errno
import ipaddress
import socket
import struct
from collections.abc import Sequence

from mesh_cli.local.netlink import (
    NLM_F_ACK,
    NLM_F_CREATE,
    NLM_F_EXCL,
    NLM_F_REPLACE,
    Message,
    attribute,
    host32,
    nested,
    text,
)

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

LOOPBACK_INDEX = 1
POD_LINK = "eth0"
# The pod's end gets this number, which is free in a fresh namespace: no query is needed.
POD_LINK_INDEX = 2
SERVICE_LINK = "services"
# Above every pod's number, which is its link's index on the router.
SERVICE_LINK_INDEX = 1 << 17

_NEWLINK, _DELLINK, _NEWADDR, _NEWROUTE = 16, 17, 20, 24
_CREATE = NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL
_REPLACE = NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE
_IFF_UP = 1
_IFLA_IFNAME, _IFLA_LINKINFO, _IFLA_NET_NS_FD = 3, 18, 28
_INFO_KIND, _INFO_DATA, _VETH_PEER = 1, 2, 1
_IFA_ADDRESS, _IFA_LOCAL, _IFA_F_NODAD, _IFA_F_PERMANENT = 1, 2, 0x02, 0x80
_RTA_DST, _RTA_OIF, _RTA_GATEWAY, _RTA_PREFSRC = 1, 4, 5, 7
_TABLE_MAIN, _PROTOCOL_BOOT, _UNICAST = 254, 3, 1
_SCOPE_UNIVERSE, _SCOPE_LINK = 0, 253


def _link_header(index: int = 0, flags: int = 0, change: int = 0) -> bytes:
    return struct.pack("=BxHiII", socket.AF_UNSPEC, 0, index, flags, change)


def _family(address: Address | Network) -> int:
    return socket.AF_INET if address.version == 4 else socket.AF_INET6


def create_pair(name: str, index: int, namespace: int) -> Message:
    """A veth pair: the router's end here, `eth0` in the namespace of that descriptor."""
    far = _link_header(POD_LINK_INDEX) + text(_IFLA_IFNAME, POD_LINK)
    return _pair(name, index, far + host32(_IFLA_NET_NS_FD, namespace))


def _pair(name: str, index: int, far: bytes) -> Message:
    peer = attribute(_VETH_PEER, far)
    info = nested(_IFLA_LINKINFO, text(_INFO_KIND, "veth"), nested(_INFO_DATA, peer))
    body = _link_header(index) + text(_IFLA_IFNAME, name) + info
    return Message(_NEWLINK, _CREATE, body, f"create link {name}")


def delete_link(index: int) -> Message:
    """Remove a link and its peer; one that is already gone is fine."""
    return Message(
        _DELLINK, NLM_F_ACK, _link_header(index), f"delete link {index}", (errno.ENODEV,)
    )


def set_up(index: int) -> Message:
    """Bring a link up."""
    return Message(
        _NEWLINK, NLM_F_ACK, _link_header(index, _IFF_UP, _IFF_UP), f"set link {index} up"
    )


def add_address(index: int, address: Address) -> Message:
    """Give a link one address of its own (/32, /128), usable at once (no DAD)."""
    flags = _IFA_F_PERMANENT | (_IFA_F_NODAD if address.version == 6 else 0)
    header = struct.pack(
        "=BBBBI", _family(address), address.max_prefixlen, flags, _SCOPE_UNIVERSE, index
    )
    body = header + attribute(_IFA_LOCAL, address.packed) + attribute(_IFA_ADDRESS, address.packed)
    return Message(_NEWADDR, _REPLACE, body, f"add address {address} to link {index}")


def add_route(
    destination: Network,
    index: int,
    *,
    gateway: Address | None = None,
    source: Address | None = None,
) -> Message:
    """Route a network through a link, directly or by a gateway on it."""
    scope = _SCOPE_UNIVERSE if gateway or destination.version == 6 else _SCOPE_LINK
    header = struct.pack(
        "=BBBBBBBBI",
        *(_family(destination), destination.prefixlen, 0, 0),
        *(_TABLE_MAIN, _PROTOCOL_BOOT, scope, _UNICAST, 0),
    )
    body = header + attribute(_RTA_DST, destination.network_address.packed)
    body += host32(_RTA_OIF, index)
    if gateway is not None:
        body += attribute(_RTA_GATEWAY, gateway.packed)
    if source is not None:
        body += attribute(_RTA_PREFSRC, source.packed)
    return Message(_NEWROUTE, _REPLACE, body, f"add route {destination} on link {index}")


def host_network(address: Address) -> Network:
    """The network that holds only this address."""
    return ipaddress.ip_network(address)


def everywhere(version: int) -> Network:
    """The default route's destination."""
    return ipaddress.ip_network("0.0.0.0/0" if version == 4 else "::/0")


def router_plan(
    gateways: Sequence[Address], services: Sequence[Network], own: Sequence[Address]
) -> list[Message]:
    """What the router needs once: its addresses, and a way to service addresses.

    Service addresses are routed to a link of their own only so that packets get past the
    route look-up; the service table rewrites each before it is sent, or refuses it. Not to
    `lo`: the kernel takes an IPv6 route through it for "unreachable" and refuses by itself,
    which a client learns a second later.
    """
    far = _link_header(SERVICE_LINK_INDEX + 1) + text(_IFLA_IFNAME, f"{SERVICE_LINK}-far")
    messages = [
        set_up(LOOPBACK_INDEX),
        _pair(SERVICE_LINK, SERVICE_LINK_INDEX, far),
        set_up(SERVICE_LINK_INDEX),
        set_up(SERVICE_LINK_INDEX + 1),
    ]
    messages += [add_address(LOOPBACK_INDEX, address) for address in (*gateways, *own)]
    by_version = {gateway.version: gateway for gateway in gateways}
    for network in services:
        if gateway := by_version.get(network.version):
            messages.append(add_route(network, SERVICE_LINK_INDEX, source=gateway))
    return messages


def attach_plan(
    name: str, index: int, namespace: int, addresses: Sequence[Address], gateways: Sequence[Address]
) -> list[Message]:
    """The router's side of a new pod."""
    messages = [create_pair(name, index, namespace), set_up(index)]
    messages += [add_address(index, gateway) for gateway in gateways]
    messages += [add_route(host_network(address), index) for address in addresses]
    return messages


def pod_plan(addresses: Sequence[Address], gateways: Sequence[Address]) -> list[Message]:
    """The pod's side: its addresses, and everything else through the gateway."""
    messages = [set_up(LOOPBACK_INDEX), set_up(POD_LINK_INDEX)]
    messages += [add_address(POD_LINK_INDEX, address) for address in addresses]
    for gateway in gateways:
        messages.append(add_route(host_network(gateway), POD_LINK_INDEX))
        messages.append(add_route(everywhere(gateway.version), POD_LINK_INDEX, gateway=gateway))
    return messages
