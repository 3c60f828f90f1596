"""Reads and renders vocabulary/headers.toml."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from generator import record
from generator.literals import FLAG, TEXT, members
from generator.record import Column, Record, Rows
from generator.table import Row, rows

_SOURCE = "headers.toml"
_DOC = "The header fields with which proxies talk to each other and to applications."
_PARTY_DOC = "Who sets or removes a header field."
_PARTIES = {
    "application": "The program in the pod.",
    "outbound": "The proxy beside the client.",
    "inbound": "The proxy beside the server.",
    "gateway": "A proxy that forwards for another cluster.",
}

_HEADER = Record(
    "Header",
    "One header field.",
    (
        Column("name", TEXT, "The name in lower case."),
        Column("request", FLAG, "Whether it stands in requests."),
        Column("response", FLAG, "Whether it stands in responses."),
        Column("set_by", members("Party"), "Who sets it."),
        Column("removed_by", members("Party"), "Who deletes every copy that arrives."),
        Column("meaning", TEXT, "What it says."),
    ),
)


def read(path: Path) -> Rows:
    """The checked rows of headers.toml."""
    found: list[tuple[str, Mapping[str, Any]]] = []
    for key, row in rows(path):
        places = row.take("in", list)
        if not places or not set(places) <= {"request", "response"}:
            raise row.error('`in` must list "request", "response" or both')
        values = {
            "name": row.take("name", str),
            "request": "request" in places,
            "response": "response" in places,
            "set_by": _parties(row, "set_by"),
            "removed_by": _parties(row, "removed_by"),
            "meaning": row.take("meaning", str),
        }
        row.finish()
        if values["name"] != str(values["name"]).lower():
            raise row.error("`name` must be in lower case, as HTTP/2 carries it")
        found.append((key, values))
    return found


def python(table: Rows) -> str:
    """The module mesh_proto.vocabulary.headers."""
    parties = record.python_enum("Party", _PARTY_DOC, _PARTIES)
    return record.python_module(_SOURCE, _DOC, parties, _HEADER.python(table))


def rust(table: Rows) -> str:
    """The module mesh_wire::vocabulary::headers."""
    parties = record.rust_enum("Party", _PARTY_DOC, _PARTIES, {})
    return record.rust_module(_SOURCE, _DOC, parties, _HEADER.rust(table))


def _parties(row: Row, key: str) -> tuple[str, ...]:
    parties = tuple(row.take(key, list, []))
    for party in parties:
        if party not in _PARTIES:
            raise row.error(f"`{key}` names {party!r}; known are {', '.join(_PARTIES)}")
    return parties
