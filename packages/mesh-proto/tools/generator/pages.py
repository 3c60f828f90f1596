"""Writes the tables of vocabulary/ as reference pages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from generator import environment, headers, limits, metrics, ports, reasons, refusals

_GRPC = reasons.GRPC_CODES
_UNITS = {"bytes": "bytes", "count": "", "milliseconds": "ms", "seconds": "s"}


def write(tables: Path, pages: Path) -> None:
    """Writes one NAME.md into `pages` for each table that people look things up in."""
    texts = {
        "environment": _environment(environment.read(tables / "environment.toml")),
        "headers": _headers(headers.read(tables / "headers.toml")),
        "limits": _limits(limits.read(tables / "limits.toml")),
        "metrics": _metrics(metrics.read(tables / "metrics.toml")),
        "errors": _errors(
            reasons.read(tables / "reasons.toml"), refusals.read(tables / "refusals.toml")
        ),
        "ports": _ports(ports.read(tables / "ports.toml")),
    }
    for name, text in texts.items():
        sources = "{reasons,refusals}" if name == "errors" else name
        notice = (
            f"<!-- Generated from vocabulary/{sources}.toml of mesh-proto; do not edit. -->\n\n"
        )
        (pages / f"{name}.md").write_text(notice + text, encoding="utf-8")


def _environment(rows: Sequence[tuple[str, Mapping[str, Any]]]) -> str:
    lines = [
        [
            f"`{row['name']}`",
            _kind(row),
            _default(row),
            row["meaning"],
        ]
        for _, row in rows
    ]
    return (
        "# Environment variables of the proxy\n\n"
        "The injector sets them. A value that is not of its kind ends the proxy with exit code 64 "
        "and one line that names the variable.\n\n"
        + _table(("name", "kind", "default", "meaning"), lines)
    )


def _kind(row: Mapping[str, Any]) -> str:
    return ", ".join(f"`{word}`" for word in row["choices"]) or str(row["kind"][0])


def _default(row: Mapping[str, Any]) -> str:
    if row["required"]:
        return "required"
    return "" if row["default"] is None else f"`{row['default']}`"


def _headers(rows: Sequence[tuple[str, Mapping[str, Any]]]) -> str:
    lines = [
        [
            f"`{row['name']}`",
            _places(row),
            ", ".join(row["set_by"]),
            ", ".join(row["removed_by"]),
            row["meaning"],
        ]
        for _, row in rows
    ]
    return (
        "# Header fields\n\n"
        "With these proxies talk to each other and to applications. One that a stranger sends is "
        "deleted before the proxy sets its own.\n\n"
        + _table(("name", "in", "set by", "removed by", "meaning"), lines)
    )


def _places(row: Mapping[str, Any]) -> str:
    return ", ".join(place for place in ("request", "response") if row[place])


def _limits(rows: Sequence[tuple[str, Mapping[str, Any]]]) -> str:
    lines = [
        [
            f"`{row['name']}`",
            f"{row['value']:,} {_UNITS[row['unit']]}".rstrip(),
            row["meaning"],
            row["excess"],
            f"`{environment.PREFIX}{row['variable']}`" if row["variable"] else "",
        ]
        for _, row in rows
    ]
    return (
        "# Limits of the proxy\n\n"
        "Whatever a peer sends, this is the most that it makes the proxy spend. Where a variable "
        "is named, it replaces the value.\n\n"
        + _table(("name", "default", "what it bounds", "beyond it", "variable"), lines)
    )


def _metrics(rows: Sequence[tuple[str, Mapping[str, Any]]]) -> str:
    lines = [
        [
            f"`{row['name']}`",
            row["kind"],
            row["meaning"],
            ", ".join(f"`{label}`" for label in row["labels"]),
        ]
        for _, row in rows
    ]
    return (
        "# Metrics of the proxy\n\n"
        "Its admin server shows them at `/metrics`. `srv_*`, `route_*` and `authz_*` name the "
        "policy resource that decided, by group, kind and name; `dst_*` is what the control plane "
        "says of the endpoint. The number of series is bounded: what is beyond it is counted "
        'together, in series with the label `overflow="true"`. A series that nothing uses any '
        "more is shown for ten minutes "
        f"(`{environment.PREFIX}METRICS_RETAIN_IDLE`).\n\n"
        + _table(("name", "kind", "meaning", "labels"), lines)
    )


def _errors(
    rows: Sequence[tuple[str, Mapping[str, Any]]], refused: Sequence[tuple[str, Mapping[str, Any]]]
) -> str:
    lines = [
        [
            f"`{row['name']}`",
            str(row["http"]),
            f"{_GRPC[row['grpc']]} ({row['grpc']})",
            "yes" if row["closes"] else "",
            row["meaning"],
        ]
        for _, row in rows
    ]
    return (
        "# Errors of the proxy\n\n"
        "When the proxy answers in place of the application, the reason stands in its log, in the "
        "label `error` of its metrics and, for meshed peers and the pod's own application, in the "
        "response field `l5d-proxy-error`. HTTP clients get the status with an empty body; gRPC "
        "clients get HTTP 200 with the gRPC status.\n\n"
        + _table(("reason", "HTTP", "gRPC", "ends the connection", "meaning"), lines)
        + "\n## Connections\n\n"
        "A connection that the proxy does not carry is reset. The reason, one of these or of "
        "those above, stands in the log and in the label `error` of "
        "`{inbound,outbound}_tcp_errors_total`.\n\n"
        + _table(
            ("reason", "meaning"), [[f"`{row['name']}`", row["meaning"]] for _, row in refused]
        )
    )


def _ports(constants: Sequence[ports.Constant]) -> str:
    lines = [[f"`{c.key.lower()}`", _value(c.value), c.meaning] for c in constants]
    return "# Ports and user ids\n\n" + _table(("name", "value", "meaning"), lines)


def _value(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _table(heading: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    rows = [heading, ["---"] * len(heading), *lines]
    return "".join(
        f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |\n" for row in rows
    )
