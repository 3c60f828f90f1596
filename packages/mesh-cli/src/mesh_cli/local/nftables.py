"""The few nftables expressions that the service table needs, as netlink messages.

Only encoding: which rules there are is decided in `service_table`. Numbers are those of
`linux/netfilter/nf_tables.h`; all 32-bit values travel in network byte order.
"""

import errno
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from mesh_cli.local.links import Address, Network
from mesh_cli.local.netlink import (
    NETLINK_NETFILTER,
    NLM_F_ACK,
    NLM_F_APPEND,
    NLM_F_CREATE,
    Message,
    NetlinkError,
    NetlinkSocket,
    attribute,
    nested,
    network32,
    text,
)

TCP, UDP = 6, 17

_BATCH_BEGIN, _BATCH_END = 16, 17
_SUBSYSTEM = 10
_NEWTABLE, _DELTABLE, _NEWCHAIN, _NEWRULE = 0, 2, 3, 6
_INET = 1
_REG_VERDICT, _REG_1, _REG_2 = 0, 1, 2
_NETWORK_HEADER, _TRANSPORT_HEADER = 1, 2
_CMP_EQUAL = 0
_META_NFPROTO, _META_L4PROTO = 15, 16
_NFPROTO = {4: 2, 6: 10}
_ACCEPT, _GOTO = 1, -4
_DESTINATION_OFFSET = {4: (16, 4), 6: (24, 16)}
_SOURCE_OFFSET = {4: (12, 4), 6: (8, 16)}


class Hook(IntEnum):
    """Where a base chain sits (NF_INET_*)."""

    PREROUTING = 0
    FORWARD = 2
    OUTPUT = 3
    POSTROUTING = 4


@dataclass(frozen=True, slots=True)
class BaseChain:
    """A chain that the kernel calls."""

    name: str
    kind: str
    hook: Hook
    priority: int


Expression = bytes


def _expression(name: str, *attributes: bytes) -> Expression:
    return nested(1, text(1, name), nested(2, *attributes))


def _data(kind: int, value: bytes) -> bytes:
    return nested(kind, attribute(1, value))


def _compare(value: bytes) -> Expression:
    return _expression("cmp", network32(1, _REG_1), network32(2, _CMP_EQUAL), _data(3, value))


def _load(base: int, offset: int, length: int) -> Expression:
    return _expression(
        "payload",
        *(network32(1, _REG_1), network32(2, base), network32(3, offset), network32(4, length)),
    )


def _meta(key: int) -> Expression:
    return _expression("meta", network32(2, key), network32(1, _REG_1))


def protocol_version(version: int) -> list[Expression]:
    """Match IPv4 or IPv6 packets; needed before their header is read in an inet table."""
    return [_meta(_META_NFPROTO), _compare(bytes([_NFPROTO[version]]))]


def destination(address: Address) -> list[Expression]:
    """Match one destination address."""
    offset, length = _DESTINATION_OFFSET[address.version]
    return [
        *protocol_version(address.version),
        _load(_NETWORK_HEADER, offset, length),
        _compare(address.packed),
    ]


def source(address: Address) -> list[Expression]:
    """Match one source address."""
    offset, length = _SOURCE_OFFSET[address.version]
    return [
        *protocol_version(address.version),
        _load(_NETWORK_HEADER, offset, length),
        _compare(address.packed),
    ]


def destination_in(network: Network) -> list[Expression]:
    """Match every destination of a network."""
    offset, length = _DESTINATION_OFFSET[network.version]
    mask = _expression(
        "bitwise",
        *(network32(1, _REG_1), network32(2, _REG_1), network32(3, length)),
        *(_data(4, network.netmask.packed), _data(5, bytes(length))),
    )
    return [
        *protocol_version(network.version),
        _load(_NETWORK_HEADER, offset, length),
        mask,
        _compare(network.network_address.packed),
    ]


def destination_port(protocol: int, port: int) -> list[Expression]:
    """Match TCP or UDP to one port."""
    return [
        _meta(_META_L4PROTO),
        _compare(bytes([protocol])),
        _load(_TRANSPORT_HEADER, 2, 2),
        _compare(struct.pack("!H", port)),
    ]


