"""Reads and renders vocabulary/environment.toml."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from generator import record
from generator.literals import FLAG, OPTIONAL_TEXT, TEXT, TEXTS, Form, camel
from generator.record import Column, Record, Rows
from generator.table import rows

_SOURCE = "environment.toml"
_DOC = "The environment variables that configure the proxy."
PREFIX = "LINKERD2_PROXY_"
_KIND_DOC = "What a value looks like."

# The order is that of the enumerations.
_KINDS = {
    "address": "`IP:PORT`.",
    "addresses": "Comma-separated `IP:PORT`.",
    "authority": "`HOST:PORT`; HOST is an address or a DNS name.",
    "bool": "`true` or `false`.",
    "choice": "One of the listed words.",
    "duration": "An integer with `ms`, `s`, `m`, `h` or `d`; a bare `0` is allowed.",
    "filter": "Comma-separated `LEVEL` or `TARGET=LEVEL`.",
    "integer": "A decimal number, not negative.",
    "ips": "Comma-separated IP addresses.",
    "networks": "Comma-separated `ADDRESS/LENGTH`.",
    "path": "A path of a file or directory.",
    "pem": "One or more PEM blocks.",
    "ports": "Comma-separated ports and `FIRST-LAST` ranges.",
    "ratio": "A decimal number from 0 to 1.",
    "rejected": "Setting it at all is an error.",
    "string": "Any text.",
    "suffixes": "Comma-separated DNS suffixes; `.` matches every name.",
}

# A choice carries its words: beside it in Python, inside it in Rust.
_KIND = Form(
    "Kind",
    "Kind",
    lambda kind: f"Kind.{kind[0].upper()}",
    lambda kind: f"Kind::{camel(kind[0])}" + (f"({TEXTS.rust(kind[1])})" if kind[1] else ""),
)

_VARIABLE = Record(
    "Variable",
    "One environment variable.",
    (
        Column("name", TEXT, "The full name."),
        Column("kind", _KIND, "The form of the value."),
        Column("choices", TEXTS, "The words of Kind.CHOICE; empty otherwise.", rust=False),
        Column(
            "default",
            OPTIONAL_TEXT,
            "What unset stands for; without it see the meaning.",
        ),
        Column("required", FLAG, "Whether the proxy refuses to start without it."),
        Column(
            "meaning",
            TEXT,
            "What it does, and what unset means when there is no default.",
        ),
    ),
)


def read(path: Path) -> Rows:
    """The checked rows of environment.toml."""
    found: list[tuple[str, Mapping[str, Any]]] = []
    for key, row in rows(path):
        kind = row.take("kind", str)
        if kind not in _KINDS:
            raise row.error(f"unknown kind {kind!r}; known are {', '.join(_KINDS)}")
        choices = tuple(row.take("choices", list, []))
        if (kind == "choice") != bool(choices):
            raise row.error('kind "choice" needs `choices`, and no other kind has them')
        default = row.maybe("default", str)
        if default is not None and choices and default not in choices:
            raise row.error(f"the default {default!r} is none of the choices")
        values = {
            "name": ("" if row.maybe("unprefixed", bool) else PREFIX) + key,
            "kind": (kind, choices),
            "choices": choices,
            "default": default,
            "required": bool(row.maybe("required", bool)),
            "meaning": row.take("meaning", str),
        }
        row.finish()
        found.append((key, values))
    return found


def python(table: Rows) -> str:
    """The module mesh_proto.vocabulary.environment."""
    kinds = record.python_enum("Kind", _KIND_DOC, _KINDS)
    prefix = f'PREFIX: Final = "{PREFIX}"'
    return record.python_module(_SOURCE, _DOC, prefix, kinds, _VARIABLE.python(table))


def rust(table: Rows) -> str:
    """The module mesh_wire::vocabulary::environment."""
    choice = {"choice": f"({TEXTS.rust_type})"}
    kinds = record.rust_enum("Kind", _KIND_DOC, _KINDS, choice)
    prefix = f'/// What most names begin with.\npub const PREFIX: &str = "{PREFIX}";\n'
    return record.rust_module(_SOURCE, _DOC, prefix, kinds, _VARIABLE.rust(table))
