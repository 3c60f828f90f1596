"""How values of a vocabulary table are written in Python and in Rust."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Form:
    """One type of value: its name and its literals in both languages."""

    python_type: str
    rust_type: str
    python: Callable[[Any], str]
    rust: Callable[[Any], str]


def _text(text: str) -> str:
    # JSON's escapes of printable text are valid in Python and in Rust.
    if not text.isprintable():
        raise ValueError(f"{text!r} holds a control character; vocabulary texts are one line")
    return json.dumps(text, ensure_ascii=False)


def _python_tuple(items: Sequence[str]) -> str:
    return f"({', '.join(items)},)" if items else "()"


TEXT = Form("str", "&'static str", _text, _text)
OPTIONAL_TEXT = Form(
    "str | None",
    "Option<&'static str>",
    lambda text: "None" if text is None else _text(text),
    lambda text: "None" if text is None else f"Some({_text(text)})",
)
TEXTS = Form(
    "tuple[str, ...]",
    "&'static [&'static str]",
    lambda texts: _python_tuple([_text(text) for text in texts]),
    lambda texts: f"&[{', '.join(_text(text) for text in texts)}]",
)
PORTS = Form(
    "tuple[int, ...]",
    "&[u16]",
    lambda ports: _python_tuple([str(port) for port in ports]),
    lambda ports: f"&[{', '.join(str(port) for port in ports)}]",
)
FLAG = Form("bool", "bool", str, lambda flag: str(flag).lower())


def number(rust_type: str) -> Form:
    """An integer of the given Rust type."""
    return Form("int", rust_type, str, str)


def member(enum: str) -> Form:
    """A member of an enumeration, given by its name in lower case."""
    return Form(
        enum,
        enum,
        lambda name: f"{enum}.{name.upper()}",
        lambda name: f"{enum}::{camel(name)}",
    )


def members(enum: str) -> Form:
    """Any number of members of an enumeration."""
    one = member(enum)
    return Form(
        f"tuple[{enum}, ...]",
        f"&'static [{enum}]",
        lambda names: _python_tuple([one.python(name) for name in names]),
        lambda names: f"&[{', '.join(one.rust(name) for name in names)}]",
    )


def camel(name: str) -> str:
    """`snake_case` as `CamelCase`."""
    return "".join(part.capitalize() for part in name.split("_"))
