"""Renders every table of vocabulary/ as a Python and a Rust module."""

from __future__ import annotations

from pathlib import Path

from generator import environment
from generator.protobuf import run


def write(tables: Path, python: Path, rust: Path) -> None:
    """Writes NAME.py into `python` and NAME.rs into `rust` for each table, formatted."""
    variables = environment.read(tables / "environment.toml")
    (python / "environment.py").write_text(environment.python(variables), encoding="utf-8")
    (rust / "environment.rs").write_text(environment.rust(variables), encoding="utf-8")
    run(["ruff", "format", "--quiet", "--isolated", "--line-length=100", str(python)])
    run(["rustfmt", "--edition=2024", "--config=max_width=100", *map(str, sorted(rust.glob("*.rs")))])
