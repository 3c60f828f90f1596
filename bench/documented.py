"""The table of targets in docs/performance.md, with what a run has reached."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from bench.errors import FieldError
from bench.reach import TARGETS, Target, figures
from bench.report import Row

PAGE = Path(__file__).parents[1] / "docs/performance.md"
BEGIN, END = "<!-- targets: ./dev bench --update-docs -->", "<!-- end of targets -->"
HEADING = ("figure", "connections", "target", "reached, out / in or as named")
NEVER = "–"


def read(path: Path) -> list[Row]:
    """What `-o json` printed."""
    return [Row(**json.loads(line)) for line in path.read_text().splitlines() if line.strip()]


def table(rows: Iterable[Row]) -> list[str]:
    """One line for each target."""
    found = figures(rows)
    lines = [_line(HEADING), _line(["---"] * len(HEADING))]
    return lines + [_line(_cells(target, found)) for target in TARGETS]


def _cells(target: Target, found: dict[tuple[str, int, str], float]) -> Sequence[str]:
    sign = "≥" if target.at_least else "≤"
    values = [found.get((target.case, target.connections, name)) for name in target.metrics]
    told = [value for value in values if value is not None]
    reached = NEVER
    if len(told) == len(values):
        digits = 1 if min(told) >= 10 else 2
        reached = " / ".join(f"{value:.{digits}f}" for value in told)
        if target.share(told) < 1:
            reached += " (missed)"
    return (
        f"{target.case}: {target.metrics[0].removesuffix('_ratio')}",
        str(target.connections or NEVER),
        f"{sign} {target.limit:g} {target.unit}",
        reached,
    )


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def update(rows: Sequence[Row], when: str, page: Path = PAGE) -> None:
    """Write the table into the page, between its marks."""
    text = page.read_text()
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise FieldError(f"{page} has no place for the table: {BEGIN} … {END}")
    note = f"Taken on {when}, medians of one run. Targets are those of the worse side."
    block = "\n".join([BEGIN, "", note, "", *table(rows), "", END])
    page.write_text(before + block + after)
