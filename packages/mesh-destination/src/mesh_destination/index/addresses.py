"""Canonical text of IP addresses, the form in which the index knows them."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable


def canonical_ip(text: str) -> str | None:
    """The one spelling of an address, None for what is not one; `::ffff:10.0.0.1` is IPv4."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return str(address)


def canonical_ips(texts: Iterable[str]) -> tuple[str, ...]:
    """Canonical addresses in their order, each once, without what is not one."""
    found = (canonical_ip(text) for text in texts)
    return tuple(dict.fromkeys(ip for ip in found if ip is not None))
