"""Who is connected to a pod, from its kernel's table of TCP sockets.

A proxy's metrics say that plaintext came in, not from where; the sockets of its network
namespace do.
"""

import ipaddress
import struct
from collections.abc import Iterator

_ESTABLISHED, _LISTENING = "01", "0A"
_FIELDS = 4  # number, local address, remote address, state


def clients(*tables: str) -> frozenset[str]:
    """Return the addresses with an established connection to a port that is listened on.

    `tables` are the texts of /proc/PID/net/tcp and tcp6.
    """
    rows = [row for table in tables for row in _rows(table)]
    listening = {port for state, port, _ in rows if state == _LISTENING}
    return frozenset(
        address for state, port, address in rows if state == _ESTABLISHED and port in listening
    )


def _rows(table: str) -> Iterator[tuple[str, str, str]]:
    """Yield (state, local port, remote address); the first line is a heading."""
    for line in table.splitlines()[1:]:
        fields = line.split()
        if len(fields) < _FIELDS:
            continue
        _, local, remote, state = fields[:_FIELDS]
        address = _address(remote.partition(":")[0])
        if address is not None:
            yield state, local.partition(":")[2], address


def _address(text: str) -> str | None:
    """Read an address as the kernel prints it: 32-bit words in the host's byte order."""
    try:
        packed = bytes.fromhex(text)
    except ValueError:
        return None
    if len(packed) not in {4, 16}:
        return None
    words = struct.unpack(f">{len(packed) // 4}I", packed)
    address = ipaddress.ip_address(struct.pack(f"={len(words)}I", *words))
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address)
