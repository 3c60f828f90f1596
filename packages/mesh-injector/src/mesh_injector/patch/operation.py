"""JSON Patch (RFC 6902), as far as additions need it."""

from collections.abc import Iterable, Mapping
from typing import Any, Literal

import msgspec


class Operation(msgspec.Struct, frozen=True, gc=False):
    """One step: puts `value` at `path` (RFC 6901), before what stands there in a list."""

    op: Literal["add"]
    path: str
    value: Any


def pointer(steps: Iterable[str | int]) -> str:
    """Write a path; the escapes keep a slash in a key from being a step (RFC 6901, section 4)."""
    return "".join([_token(step) for step in steps])


def _token(step: str | int) -> str:
    return f"/{step}" if isinstance(step, int) else "/" + step.replace("~", "~0").replace("/", "~1")


class Edits:
    """Collects operations on one document, and makes the parents that it lacks.

    The document itself is not changed; what the operations make is remembered.
    """

    def __init__(self, document: Mapping[str, Any]) -> None:
        """Plan for `document`; nulls in it count as absent."""
        self._document = document
        self._made: set[tuple[str, ...]] = set()
        self._operations: list[Operation] = []

    @property
    def operations(self) -> tuple[Operation, ...]:
        """What was collected, in order."""
        return tuple(self._operations)

    def set_entries(self, path: tuple[str, ...], entries: Mapping[str, Any]) -> None:
        """Put entries into a mapping; where it has one of the keys, the new value wins."""
        if not entries:
            return
        if not self._exists(path):
            self._create(path, dict(entries))
            return
        base = pointer(path)
        for key, value in entries.items():
            self._add(base + _token(key), value)

    def prepend(self, path: tuple[str, ...], items: Iterable[Any]) -> None:
        """Put items before those of a list, in their order."""
        wanted = list(items)
        if wanted and not self._exists(path):
            self._create(path, wanted)
            return
        base = pointer(path)
        for index, item in enumerate(wanted):
            self._add(base + _token(index), item)

    def append(self, path: tuple[str, ...], items: Iterable[Any]) -> None:
        """Put items behind those of a list, in their order."""
        wanted = list(items)
        if wanted and not self._exists(path):
            self._create(path, wanted)
            return
        base = pointer(path)
        for item in wanted:
            self._add(base + "/-", item)

    def _create(self, path: tuple[str, ...], value: Any) -> None:
        parent = path[:-1]
        if parent and not self._exists(parent):
            self._create(parent, {})
        self._add(pointer(path), value)
        self._made.add(path)

    def _exists(self, path: tuple[str, ...]) -> bool:
        if path in self._made:
            return True
        value: Any = self._document
        for step in path:
            value = value.get(step) if isinstance(value, Mapping) else None
        return value is not None

    def _add(self, path: str, value: Any) -> None:
        self._operations.append(Operation("add", path, value))
