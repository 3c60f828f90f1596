"""Reads and renders vocabulary/reasons.toml."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from generator import record
from generator.literals import FLAG, TEXT, number
from generator.record import Column, Record, Rows
from generator.table import rows

_SOURCE = "reasons.toml"
_DOC = "Why the proxy answers a request itself, and what it answers."

# The status codes of gRPC, in the order of their numbers.
GRPC_CODES = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
]

_REASON = Record(
    "Reason",
    "One reason for which the proxy answers in place of the application.",
    (
        Column("name", TEXT, "The word in logs, metric labels and headers."),
        Column("http", number("u16"), "The status of the HTTP response."),
        Column(
            "grpc",
            number("u8"),
            "The number of the gRPC status, which goes with HTTP 200.",
        ),
        Column(
            "closes",
            FLAG,
            "Whether the client's HTTP/1 connection is closed afterwards.",
        ),
        Column("meaning", TEXT, "What happened."),
    ),
)


def read(path: Path) -> Rows:
    """The checked rows of reasons.toml; each is named after its word."""
    found: list[tuple[str, Mapping[str, Any]]] = []
    for key, row in rows(path):
        status = row.take("http", int)
        if not 400 <= status <= 599:
            raise row.error(f"`http` is {status}; a reason answers with 400 to 599")
        code = row.take("grpc", str)
        if code not in GRPC_CODES:
            raise row.error(f"`grpc` is {code!r}; known are {', '.join(GRPC_CODES)}")
        values = {
            "name": key.lower(),
            "http": status,
            "grpc": GRPC_CODES.index(code),
            "closes": bool(row.maybe("closes", bool)),
            "meaning": row.take("meaning", str),
        }
        row.finish()
        found.append((key, values))
    return found


def python(table: Rows) -> str:
    """The module mesh_proto.vocabulary.reasons."""
    return record.python_module(_SOURCE, _DOC, _REASON.python(table))


def rust(table: Rows) -> str:
    """The module mesh_wire::vocabulary::reasons."""
    return record.rust_module(_SOURCE, _DOC, _REASON.rust(table))