def one_in(count: int) -> list[Expression]:
    """Match at random, once in `count` new connections."""
    generator = _expression("numgen", network32(1, _REG_1), network32(2, count), network32(3, 1))
    return [generator, _compare(struct.pack("=I", 0))]


def goto(chain: str) -> list[Expression]:
    """Go on in another chain and do not come back."""
    verdict = nested(2, network32(1, _GOTO), text(2, chain))
    return [_expression("immediate", network32(1, _REG_VERDICT), nested(2, verdict))]


def accept() -> list[Expression]:
    """Let the packet pass this chain."""
    verdict = nested(2, network32(1, _ACCEPT))
    return [_expression("immediate", network32(1, _REG_VERDICT), nested(2, verdict))]


def send_to(address: Address, port: int) -> list[Expression]:
    """Rewrite the destination (DNAT)."""
    return [
        _expression("immediate", network32(1, _REG_1), _data(2, address.packed)),
        _expression("immediate", network32(1, _REG_2 + 1), _data(2, struct.pack("!H", port))),
        _expression(
            "nat",
            *(network32(1, 1), network32(2, _NFPROTO[address.version])),
            *(network32(3, _REG_1), network32(5, _REG_2 + 1)),
        ),
    ]


def masquerade() -> list[Expression]:
    """Rewrite the source to the router's own address."""
    return [_expression("masq")]


def reject_tcp() -> list[Expression]:
    """Refuse TCP with a reset: a client sees "connection refused" at once."""
    return [
        _meta(_META_L4PROTO),
        _compare(bytes([TCP])),
        _expression("reject", network32(1, 1), attribute(2, b"\0")),
    ]


def reject() -> list[Expression]:
    """Refuse with ICMP port unreachable."""
    return [_expression("reject", network32(1, 2), attribute(2, bytes([1])))]


def _message(
    kind: int, flags: int, body: bytes, what: str, tolerate: tuple[int, ...] = ()
) -> Message:
    header = struct.pack("!BBH", _INET, 0, 0)
    return Message((_SUBSYSTEM << 8) | kind, flags | NLM_F_ACK, header + body, what, tolerate)


def _marker(kind: int) -> Message:
    return Message(kind, 0, struct.pack("!BBH", 0, 0, _SUBSYSTEM), "batch")


def replace_table(name: str) -> list[Message]:
    """Start a table afresh: made, deleted and made again, so that no query is needed."""
    return [
        _message(_NEWTABLE, NLM_F_CREATE, text(1, name), f"create table {name}"),
        _message(_DELTABLE, 0, text(1, name), f"delete table {name}"),
        _message(_NEWTABLE, NLM_F_CREATE, text(1, name), f"create table {name}"),
    ]


def base_chain(table: str, chain: BaseChain) -> Message:
    """A chain with a hook; what no rule decides is accepted."""
    hook = nested(4, network32(1, chain.hook), network32(2, chain.priority))
    body = text(1, table) + text(3, chain.name) + hook + network32(5, _ACCEPT) + text(7, chain.kind)
    return _message(_NEWCHAIN, NLM_F_CREATE, body, f"create chain {chain.name}")


def plain_chain(table: str, name: str) -> Message:
    """A chain that rules go to."""
    return _message(_NEWCHAIN, NLM_F_CREATE, text(1, table) + text(3, name), f"create chain {name}")


def rule(table: str, chain: str, expressions: Sequence[Expression]) -> Message:
    """A rule at the end of a chain."""
    listed = nested(4, *expressions)
    return _message(
        _NEWRULE,
        NLM_F_CREATE | NLM_F_APPEND,
        text(1, table) + text(2, chain) + listed,
        f"add a rule to chain {chain}",
    )


def commit(messages: Sequence[Message]) -> None:
    """Apply all messages as one transaction in the caller's net namespace.

    Raises NetlinkError; then nothing was changed.
    """
    with NetlinkSocket(NETLINK_NETFILTER) as netlink:
        try:
            netlink.execute([_marker(_BATCH_BEGIN), *messages, _marker(_BATCH_END)])
        except NetlinkError as refused:
            if refused.errno == errno.EOPNOTSUPP:
                raise NetlinkError(errno.EOPNOTSUPP, "the kernel has no nf_tables") from refused
            raise
