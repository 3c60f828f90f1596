"""Finds the redirect that another mesh has left in a namespace, which would compete with ours.

It is only named: whose it is and how it is removed is for people to say. Nothing here may
change anything, not even load a kernel module or create an empty table as a question to
legacy iptables would, so those are asked only where the kernel lists a table already.
"""

import socket
import struct
import time
from collections.abc import Iterable

from .attribute import attributes
from .batch import FAMILY, REQUEST, SUBSYSTEM, message
from .netlink import ANSWER_SECONDS, messages, opened

# Linkerd's chains and Istio's; each begins so.
_PREFIXES = ("PROXY_INIT_", "ISTIO_")

_FAMILIES = {1: "inet", 2: "ip", 10: "ip6"}
_GET_CHAIN, _NEW_CHAIN = 4, 3
_DUMP = 0x300
_ERROR, _DONE = 2, 3
_CHAIN_TABLE, _CHAIN_NAME = 1, 3
_RECEIVE_BYTES = 1 << 16

_GET_INFO, _GET_ENTRIES = 64, 65  # IPT_SO_GET_INFO, IPT_SO_GET_ENTRIES; IPv6 has the same
_NAT = b"nat"
_TABLE_NAME_BYTES = 32
# Name, valid hooks, five entries of hooks, five of underflows, number of entries, their size.
_INFO = struct.Struct(f"={_TABLE_NAME_BYTES}s13I")
_ENTRIES = struct.Struct(f"={_TABLE_NAME_BYTES}sI4x")
_LEGACY = (
    ("ip_tables_names", socket.AF_INET, socket.IPPROTO_IP, "ip nat (legacy iptables)"),
    ("ip6_tables_names", socket.AF_INET6, socket.IPPROTO_IPV6, "ip6 nat (legacy ip6tables)"),
)


def former_redirects() -> list[str]:
    """Return the chains of other meshes with their tables; empty when asking fails."""
    try:
        return [*_in_nftables(), *_in_legacy_iptables()]
    except OSError:
        # Only a warning hangs on it; the redirect itself is in place.
        return []


def _in_nftables() -> list[str]:
    found: dict[str, list[str]] = {}
    deadline = time.monotonic() + ANSWER_SECONDS
    with opened(ANSWER_SECONDS) as netlink:
        request_type = SUBSYSTEM << 8 | _GET_CHAIN
        netlink.sendto(message(request_type, REQUEST | _DUMP, 1, FAMILY.pack(0, 0, 0)), (0, 0))
        while time.monotonic() < deadline:
            for message_type, _, body in messages(netlink.recv(_RECEIVE_BYTES)):
                if message_type in {_ERROR, _DONE}:
                    return [_described(names, table) for table, names in found.items()]
                if message_type == SUBSYSTEM << 8 | _NEW_CHAIN:
                    table, name = chain(body)
                    if name.startswith(_PREFIXES):
                        found.setdefault(table, []).append(name)
    return []


def chain(body: bytes) -> tuple[str, str]:
    """Read family and table, and the name, of the chain that a message is about."""
    family = FAMILY.unpack_from(body)[0] if len(body) >= FAMILY.size else 0
    given = attributes(body[FAMILY.size :])
    table, name = (
        given.get(kind, b"").rstrip(b"\0").decode(errors="replace")
        for kind in (_CHAIN_TABLE, _CHAIN_NAME)
    )
    return f"{_FAMILIES.get(family, family)} {table}", name


def _in_legacy_iptables() -> list[str]:
    return [
        _described(names, table)
        for listing, family, level, table in _LEGACY
        if _has_nat(listing) and (names := chain_names(_legacy_rules(family, level)))
    ]


def _has_nat(listing: str) -> bool:
    """Whether this namespace has the legacy table nat already; readable by root alone."""
    try:
        with open(f"/proc/thread-self/net/{listing}") as lines:  # noqa: PTH123 - pathlib is slow
            return "nat" in lines.read().split()
    except OSError:
        return False


def _legacy_rules(family: int, level: int) -> bytes:
    import ctypes  # noqa: PLC0415 - rarely needed, and slow to load

    libc = ctypes.CDLL(None, use_errno=True)

    def ask(option: int, question: bytes, size: int) -> bytes:
        answer = ctypes.create_string_buffer(question, size)
        length = ctypes.c_uint32(size)
        if libc.getsockopt(asking.fileno(), level, option, answer, ctypes.byref(length)):
            code = ctypes.get_errno()
            raise OSError(code, f"getsockopt {option}")
        return answer.raw

    with socket.socket(family, socket.SOCK_DGRAM) as asking:
        *_, size = _INFO.unpack(ask(_GET_INFO, _NAT, _INFO.size))
        return ask(_GET_ENTRIES, _ENTRIES.pack(_NAT, size), _ENTRIES.size + size)


def chain_names(rules: bytes) -> list[str]:
    """Return the names of other meshes' chains in legacy rules, which hold them zero-ended."""
    prefixes = tuple(prefix.encode() for prefix in _PREFIXES)
    found = {part for part in rules.split(b"\0") if part.startswith(prefixes)}
    return sorted(name.decode(errors="replace") for name in found)


def _described(names: Iterable[str], table: str) -> str:
    return f"{', '.join(sorted(names))} in {table}"
