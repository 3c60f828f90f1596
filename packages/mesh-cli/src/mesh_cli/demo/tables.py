"""The report for people: two tables, colours where there is a terminal."""

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from .edges import Edge
from .workloads import WorkloadRow

_GOOD, _WARN, _BAD, _QUIET = "green", "yellow", "bold red", "dim"
# At least 99.9 % is as good as it gets with few requests; below 95 % something is broken.
_FINE, _BROKEN = 0.999, 0.95
_NONE = "-"


def workload_table(rows: Sequence[WorkloadRow]) -> Table:
    """Return NAME MESHED SUCCESS RPS P50 P95 P99 TCP."""
    table = _table("WORKLOAD")
    for column in ("MESHED", "SUCCESS", "RPS", "P50", "P95", "P99", "TCP"):
        table.add_column(column, justify="right", no_wrap=True)
    for row in rows:
        meshed, pods = row.meshed
        table.add_row(
            row.name,
            Text(f"{meshed}/{pods}", style=_GOOD if meshed == pods else _QUIET),
            _success(row.success),
            _NONE if row.rps is None else f"{row.rps:.1f}",
            *map(milliseconds, (row.p50, row.p95, row.p99)),
            _NONE if row.tcp_connections is None else str(row.tcp_connections),
        )
    return table


def edge_table(edges: Sequence[Edge]) -> Table:
    """Return SRC DST CLIENT SERVER SECURED."""
    table = _table("FROM")
    table.add_column("TO", no_wrap=True)
    table.add_column("CLIENT", no_wrap=True)
    table.add_column("SERVER", no_wrap=True)
    table.add_column("SECURED", overflow="fold")
    for edge in edges:
        table.add_row(
            edge.src,
            edge.dst,
            short_identity(edge.client_id),
            short_identity(edge.server_id),
            _secured(edge),
        )
    return table


def short_identity(identity: str) -> str:
    """Shorten `web.shop.serviceaccount.identity.…` to `web.shop`; the rest is alike for all."""
    return identity.partition(".serviceaccount.identity.")[0] or _NONE


def milliseconds(value: float | None) -> str:
    """Write a latency with as many digits as it deserves."""
    if value is None:
        return _NONE
    if value >= 1000:
        return f"{value / 1000:.1f}s"
    return f"{value:.0f}ms" if value >= 10 else f"{value:.1f}ms"


def _table(first: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column(first, no_wrap=True)
    return table


def _success(share: float | None) -> Text:
    if share is None:
        return Text(_NONE)
    style = _GOOD if share >= _FINE else _WARN if share >= _BROKEN else _BAD
    # Rounded down: 99.99 % shown as 100 % would hide a failure.
    return Text(f"{int(share * 10000) / 100:.2f}%", style=style)


def _secured(edge: Edge) -> Text:
    if edge.secured:
        return Text("√", style=_GOOD)
    return Text(edge.reason, style=_BAD if edge.expected else _QUIET)
