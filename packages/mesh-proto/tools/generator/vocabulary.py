"""Writes every table of vocabulary/ as a Python and a Rust module."""

from __future__ import annotations

from pathlib import Path

from generator import environment, headers, limits, metrics, ports, reasons, refusals
from generator.protobuf import run


def write(tables: Path, python: Path, rust: Path) -> None:
    """Writes NAME.py into `python` and NAME.rs into `rust` for each table, formatted."""
    for module in (environment, headers, limits, metrics, ports, reasons, refusals):
        name = module.__name__.rpartition(".")[2]
        table = module.read(tables / f"{name}.toml")
        (python / f"{name}.py").write_text(module.python(table), encoding="utf-8")
        (rust / f"{name}.rs").write_text(module.rust(table), encoding="utf-8")
    run(["ruff", "format", "--quiet", "--isolated", "--line-length=100", str(python)])
    run(
        [
            "rustfmt",
            "--edition=2024",
            "--config=max_width=100",
            *map(str, sorted(rust.glob("*.rs"))),
        ]
    )
