"""A plan's rules as the kernel's expressions, in the shape pyroute2 encodes.

Byte orders are the kernel's: ports and addresses as on the wire, user and group ids
as the host stores them, interface names padded to 16 bytes.
"""

import struct
from collections.abc import Iterator
from typing import Any, assert_never

from . import plan as p

Expression = dict[str, Any]

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
# base, offset and length of the source address, by IP version.
_SOURCE_ADDRESS = {4: (_NETWORK_HEADER, 12, 4), 6: (_NETWORK_HEADER, 8, 16)}


def expressions(rule: p.Rule) -> list[Expression]:
    """Return the expressions of a rule, in the order the kernel runs them."""
    return [*(part for match in rule.matches for part in _match(match)), *_verdict(rule.verdict)]


def _match(match: p.Match) -> Iterator[Expression]:
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


def _verdict(verdict: p.Leave | p.ToProxy) -> Iterator[Expression]:
    match verdict:
        case p.Leave():
            code = {"attrs": [("NFTA_VERDICT_CODE", _RETURN)]}
            yield _expression(
                "immediate",
                dreg=_VERDICT_REGISTER,
                data={"attrs": [("NFTA_DATA_VERDICT", code)]},
            )
        case p.ToProxy(port):
            yield _expression("counter", bytes=0, packets=0)
            yield _expression("immediate", dreg=_REGISTER, data=_value(_port(port)))
            yield _expression("redir", reg_proto_min=_REGISTER)
        case _:
            assert_never(verdict)


def _meta_is(key: int, value: bytes) -> Iterator[Expression]:
    yield _expression("meta", key=key, dreg=_REGISTER)
    yield _compare(_EQUAL, value)


def _from_subnet(subnet: p.Subnet) -> Iterator[Expression]:
    version = _NFPROTO_IPV4 if subnet.version == 4 else _NFPROTO_IPV6
    yield from _meta_is(_META_NFPROTO, bytes([version]))
    yield _payload(*_SOURCE_ADDRESS[subnet.version])
    address = subnet.network_address.packed
    if subnet.prefixlen < subnet.max_prefixlen:
        yield _expression(
            "bitwise",
            sreg=_REGISTER,
            dreg=_REGISTER,
            len=len(address),
            mask=_value(subnet.netmask.packed),
            xor=_value(bytes(len(address))),
        )
    yield _compare(_EQUAL, address)


def _to_ports(first: int, last: int) -> Iterator[Expression]:
    yield from _load_destination_port()
    if first == last:
        yield _compare(_EQUAL, _port(first))
    else:
        yield _expression(
            "range",
            sreg=_REGISTER,
            op=_EQUAL,
            from_data=_value(_port(first)),
            to_data=_value(_port(last)),
        )


def _load_destination_port() -> Iterator[Expression]:
    # UDP has its ports in the same place, so the protocol is tested first.
    yield from _meta_is(_META_L4PROTO, bytes([_IPPROTO_TCP]))
    yield _payload(*_DESTINATION_PORT)


def _payload(base: int, offset: int, length: int) -> Expression:
    return _expression("payload", base=base, offset=offset, len=length, dreg=_REGISTER)


def _compare(operation: int, value: bytes) -> Expression:
    return _expression("cmp", sreg=_REGISTER, op=operation, data=_value(value))


def _port(port: int) -> bytes:
    return struct.pack("!H", port)


def _interface(name: str) -> bytes:
    return name.encode().ljust(_INTERFACE_NAME_BYTES, b"\0")


def _value(data: bytes) -> dict[str, Any]:
    return {"attrs": [("NFTA_DATA_VALUE", data)]}


def _expression(name: str, **fields: object) -> Expression:
    attributes = [(f"NFTA_{name}_{key}".upper(), value) for key, value in fields.items()]
    return {"attrs": [("NFTA_EXPR_NAME", name), ("NFTA_EXPR_DATA", {"attrs": attributes})]}
