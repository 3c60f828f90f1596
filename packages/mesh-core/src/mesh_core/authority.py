"""`host[:port]`, as in a request's target and in discovery, in one canonical form."""

import re
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Self

from mesh_core.errors import CoreError
from mesh_core.ports import InvalidPortError, parse_port

Host = str | IPv4Address | IPv6Address

_MAX_HOST = 253
_SHOWN = 300
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMERIC = re.compile(r"[0-9]+|0x[0-9a-f]*")


class InvalidAuthorityError(CoreError):
    """A text is not `host[:port]`."""


@dataclass(frozen=True, slots=True)
class Authority:
    """A host and perhaps a port.

    The host is an address, or a lower-case name without a trailing dot. Two texts that mean the
    same are equal here, so that routing and policy cannot judge them differently.
    """

    host: Host
    port: int | None = None

    def __str__(self) -> str:
        """Write the canonical form; IPv6 addresses stand in brackets."""
        host = f"[{self.host}]" if isinstance(self.host, IPv6Address) else str(self.host)
        return host if self.port is None else f"{host}:{self.port}"

    @property
    def is_address(self) -> bool:
        """True when the host is an IP address."""
        return not isinstance(self.host, str)

    def with_default_port(self, port: int) -> "Authority":
        """Give the same authority with a port, `port` where it has none."""
        return self if self.port is not None else Authority(self.host, port)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read an authority; refuses user information, paths, zones and everything ambiguous."""
        try:
            if text.startswith("["):
                inside, bracket, rest = text[1:].partition("]")
                if not bracket or (rest and not rest.startswith(":")):
                    raise _invalid(text, "the bracket of an IPv6 address is not closed")
                return cls(_ipv6(text, inside), parse_port(rest[1:]) if rest else None)
            host, colon, port = text.partition(":")
            if ":" in port:
                raise _invalid(text, "an IPv6 address must stand in brackets")
            return cls(_host(text, host), parse_port(port) if colon else None)
        except InvalidPortError as error:
            raise _invalid(text, str(error)) from error


def _invalid(text: str, reason: str) -> InvalidAuthorityError:
    return InvalidAuthorityError(f"{text[:_SHOWN]!r} is not HOST[:PORT]: {reason}")


def _ipv6(text: str, inside: str) -> IPv6Address:
    try:
        address = IPv6Address(inside)
    except AddressValueError as error:
        raise _invalid(text, str(error)) from error
    if address.scope_id is not None:
        raise _invalid(text, "a zone means nothing to another host")
    return address


def _host(text: str, host: str) -> Host:
    if not host.isascii():
        raise _invalid(text, "write the name in its ASCII form (xn--…)")
    name = host.lower().removesuffix(".")
    labels = name.split(".")
    # A name that ends in a number is an address to some readers and a name to others
    # (WHATWG URL, "ends in a number"): it must be an IPv4 address in full.
    if _NUMERIC.fullmatch(labels[-1]):
        try:
            return IPv4Address(host)
        except AddressValueError as error:
            raise _invalid(text, str(error)) from error
    if len(name) > _MAX_HOST or not all(_LABEL.fullmatch(label) for label in labels):
        raise _invalid(text, "the host is neither a DNS name nor an address")
    return name
