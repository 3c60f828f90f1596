"""Reads from ELF files (64 bits, little endian: amd64 and arm64) what they need to be loaded."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

_MAGIC = b"\x7fELF\x02\x01"
_MACHINES = {62: "amd64", 183: "arm64"}
_LOAD, _DYNAMIC, _INTERPRETER = 1, 2, 3
_NEEDED, _STRING_TABLE = 1, 5


@dataclass(frozen=True)
class Binary:
    """An executable or library: its architecture, its loader and the libraries it names."""

    architecture: str
    loader: str
    needed: tuple[str, ...]


def read(content: bytes) -> Binary | None:
    """What a file says of itself; None when it is no ELF file of an architecture we know."""
    if content[:6] != _MAGIC:
        return None
    try:
        architecture = _MACHINES.get(struct.unpack_from("<H", content, 18)[0])
        if architecture is None:
            return None
        segments = list(_segments(content))
        return Binary(architecture, _loader(content, segments), _needed(content, segments))
    except (struct.error, ValueError, OverflowError):
        # Damaged, or cut off in the middle: nothing that could be loaded.
        return None


@dataclass(frozen=True)
class _Segment:
    kind: int
    offset: int
    address: int
    size: int


def _segments(content: bytes) -> Iterator[_Segment]:
    (start,) = struct.unpack_from("<Q", content, 32)
    size, count = struct.unpack_from("<HH", content, 54)
    for number in range(count):
        kind, _flags, offset, address, _physical, length = struct.unpack_from(
            "<IIQQQQ", content, start + number * size
        )
        yield _Segment(kind, offset, address, length)


def _loader(content: bytes, segments: list[_Segment]) -> str:
    for segment in segments:
        if segment.kind == _INTERPRETER:
            return _text(content, segment.offset)
    return ""


def _needed(content: bytes, segments: list[_Segment]) -> tuple[str, ...]:
    entries = [
        pair
        for segment in segments
        if segment.kind == _DYNAMIC
        for pair in struct.iter_unpack(
            "<QQ", content[segment.offset : segment.offset + segment.size // 16 * 16]
        )
    ]
    tables = [value for tag, value in entries if tag == _STRING_TABLE]
    if not tables:
        return ()
    strings = _offset(tables[0], segments)
    return tuple(_text(content, strings + value) for tag, value in entries if tag == _NEEDED)


def _offset(address: int, segments: list[_Segment]) -> int:
    for segment in segments:
        if segment.kind == _LOAD and segment.address <= address < segment.address + segment.size:
            return address - segment.address + segment.offset
    raise ValueError("an address that no segment holds")


def _text(content: bytes, start: int) -> str:
    return content[start : content.index(b"\0", start)].decode("utf-8", "replace")
