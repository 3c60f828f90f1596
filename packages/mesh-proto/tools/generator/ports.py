"""Reads and renders vocabulary/ports.toml: plain constants, because code uses the bare numbers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from generator import record
from generator.literals import PORTS, Form, number
from generator.table import Row, rows

_SOURCE = "ports.toml"
_DOC = "The ports and user ids that every part of the mesh agrees on."


@dataclass(frozen=True)
class Constant:
    """One number, or one list of ports."""

    key: str
    form: Form
    value: Any
    meaning: str


def read(path: Path) -> list[Constant]:
    """The checked constants of ports.toml, ports first, then users, then lists."""
    constants = [_number(key, row, "u16", 65535) for key, row in rows(path, "ports")]
    constants += [_number(key, row, "u32", 2**32 - 2) for key, row in rows(path, "users")]
    constants += [_list(key, row) for key, row in rows(path, "lists")]
    return constants


def python(constants: list[Constant]) -> str:
    """The module mesh_proto.vocabulary.ports."""
    body = "\n".join(
        f'{c.key}: Final = {c.form.python(c.value)}\n"""{c.meaning}"""' for c in constants
    )
    return record.python_module(_SOURCE, _DOC, body)


def rust(constants: list[Constant]) -> str:
    """The module mesh_wire::vocabulary::ports."""
    body = "\n\n".join(
        f"/// {c.meaning}\npub const {c.key}: {c.form.rust_type} = {c.form.rust(c.value)};"
        for c in constants
    )
    return record.rust_module(_SOURCE, _DOC, body + "\n")


def _number(key: str, row: Row, rust_type: str, most: int) -> Constant:
    value = row.take("number", int)
    if not 1 <= value <= most:
        raise row.error(f"`number` is {value}; it must be from 1 to {most}")
    constant = Constant(key, number(rust_type), value, row.take("meaning", str))
    row.finish()
    return constant


def _list(key: str, row: Row) -> Constant:
    ports = row.take("ports", list)
    if ports != sorted(set(ports)) or not all(1 <= port <= 65535 for port in ports):
        raise row.error("`ports` must be rising, without repeats, from 1 to 65535")
    constant = Constant(key, PORTS, ports, row.take("meaning", str))
    row.finish()
    return constant
