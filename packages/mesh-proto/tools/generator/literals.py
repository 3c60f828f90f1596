"""How values of a vocabulary table are written in Python and in Rust."""

from __future__ import annotations

import json
from collections.abc import Sequence

NOTICE = "Generated from {source} by packages/mesh-proto/tools/generate.py; do not edit."


def python_text(text: str | None) -> str:
    """A Python string literal in double quotes, or None."""
    return "None" if text is None else json.dumps(text, ensure_ascii=False)


def python_texts(texts: Sequence[str]) -> str:
    """A Python tuple of string literals."""
    inner = ", ".join(python_text(text) for text in texts)
    return f"({inner},)" if texts else "()"


def python_numbers(numbers: Sequence[int]) -> str:
    """A Python tuple of integers."""
    inner = ", ".join(str(number) for number in numbers)
    return f"({inner},)" if numbers else "()"


def rust_text(text: str) -> str:
    """A Rust string literal; JSON's escapes of printable text are Rust's too."""
    if not text.isprintable():
        raise ValueError(f"{text!r} holds a control character; vocabulary texts are one line")
    return json.dumps(text, ensure_ascii=False)


def rust_option(text: str | None) -> str:
    """A Rust `Option<&str>`."""
    return "None" if text is None else f"Some({rust_text(text)})"


def rust_texts(texts: Sequence[str]) -> str:
    """A Rust slice of string literals."""
    return "&[" + ", ".join(rust_text(text) for text in texts) + "]"


def rust_numbers(numbers: Sequence[int]) -> str:
    """A Rust slice of integers."""
    return "&[" + ", ".join(str(number) for number in numbers) + "]"


def rust_flag(flag: bool) -> str:
    """A Rust bool."""
    return "true" if flag else "false"
