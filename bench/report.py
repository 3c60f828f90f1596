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
    rate: int
    """Requests a second that the load was held at; 0: as many as were answered."""
    metric: str
    value: float
    unit: str


def as_json(row: Row) -> str:
    """One line."""
    return json.dumps(asdict(row), ensure_ascii=False)


def print_rows(rows: Iterable[Row], output: str) -> None:
    """As `table`, or as `json`: one object a line."""
    if output == "json":
        for row in rows:
            print(as_json(row))
    else:
        _print_table(rows)


def heading(row: Row) -> str:
    """What a group of figures has in common."""
    kind = f", {row.connections} connections" if row.connections else ""
    pace = f", {row.rate} a second" if row.rate else ""
    return f"{row.case}{kind}{pace}"


def _print_table(rows: Iterable[Row]) -> None:
    """A table with a heading for each case and load."""
    last = ""
    for row in rows:
        if heading(row) != last:
            last = heading(row)
            print(f"\n{last}")
        print(f"  {row.subject:<12}{row.metric:<26}{row.value:>12.3f} {row.unit}")
