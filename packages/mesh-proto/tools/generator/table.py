"""One vocabulary file as checked rows."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")
_NAME = re.compile(r"[A-Z][A-Z0-9_]*")


class TableError(Exception):
    """A vocabulary file is wrong; the text says which file, which row and what to change."""


class Row:
    """The entries of one TOML table; every entry must be taken, so that a typo is an error."""

    def __init__(self, where: str, entries: Mapping[str, Any]) -> None:
        self._where = where
        self._left = dict(entries)

    def take(self, key: str, kind: type[T], default: T | None = None) -> T:
        """The entry `key`, which is required unless a default is given."""
        value = self.maybe(key, kind)
        if value is not None:
            return value
        if default is None:
            raise TableError(f"{self._where}: `{key}` is missing")
        return default

    def maybe(self, key: str, kind: type[T]) -> T | None:
        """The entry `key`, or None when it is absent."""
        value = self._left.pop(key, None)
        if value is not None and not isinstance(value, kind):
            raise TableError(f"{self._where}: `{key}` must be of type {kind.__name__}")
        return value

    def finish(self) -> None:
        """Fails when an entry was not taken."""
        if self._left:
            raise TableError(f"{self._where}: unknown entries {', '.join(sorted(self._left))}")

    def error(self, problem: str) -> TableError:
        """An error that names this row."""
        return TableError(f"{self._where}: {problem}")


def rows(path: Path, *section: str) -> list[tuple[str, Row]]:
    """The named tables of a file (below `section`), in file order, with their rows."""
    try:
        table: Any = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise TableError(f"{path}: {error}") from error
    for key in section:
        table = table.get(key, {})
    found = []
    for name, entries in table.items():
        if not _NAME.fullmatch(name):
            raise TableError(f"{path}: [{name}] must be named in capitals")
        found.append((name, Row(f"{path} [{name}]", entries)))
    return found
