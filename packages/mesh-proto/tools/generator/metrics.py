"""Reads and renders vocabulary/metrics.toml."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from generator import record
from generator.literals import TEXT, TEXTS, member
from generator.record import Column, Record, Rows
from generator.table import rows

_SOURCE = "metrics.toml"
_DOC = "The families of metrics that the proxy shows."
_KINDS = {
    "counter": "A number that only grows.",
    "gauge": "A number that grows and shrinks.",
    "histogram": "Observations, counted in buckets.",
}
_LABEL = re.compile(r"[a-z][a-z0-9_]*(_\*)?")

_METRIC = Record(
    "Metric",
    "One family.",
    (
        Column("name", TEXT, "The family's name."),
        Column("kind", member("Kind"), "What its numbers are."),
        Column("labels", TEXTS, "The labels that its series may have; NAME_* stands for many."),
        Column("meaning", TEXT, "What is counted or measured."),
    ),
)


def read(path: Path) -> Rows:
    """The checked rows of metrics.toml; each is named after its family."""
    found: list[tuple[str, Mapping[str, Any]]] = []
    for key, row in rows(path):
        kind = row.take("kind", str)
        if kind not in _KINDS:
            raise row.error(f"`kind` is {kind!r}; known are {', '.join(_KINDS)}")
        if (kind == "counter") != key.endswith("_TOTAL"):
            raise row.error("the names of counters, and of nothing else, end with _TOTAL")
        labels: list[str] = row.take("labels", list)
        for label in labels:
            if not _LABEL.fullmatch(label) or labels.count(label) > 1:
                raise row.error(f"`labels` has {label!r}, which is no label or stands there twice")
        values = {
            "name": key.lower(),
            "kind": kind,
            "labels": labels,
            "meaning": row.take("meaning", str),
        }
        row.finish()
        found.append((key, values))
    return found


def python(table: Rows) -> str:
    """The module mesh_proto.vocabulary.metrics."""
    kinds = record.python_enum("Kind", "What the numbers of a family are.", _KINDS)
    return record.python_module(_SOURCE, _DOC, kinds, _METRIC.python(table))


def rust(table: Rows) -> str:
    """The module mesh_wire::vocabulary::metrics."""
    kinds = record.rust_enum("Kind", "What the numbers of a family are.", _KINDS, {})
    return record.rust_module(_SOURCE, _DOC, kinds, _METRIC.rust(table))
