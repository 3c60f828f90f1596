"""A plan's rules as the kernel's expressions (linux/netfilter/nf_tables.h).

Byte orders are the kernel's: ports and addresses as on the wire, user and group ids
as the host stores them, interface names padded to 16 bytes.
"""

import struct
from collections.abc import Iterator
from typing import assert_never

from . import plan as p
from .attribute import attribute, nested, number, text, wide_number

_REGISTER = 1
_NETWORK_HEADER, _TRANSPORT_HEADER = 1, 2
_EQUAL, _NOT_EQUAL = 0, 1
_META_IIFNAME, _META_OIFNAME, _META_SKUID, _META_SKGID = 6, 7, 10, 11
_META_NFPROTO, _META_L4PROTO = 15, 16
_NFPROTO_IPV4, _NFPROTO_IPV6 = 2, 10
_IPPROTO_TCP = 6
_INTERFACE_NAME_BYTES = 16
_VERDICT_REGISTER = 0
_RETURN = -5
_DESTINATION_PORT = (_TRANSPORT_HEADER, 2, 2)
_LIST_ELEMENT = 1
_EXPRESSION_NAME, _EXPRESSION_DATA = 1, 2
_DATA_VALUE, _DATA_VERDICT = 1, 2
_VERDICT_CODE = 1
_META_DREG, _META_KEY = 1, 2
_CMP_SREG, _CMP_OP, _CMP_DATA = 1, 2, 3
_PAYLOAD_DREG, _PAYLOAD_BASE, _PAYLOAD_OFFSET, _PAYLOAD_LEN = 1, 2, 3, 4
_BITWISE_SREG, _BITWISE_DREG, _BITWISE_LEN, _BITWISE_MASK, _BITWISE_XOR = 1, 2, 3, 4, 5
_RANGE_SREG, _RANGE_OP, _RANGE_FROM, _RANGE_TO = 1, 2, 3, 4
_IMMEDIATE_DREG, _IMMEDIATE_DATA = 1, 2
_COUNTER_BYTES, _COUNTER_PACKETS = 1, 2
_REDIR_REG_PROTO_MIN = 1
# base, offset and length of the source address, by IP version.
_SOURCE_ADDRESS = {4: (_NETWORK_HEADER, 12, 4), 6: (_NETWORK_HEADER, 8, 16)}


def expressions(rule: p.Rule) -> list[bytes]:
    """Return the expressions of a rule, in the order the kernel runs them."""
    return [*(part for match in rule.matches for part in _match(match)), *_verdict(rule.verdict)]


def _match(match: p.Match) -> Iterator[bytes]:
    match match:
        case p.Tcp():
            yield from _meta_is(_META_L4PROTO, bytes([_IPPROTO_TCP]))
        case p.Ipv6():
            yield from _meta_is(_META_NFPROTO, bytes([_NFPROTO_IPV6]))
        case p.EntersBy(name):
            yield from _meta_is(_META_IIFNAME, _interface(name))
        case p.LeavesBy(name):
            yield from _meta_is(_META_OIFNAME, _interface(name))
        case p.SentByUser(uid):
            yield from _meta_is(_META_SKUID, struct.pack("=I", uid))
        case p.SentByGroup(gid):
            yield from _meta_is(_META_SKGID, struct.pack("=I", gid))
        case p.FromSubnet(subnet):
            yield from _from_subnet(subnet)
        case p.ToPorts(ports):
            yield from _to_ports(ports.first, ports.last)
        case p.NotToPort(port):
            yield from _load_destination_port()
            yield _compare(_NOT_EQUAL, _port(port))
        case _:
            assert_never(match)


def _verdict(verdict: p.Leave | p.ToProxy) -> Iterator[bytes]:
    match verdict:
        case p.Leave():
            code = nested(_DATA_VERDICT, number(_VERDICT_CODE, _RETURN))
            yield _expression(
                "immediate",
                number(_IMMEDIATE_DREG, _VERDICT_REGISTER),
                nested(_IMMEDIATE_DATA, code),
            )
        case p.ToProxy(port):
            yield _expression(
                "counter", wide_number(_COUNTER_BYTES, 0), wide_number(_COUNTER_PACKETS, 0)
            )
            yield _expression(
                "immediate",
                number(_IMMEDIATE_DREG, _REGISTER),
                _value(_IMMEDIATE_DATA, _port(port)),
            )
            yield _expression("redir", number(_REDIR_REG_PROTO_MIN, _REGISTER))
        case _:
            assert_never(verdict)


def _meta_is(key: int, value: bytes) -> Iterator[bytes]:
    yield _expression("meta", number(_META_KEY, key), number(_META_DREG, _REGISTER))
    yield _compare(_EQUAL, value)


def _from_subnet(subnet: p.Subnet) -> Iterator[bytes]:
    version = _NFPROTO_IPV4 if subnet.version == 4 else _NFPROTO_IPV6
    yield from _meta_is(_META_NFPROTO, bytes([version]))
    yield _payload(*_SOURCE_ADDRESS[subnet.version])
    address = subnet.network_address.packed
    if subnet.prefixlen < subnet.max_prefixlen:
        yield _expression(
            "bitwise",
            number(_BITWISE_SREG, _REGISTER),
            number(_BITWISE_DREG, _REGISTER),
            number(_BITWISE_LEN, len(address)),
            _value(_BITWISE_MASK, subnet.netmask.packed),
            _value(_BITWISE_XOR, bytes(len(address))),
        )
    yield _compare(_EQUAL, address)


def _to_ports(first: int, last: int) -> Iterator[bytes]:
    yield from _load_destination_port()
    if first == last:
        yield _compare(_EQUAL, _port(first))
    else:
        yield _expression(
            "range",
            number(_RANGE_SREG, _REGISTER),
            number(_RANGE_OP, _EQUAL),
            _value(_RANGE_FROM, _port(first)),
            _value(_RANGE_TO, _port(last)),
        )


def _load_destination_port() -> Iterator[bytes]:
    # UDP has its ports in the same place, so the protocol is tested first.
    yield from _meta_is(_META_L4PROTO, bytes([_IPPROTO_TCP]))
    yield _payload(*_DESTINATION_PORT)


def _payload(base: int, offset: int, length: int) -> bytes:
    return _expression(
        "payload",
        number(_PAYLOAD_BASE, base),
        number(_PAYLOAD_OFFSET, offset),
        number(_PAYLOAD_LEN, length),
        number(_PAYLOAD_DREG, _REGISTER),
    )


def _compare(operation: int, value: bytes) -> bytes:
    return _expression(
        "cmp",
        number(_CMP_SREG, _REGISTER),
        number(_CMP_OP, operation),
        _value(_CMP_DATA, value),
    )


def _port(port: int) -> bytes:
    return struct.pack("!H", port)


def _interface(name: str) -> bytes:
    return name.encode().ljust(_INTERFACE_NAME_BYTES, b"\0")


def _value(kind: int, data: bytes) -> bytes:
    return nested(kind, attribute(_DATA_VALUE, data))


def _expression(name: str, *attributes: bytes) -> bytes:
    return nested(
        _LIST_ELEMENT, text(_EXPRESSION_NAME, name), nested(_EXPRESSION_DATA, *attributes)
    )
