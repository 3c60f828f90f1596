"""Renders vocabulary/environment.toml."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from generator.literals import (
    NOTICE,
    python_text,
    python_texts,
    rust_flag,
    rust_option,
    rust_text,
    rust_texts,
)
from generator.table import rows

_SOURCE = "vocabulary/environment.toml"
PREFIX = "LINKERD2_PROXY_"

# kind -> what a value of it looks like; the order is that of the enumerations.
KINDS = {
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


@dataclass(frozen=True)
class Variable:
    """One row."""

    key: str
    name: str
    kind: str
    choices: tuple[str, ...]
    default: str | None
    required: bool
    meaning: str


def read(path: Path) -> list[Variable]:
    """The rows of environment.toml."""
    found = []
    for key, row in rows(path):
        kind = row.take("kind", str)
        if kind not in KINDS:
            raise row.error(f"unknown kind {kind!r}; known are {', '.join(KINDS)}")
        choices = tuple(row.take("choices", list, []))
        if (kind == "choice") != bool(choices):
            raise row.error("`choices` belongs to kind \"choice\", and only there")
        prefix = "" if row.maybe("unprefixed", bool) else PREFIX
        variable = Variable(
            key=key,
            name=prefix + key,
            kind=kind,
            choices=choices,
            default=row.maybe("default", str),
            required=bool(row.maybe("required", bool)),
            meaning=row.take("meaning", str),
        )
        row.finish()
        if variable.default is not None and choices and variable.default not in choices:
            raise row.error(f"the default {variable.default!r} is none of the choices")
        found.append(variable)
    return found


def python(variables: list[Variable]) -> str:
    """The module mesh_proto.vocabulary.environment."""
    kinds = "\n".join(f'    {name.upper()} = "{name}"\n    """{doc}"""' for name, doc in KINDS.items())
    rows_text = "\n".join(
        f"{v.key} = Variable(\n"
        f"    name={python_text(v.name)},\n"
        f"    kind=Kind.{v.kind.upper()},\n"
        f"    choices={python_texts(v.choices)},\n"
        f"    default={python_text(v.default)},\n"
        f"    required={v.required},\n"
        f"    meaning={python_text(v.meaning)},\n"
        ")"
        for v in variables
    )
    names = "\n".join(f"    {v.key}," for v in variables)
    return f'''# {NOTICE.format(source=_SOURCE)}
"""The environment variables that configure the proxy."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

PREFIX: Final = "{PREFIX}"


class Kind(StrEnum):
    """What a value looks like."""

{kinds}


@dataclass(frozen=True, slots=True)
class Variable:
    """One environment variable: its full name, the form of its value, and what it means.

    `default` is the text that an unset variable stands for; None: see `meaning`.
    `choices` holds the allowed words of Kind.CHOICE and is empty otherwise.
    """

    name: str
    kind: Kind
    choices: tuple[str, ...]
    default: str | None
    required: bool
    meaning: str


{rows_text}

ALL: Final[tuple[Variable, ...]] = (
{names}
)
'''


def rust(variables: list[Variable]) -> str:
    """The module mesh_wire::vocabulary::environment."""
    kinds = "\n".join(f"    /// {doc}\n    {_variant(name)}," for name, doc in KINDS.items())
    rows_text = "\n\n".join(
        f"/// {v.meaning}\n"
        f"pub const {v.key}: Variable = Variable {{\n"
        f"    name: {rust_text(v.name)},\n"
        f"    kind: {_kind(v)},\n"
        f"    default: {rust_option(v.default)},\n"
        f"    required: {rust_flag(v.required)},\n"
        f"    meaning: {rust_text(v.meaning)},\n"
        "};"
        for v in variables
    )
    names = "\n".join(f"    &{v.key}," for v in variables)
    return f"""// {NOTICE.format(source=_SOURCE)}
//! The environment variables that configure the proxy.

/// What most names begin with.
pub const PREFIX: &str = "{PREFIX}";

/// What a value looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {{
{kinds}
}}

/// One environment variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Variable {{
    /// The full name.
    pub name: &'static str,
    /// The form of the value.
    pub kind: Kind,
    /// The text that an unset variable stands for; `None`: see `meaning`.
    pub default: Option<&'static str>,
    /// Whether the proxy refuses to start without it.
    pub required: bool,
    /// What it does, and what unset means when there is no default.
    pub meaning: &'static str,
}}

{rows_text}

/// Every variable, in the order of the table.
pub static ALL: &[&Variable] = &[
{names}
];
"""


def _variant(kind: str) -> str:
    return "Choice(&'static [&'static str])" if kind == "choice" else kind.capitalize()


def _kind(variable: Variable) -> str:
    if variable.kind == "choice":
        return f"Kind::Choice({rust_texts(variable.choices)})"
    return f"Kind::{variable.kind.capitalize()}"
