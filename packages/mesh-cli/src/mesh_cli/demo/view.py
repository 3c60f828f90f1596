"""What the terminal shows while the demo runs, and what is left on it afterwards."""

from collections.abc import Sequence

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.text import Text

from .edges import Edge
from .report import Report
from .tables import edge_table, workload_table

# Lines that are neither a workload's nor an edge's: headings, blank lines, the footer.
_FRAME_LINES = 10
_FEWEST_EDGES = 3
# So many errors say enough; the document of `-o json` has them all.
_ERRORS = 5


class LiveScreen:
    """The whole screen for one report; edges that do not fit are counted, not cut."""

    def __init__(self, report: Report, title: str, footer: Sequence[str]) -> None:
        """Take the report, a line above it and lines below it."""
        self._report = report
        self._title = title
        self._footer = footer

    def __rich_console__(self, _console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw for the terminal's present height."""
        report = self._report
        errors = min(len(report.errors), _ERRORS)
        room = (options.height or 100) - _FRAME_LINES - len(report.workloads) - errors
        edges, hidden = fitting(report.edges, max(room, _FEWEST_EDGES))
        parts: list[RenderableType] = [
            _line(self._title, "bold"),
            Text(),
            workload_table(report.workloads),
            Text(),
            edge_table(edges),
        ]
        if hidden:
            parts.append(Text(f"√ and {hidden} more secured", style="green"))
        parts += [Text(), *error_lines(report)]
        parts += [_line(line, "dim") for line in self._footer]
        yield Group(*parts)


def final_tables(report: Report) -> Group:
    """Return both tables in full and the errors."""
    parts: list[RenderableType] = [
        workload_table(report.workloads),
        Text(),
        edge_table(report.edges),
        Text(),
        *error_lines(report, limit=len(report.errors)),
        Text(verdict(report), style="green" if report.succeeded else "bold red"),
    ]
    return Group(*parts)


def fitting(edges: Sequence[Edge], room: int) -> tuple[list[Edge], int]:
    """Return the edges that fit and how many are left out; secured ones go first."""
    if len(edges) <= room:
        return list(edges), 0
    unsecured = sum(not edge.secured for edge in edges)
    keep = max(room - 1 - unsecured, 0)
    shown: list[Edge] = []
    for edge in edges:
        if not edge.secured:
            shown.append(edge)
        elif keep:
            shown.append(edge)
            keep -= 1
    return shown, len(edges) - len(shown)


def error_lines(report: Report, limit: int = _ERRORS) -> list[Text]:
    """Return a line for each error, and one that counts those beyond the limit."""
    lines = [Text(f"× {error}", style="red") for error in report.errors[:limit]]
    if len(report.errors) > limit:
        lines.append(Text(f"× and {len(report.errors) - limit} more", style="red"))
    return lines


def verdict(report: Report) -> str:
    """Say in one line how it went; only edges between meshed workloads have to be secured."""
    expected = [edge for edge in report.edges if edge.expected]
    secured = sum(edge.secured for edge in expected)
    requests = sum(row.requests for row in report.workloads)
    failed = sum(row.failures for row in report.workloads)
    parts = [
        f"{secured}/{len(expected)} edges secured",
        f"{requests:,} requests, {failed:,} failed",
    ]
    if report.ready_seconds is not None:
        parts.append(f"ready in {report.ready_seconds:.1f} s")
    if report.sidecar_rss_bytes:
        mean = sum(report.sidecar_rss_bytes) / len(report.sidecar_rss_bytes)
        parts.append(f"{mean / 1e6:.0f} MB/sidecar")
    return f"{'√' if report.succeeded else '×'} {' · '.join(parts)}"


def _line(text: str, style: str) -> Text:
    """Return one line, cut where the terminal ends: a second one would not fit the screen."""
    return Text(text, style=style, no_wrap=True, overflow="ellipsis")
