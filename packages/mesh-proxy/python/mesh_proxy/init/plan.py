"""The redirect as a pure plan: which connections of a pod go to its proxy.

`plan` turns typed choices into chains of rules. `syntax` writes them for people,
`netlink` for the kernel; both say the same, and a test compares the two in a real kernel.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from ipaddress import IPv4Network, IPv6Network

from .ports import PortRange, merge

# The one table. Its name is part of the contract: whoever wants to undo the
# redirect deletes `table inet mesh`, and a second run replaces exactly this.
TABLE = "mesh"

DEFAULT_INBOUND_PORT = 4143
DEFAULT_OUTBOUND_PORT = 4140
DEFAULT_PROXY_UID = 2102

# Before every other dstnat chain would have seen the packet, as iptables' nat does.
DSTNAT_PRIORITY = -100

Subnet = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class Redirect:
    """What to redirect. `proxy_uid`/`proxy_gid` None: that test is off."""

    incoming_port: int = DEFAULT_INBOUND_PORT
    outgoing_port: int = DEFAULT_OUTBOUND_PORT
    proxy_uid: int | None = DEFAULT_PROXY_UID
    proxy_gid: int | None = None
    # Inbound ports that are redirected; none given means all.
    redirected_ports: tuple[PortRange, ...] = ()
    ignored_inbound_ports: tuple[PortRange, ...] = ()
    ignored_outbound_ports: tuple[PortRange, ...] = ()
    # Peers whose inbound connections are left alone.
    ignored_subnets: tuple[Subnet, ...] = ()
    ipv6: bool = True


class Hook(Enum):
    """Where a chain sits; the value is the kernel's number of the inet hook."""

    PREROUTING = 0
    OUTPUT = 3


@dataclass(frozen=True, slots=True)
class Tcp:
    """The packet is TCP."""


@dataclass(frozen=True, slots=True)
class Ipv6:
    """The packet is IPv6."""


@dataclass(frozen=True, slots=True)
class EntersBy:
    """The packet came in by this interface."""

    name: str


@dataclass(frozen=True, slots=True)
class LeavesBy:
    """The packet goes out by this interface."""

    name: str


@dataclass(frozen=True, slots=True)
class SentByUser:
    """A process of this uid sent the packet."""

    uid: int


@dataclass(frozen=True, slots=True)
class SentByGroup:
    """A process of this gid sent the packet."""

    gid: int


@dataclass(frozen=True, slots=True)
class FromSubnet:
    """The packet's source lies in the subnet."""

    subnet: Subnet


@dataclass(frozen=True, slots=True)
class ToPorts:
    """TCP to one of these ports."""

    ports: PortRange


@dataclass(frozen=True, slots=True)
class NotToPort:
    """TCP to any other port."""

    port: int


Match = (
    Tcp | Ipv6 | EntersBy | LeavesBy | SentByUser | SentByGroup | FromSubnet | ToPorts | NotToPort
)


@dataclass(frozen=True, slots=True)
class Leave:
    """The connection goes where it wanted to go."""


@dataclass(frozen=True, slots=True)
class ToProxy:
    """The connection is redirected to this local port, and counted."""

    port: int


@dataclass(frozen=True, slots=True)
class Rule:
    """When every match holds, the verdict is final for the connection."""

    matches: tuple[Match, ...]
    verdict: Leave | ToProxy


@dataclass(frozen=True, slots=True)
class Chain:
    """A base chain of type nat; a connection that no rule takes is left alone."""

    name: str
    hook: Hook
    rules: tuple[Rule, ...]


def plan(redirect: Redirect) -> tuple[Chain, Chain]:
    """Return the two chains, inbound and outbound, for these choices."""
    return (
        Chain("inbound", Hook.PREROUTING, tuple(_inbound(redirect))),
        Chain("outbound", Hook.OUTPUT, tuple(_outbound(redirect))),
    )


def _inbound(redirect: Redirect) -> Iterator[Rule]:
    yield from _family(redirect)
    yield _leave(EntersBy("lo"))
    for ports in merge(redirect.ignored_inbound_ports):
        yield _leave(ToPorts(ports))
    for subnet in redirect.ignored_subnets:
        yield _leave(FromSubnet(subnet))
    # Peers of the mesh dial the proxy's own port; without a NAT entry the proxy
    # sees that it was meant itself, and there is no loop.
    not_itself = NotToPort(redirect.incoming_port)
    to_proxy = ToProxy(redirect.incoming_port)
    if not redirect.redirected_ports:
        yield Rule((not_itself,), to_proxy)
    for ports in merge(redirect.redirected_ports):
        yield Rule((not_itself, ToPorts(ports)), to_proxy)


def _outbound(redirect: Redirect) -> Iterator[Rule]:
    yield from _family(redirect)
    if redirect.proxy_uid is not None:
        yield _leave(SentByUser(redirect.proxy_uid))
    if redirect.proxy_gid is not None:
        yield _leave(SentByGroup(redirect.proxy_gid))
    yield _leave(LeavesBy("lo"))
    for ports in merge(redirect.ignored_outbound_ports):
        yield _leave(ToPorts(ports))
    yield Rule((Tcp(),), ToProxy(redirect.outgoing_port))


def _family(redirect: Redirect) -> Iterator[Rule]:
    if not redirect.ipv6:
        yield _leave(Ipv6())


def _leave(match: Match) -> Rule:
    return Rule((match,), Leave())
