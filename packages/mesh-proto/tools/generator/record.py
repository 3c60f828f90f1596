"""Renders tables whose rows all have the same columns: a record type and one constant per row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from generator.literals import Form, camel

Rows = Sequence[tuple[str, Mapping[str, Any]]]


@dataclass(frozen=True)
class Column:
    """One field of the record. In Rust it may be missing, where another field holds it too."""

    name: str
    form: Form
    doc: str
    rust: bool = True


@dataclass(frozen=True)
class Record:
    """The type of a table's rows."""

    name: str
    doc: str
    columns: tuple[Column, ...]

    def python(self, rows: Rows) -> str:
        """The class, a constant per row, and ALL."""
        fields = "\n".join(
            f'    {column.name}: {column.form.python_type}\n    """{column.doc}"""'
            for column in self.columns
        )
        constants = "\n".join(self._python_row(key, row) for key, row in rows)
        names = "".join(f"    {key},\n" for key, _ in rows)
        return (
            f'@dataclass(frozen=True, slots=True)\nclass {self.name}:\n    """{self.doc}"""\n\n'
            f"{fields}\n\n\n{constants}\n\n"
            f"ALL: Final[tuple[{self.name}, ...]] = (\n{names})\n"
        )

    def rust(self, rows: Rows) -> str:
        """The struct, a constant per row, and ALL."""
        fields = "\n".join(
            f"    /// {column.doc}\n    pub {column.name}: {column.form.rust_type},"
            for column in self.columns
            if column.rust
        )
        constants = "\n\n".join(self._rust_row(key, row) for key, row in rows)
        names = "".join(f"    &{key},\n" for key, _ in rows)
        return (
            f"/// {self.doc}\n#[derive(Clone, Copy, Debug, PartialEq, Eq)]\n"
            f"pub struct {self.name} {{\n{fields}\n}}\n\n{constants}\n\n"
            "/// Every one of them, in the order of the table.\n"
            f"pub static ALL: &[&{self.name}] = &[\n{names}];\n"
        )

    def _python_row(self, key: str, row: Mapping[str, Any]) -> str:
        values = "".join(
            f"    {column.name}={column.form.python(row[column.name])},\n"
            for column in self.columns
        )
        return f"{key}: Final = {self.name}(\n{values})"

    def _rust_row(self, key: str, row: Mapping[str, Any]) -> str:
        values = "".join(
            f"    {column.name}: {column.form.rust(row[column.name])},\n"
            for column in self.columns
            if column.rust
        )
        return f"/// {row['meaning']}\npub const {key}: {self.name} = {self.name} {{\n{values}}};"


def python_enum(name: str, doc: str, members: Mapping[str, str]) -> str:
    """A StrEnum whose members are words in lower case."""
    body = "\n".join(
        f'    {word.upper()} = "{word}"\n    """{text}"""' for word, text in members.items()
    )
    return f'class {name}(StrEnum):\n    """{doc}"""\n\n{body}\n'


def rust_enum(name: str, doc: str, members: Mapping[str, str], payload: Mapping[str, str]) -> str:
    """The same in Rust; `payload` gives the tuple content of the members that have one."""
    body = "\n".join(
        f"    /// {text}\n    {camel(word)}{payload.get(word, '')},"
        for word, text in members.items()
    )
    return (
        f"/// {doc}\n#[derive(Clone, Copy, Debug, PartialEq, Eq)]\npub enum {name} {{\n{body}\n}}\n"
    )


def python_module(source: str, doc: str, *parts: str) -> str:
    """A generated Python module."""
    imports = "from __future__ import annotations\n\n"
    body = "\n\n".join(parts)
    if "@dataclass" in body:
        imports += "from dataclasses import dataclass\n"
    if "StrEnum" in body:
        imports += "from enum import StrEnum\n"
    return f'{_notice("#", source)}\n"""{doc}"""\n\n{imports}from typing import Final\n\n{body}'


def rust_module(source: str, doc: str, *parts: str) -> str:
    """A generated Rust module."""
    return f"{_notice('//', source)}\n//! {doc}\n\n" + "\n".join(parts)


def _notice(comment: str, source: str) -> str:
    return f"{comment} @generated from vocabulary/{source} by tools/generate.py; do not edit."
