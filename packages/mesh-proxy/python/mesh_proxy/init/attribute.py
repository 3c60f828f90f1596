"""The encoding of netlink attributes: length, kind, payload, padded to four bytes.

nf_tables has its numbers in network byte order, unlike the rest of netlink, and its
attributes are only ever built here and read back as a flat list, which takes less than a
library's import: a pod's start waits for this program.
"""

import struct

_HEADER = struct.Struct("=HH")
_NESTED = 0x8000
_KIND = 0x3FFF


def attribute(kind: int, payload: bytes) -> bytes:
    """Encode one attribute with these bytes."""
    return _HEADER.pack(_HEADER.size + len(payload), kind) + payload + bytes(-len(payload) % 4)


def nested(kind: int, *parts: bytes) -> bytes:
    """Encode an attribute that holds attributes."""
    return attribute(kind | _NESTED, b"".join(parts))


def text(kind: int, value: str) -> bytes:
    """Encode a name, with the zero byte that ends it."""
    return attribute(kind, value.encode() + b"\0")


def number(kind: int, value: int) -> bytes:
    """Encode a 32-bit number; a negative one as its complement of two."""
    return attribute(kind, struct.pack("!I", value & 0xFFFFFFFF))


def wide_number(kind: int, value: int) -> bytes:
    """Encode a 64-bit number."""
    return attribute(kind, struct.pack("!Q", value))


def attributes(data: bytes) -> dict[int, bytes]:
    """Read a flat list of attributes into kind → payload; what is malformed ends it."""
    found = {}
    offset = 0
    while offset + _HEADER.size <= len(data):
        length, kind = _HEADER.unpack_from(data, offset)
        if length < _HEADER.size or offset + length > len(data):
            break
        found[kind & _KIND] = data[offset + _HEADER.size : offset + length]
        offset += (length + 3) & ~3
    return found
