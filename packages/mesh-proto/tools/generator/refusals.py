"""Reads and renders vocabulary/refusals.toml."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from generator import record
from generator.literals import TEXT
from generator.record import Column, Record, Rows
from generator.table import rows

_SOURCE = "refusals.toml"
_DOC = "Why the proxy does not carry a connection."

_REFUSAL = Record(
    "Refusal",
    "One reason for which a connection is reset.",
    (
        Column("name", TEXT, "The word in logs and metric labels."),
        Column("meaning", TEXT, "What is wrong."),
    ),
)


def read(path: Path) -> Rows:
    """The checked rows of refusals.toml; each is named after its word."""
    found: list[tuple[str, Mapping[str, Any]]] = []
    for key, row in rows(path):
        values = {"name": key.lower(), "meaning": row.take("meaning", str)}
        row.finish()
        found.append((key, values))
    return found


def python(table: Rows) -> str:
    """The module mesh_proto.vocabulary.refusals."""
    return record.python_module(_SOURCE, _DOC, _REFUSAL.python(table))


def rust(table: Rows) -> str:
    """The module mesh_wire::vocabulary::refusals."""
    return record.rust_module(_SOURCE, _DOC, _REFUSAL.rust(table))
