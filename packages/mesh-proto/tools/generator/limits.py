"""Reads and renders vocabulary/limits.toml."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from generator import record
from generator.literals import OPTIONAL_TEXT, TEXT, member, number
from generator.record import Column, Record, Rows
from generator.table import rows

_SOURCE = "limits.toml"
_DOC = "What bounds everything that a peer can make the proxy spend."
_UNITS = {
    "bytes": "Octets.",
    "count": "A number of things.",
    "milliseconds": "A time.",
    "seconds": "A time.",
}

_LIMIT = Record(
    "Limit",
    "One bound.",
    (
        Column("name", TEXT, "The row's name, in lower case."),
        Column("value", number("u64"), "The bound, in its unit."),
        Column("unit", member("Unit"), "What `value` counts."),
        Column("variable", OPTIONAL_TEXT, "The environment variable that changes the bound."),
        Column("meaning", TEXT, "What is bounded."),
        Column("excess", TEXT, "What happens beyond it."),
    ),
)


def read(path: Path) -> Rows:
    """The checked rows of limits.toml."""
    found: list[tuple[str, Mapping[str, Any]]] = []
    for key, row in rows(path):
        value = row.take("value", int)
        if not 0 < value < 2**63:
            raise row.error(f"`value` is {value}; a bound is a positive 63-bit number")
        unit = row.take("unit", str)
        if unit not in _UNITS:
            raise row.error(f"`unit` is {unit!r}; known are {', '.join(_UNITS)}")
        values = {
            "name": key.lower(),
            "value": value,
            "unit": unit,
            "variable": row.maybe("variable", str),
            "meaning": row.take("meaning", str),
            "excess": row.take("excess", str),
        }
        row.finish()
        found.append((key, values))
    return found


def python(table: Rows) -> str:
    """The module mesh_proto.vocabulary.limits."""
    units = record.python_enum("Unit", "What a bound counts.", _UNITS)
    return record.python_module(_SOURCE, _DOC, units, _LIMIT.python(table))


def rust(table: Rows) -> str:
    """The module mesh_wire::vocabulary::limits."""
    units = record.rust_enum("Unit", "What a bound counts.", _UNITS, {})
    return record.rust_module(_SOURCE, _DOC, units, _LIMIT.rust(table))
