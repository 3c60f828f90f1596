"""What commands print: tables for people, one JSON document for programs."""

import json
import sys
from collections.abc import Iterable, Sequence
from enum import StrEnum


class Format(StrEnum):
    """The values of `-o`."""

    TABLE = "table"
    JSON = "json"


def print_json(document: object) -> None:
    """One document on standard output."""
    json.dump(document, sys.stdout, indent=2, ensure_ascii=False)
    sys.stdout.write("\n")


def table(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Columns as wide as their contents, two spaces apart."""
    lines = [list(headers), *([str(cell) for cell in row] for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(headers))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def say(message: str) -> None:
    """Something for people, apart from the result."""
    print(message, file=sys.stderr, flush=True)
