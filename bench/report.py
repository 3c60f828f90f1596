"""What the bench prints."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Row:
    """One figure."""

    case: str
    subject: str
    connections: int
    """0 where it does not matter."""
    metric: str
    value: float
    unit: str


def print_rows(rows: Iterable[Row], output: str) -> None:
    """As `table`, or as `json`."""
    if output == "json":
        _print_json_lines(rows)
    else:
        _print_table(rows)


def _print_json_lines(rows: Iterable[Row]) -> None:
    """One JSON object a line."""
    for row in rows:
        print(json.dumps(asdict(row), ensure_ascii=False))


def _print_table(rows: Iterable[Row]) -> None:
    """A table with a heading for each number of connections."""
    heading: tuple[str, int] | None = None
    for row in rows:
        if (row.case, row.connections) != heading:
            heading = (row.case, row.connections)
            kind = f"{row.connections} connections" if row.connections else "afterwards"
            print(f"\n{row.case}, {kind}")
        print(f"  {row.subject:<10}{row.metric:<16}{row.value:>12.2f} {row.unit}")
