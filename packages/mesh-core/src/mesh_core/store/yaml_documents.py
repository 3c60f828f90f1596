"""YAML to plain values, with the line of every field and with limits.

A subset of YAML 1.1, read as kubectl does: no timestamps, no sexagesimal numbers, no tags but the
core ones. Built on the parser's events, because that is where duplicate keys, nesting and aliases
can be counted before anything is made of them.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, cast

import yaml

from mesh_core.errors import CoreError
from mesh_core.resources.fields import FieldPath

MAX_DEPTH = 64
"""Nesting of mappings and lists; Kubernetes objects stay below 20."""
MAX_NODES = 250_000
"""Values in one file, with aliases counted as often as they are used."""

_Collection = yaml.MappingStartEvent | yaml.SequenceStartEvent
_Node = yaml.ScalarEvent | _Collection

_LOADER: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_CORE = "tag:yaml.org,2002:"
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_TRUE = frozenset({"true", "yes", "on"})
_FALSE = frozenset({"false", "no", "off"})
_INTEGER = re.compile(
    r"[-+]?(0b_*[01][01_]*|0x_*[0-9a-fA-F][0-9a-fA-F_]*|0o_*[0-7][0-7_]*|0[0-7_]*|[1-9][0-9_]*)"
)
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_SPECIAL_FLOAT = re.compile(r"([-+]?)\.(inf|Inf|INF|nan|NaN|NAN)")
_MAX_DIGITS = 20  # more do not fit 64 bits
_MAX_INTEGER = 2**64 - 1


class YamlError(CoreError):
    """The text is not acceptable YAML; `line` counts from 1, None when it has no place."""

    def __init__(self, reason: str, line: int | None) -> None:
        """Remember what is wrong and where."""
        self.reason = reason
        self.line = line
        super().__init__(reason if line is None else f"line {line}: {reason}")


@dataclass(slots=True)
class Place:
    """The line of a value, and the places of what is in it.

    A tree and not a table of paths: those would take memory by the depth of each value.
    """

    line: int
    below: dict[str | int, "Place"] | None = None

    def add(self, step: str | int, line: int) -> "Place":
        """Note where a field or item stands."""
        if self.below is None:
            self.below = {}
        place = self.below[step] = Place(line)
        return place


@dataclass(frozen=True, slots=True)
class Document:
    """One document of a file: its value, and where each field of it stands."""

    value: Any
    place: Place = field(repr=False)

    @property
    def line(self) -> int:
        """The first line, from 1."""
        return self.place.line

    def line_of(self, path: FieldPath) -> int:
        """Line of a field, or of the closest parent that the text has."""
        place = self.place
        for step in path:
            found = place.below.get(step) if place.below is not None else None
            if found is None:
                break
            place = found
        return place.line


def parse(text: str) -> Iterator[Document]:
    """Yield the documents of a text; raises YamlError at the first one that is not acceptable.

    Documents before that one have been yielded by then. Empty documents are left out.
    """
    try:
        yield from _Builder(yaml.parse(text, Loader=_LOADER)).documents()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        reason = error.problem or error.context or "not valid YAML"
        raise YamlError(reason, None if mark is None else mark.line + 1) from error
    except yaml.reader.ReaderError as error:
        reason = f"character {error.character!r} is not allowed"
        raise YamlError(reason, text.count("\n", 0, error.position) + 1) from error
    except yaml.YAMLError as error:
        raise YamlError(str(error), None) from error


class _Builder:
    """Makes values of one stream of events."""

    def __init__(self, events: Iterator[yaml.Event]) -> None:
        self._events = events
        self._nodes = 0
        self._depth = 0
        self._anchors: dict[str, tuple[Any, int]] = {}

    def documents(self) -> Iterator[Document]:
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                self._anchors = {}
                first = next(self._events)
                place = Place(_line(first))
                value = self._value(first, place)
                if value is not None:
                    yield Document(value, place)

    def _value(self, event: yaml.Event, place: Place) -> Any:
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        node = cast("_Node", event)  # the parser gives nothing else where a value begins
        self._count(1, node)
        before = self._nodes
        value = _scalar(node) if isinstance(node, yaml.ScalarEvent) else self._inside(node, place)
        if node.anchor is not None:
            self._anchors[node.anchor] = (value, self._nodes - before + 1)
        return value

    def _inside(self, event: _Collection, place: Place) -> Any:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise YamlError(f"nested more than {MAX_DEPTH} deep", _line(event))
        if isinstance(event, yaml.MappingStartEvent):
            _require_tag(event, "map")
            value: Any = self._mapping(place)
        else:
            _require_tag(event, "seq")
            value = self._sequence(place)
        self._depth -= 1
        return value

    def _alias(self, event: yaml.AliasEvent) -> Any:
        found = self._anchors.get(str(event.anchor))
        if found is None:
            reason = f"*{event.anchor} stands for nothing that is complete before this line"
            raise YamlError(reason, _line(event))
        value, size = found
        self._count(size, event)
        return value

    def _sequence(self, place: Place) -> list[Any]:
        items: list[Any] = []
        for event in self._events:
            if isinstance(event, yaml.SequenceEndEvent):
                break
            items.append(self._value(event, place.add(len(items), _line(event))))
        return items

    def _mapping(self, place: Place) -> dict[str, Any]:
        entries: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        for event in self._events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            key = _key(event)
            self._count(1, event)
            if key == "<<" and _is_plain(event):
                merged = {**self._merge(next(self._events)), **merged}
                continue
            if key in entries:
                first = place.below[key].line if place.below else place.line
                raise YamlError(f"{key!r} stands twice; the first is on line {first}", _line(event))
            entries[key] = self._value(next(self._events), place.add(key, _line(event)))
        return {**merged, **entries}

    def _merge(self, event: yaml.Event) -> dict[str, Any]:
        """Read what `<<` brings in; what stands earlier wins."""
        value = self._value(event, Place(_line(event)))
        result: dict[str, Any] = {}
        for source in value if isinstance(value, list) else [value]:
            if not isinstance(source, dict):
                reason = "'<<' takes a mapping or a list of mappings"
                raise YamlError(reason, _line(event))
            result = {**source, **result}
        return result

    def _count(self, nodes: int, event: yaml.Event) -> None:
        self._nodes += nodes
        if self._nodes > MAX_NODES:
            reason = f"more than {MAX_NODES} values, counting each use of an alias"
            raise YamlError(reason, _line(event))


def _line(event: yaml.Event) -> int:
    mark = event.start_mark
    return mark.line + 1 if mark is not None else 0


def _is_plain(event: yaml.Event) -> bool:
    return isinstance(event, yaml.ScalarEvent) and event.tag is None and bool(event.implicit[0])


def _key(event: yaml.Event) -> str:
    if not isinstance(event, yaml.ScalarEvent):
        reason = "a field name must be a text"
        raise YamlError(reason, _line(event))
    return str(event.value)


def _require_tag(event: _Collection, name: str) -> None:
    if event.tag not in {None, "!", _CORE + name}:
        reason = f"the tag {event.tag} is not allowed here"
        raise YamlError(reason, _line(event))


def _scalar(event: yaml.ScalarEvent) -> Any:
    text = str(event.value)
    if event.tag is None:
        return _plain(text) if event.implicit[0] else text
    if event.tag in {"!", _CORE + "str"}:
        return text
    value = _plain(text)
    kinds = {"null": type(None), "bool": bool, "int": int, "float": (int, float)}
    kind = kinds.get(event.tag.removeprefix(_CORE)) if event.tag.startswith(_CORE) else None
    if kind is None or not isinstance(value, kind):  # type: ignore[arg-type]
        reason = f"the tag {event.tag} is not allowed for {text!r}"
        raise YamlError(reason, _line(event))
    return value


def _plain(text: str) -> Any:
    """Read an unquoted scalar."""
    if text in _NULLS:
        return None
    if text.lower() in _TRUE | _FALSE and text in {text.lower(), text.upper(), text.capitalize()}:
        return text.lower() in _TRUE
    if _INTEGER.fullmatch(text):
        return _integer(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    special = _SPECIAL_FLOAT.fullmatch(text)
    if special is not None:
        size = math.inf if special[2].lower() == "inf" else math.nan
        return -size if special[1] == "-" else size
    return text


def _integer(text: str) -> int | float | str:
    """Read a number; beyond 64 bits, as with kubectl, a decimal one is a float, others a text."""
    sign = -1 if text.startswith("-") else 1
    digits = text.lstrip("+-").replace("_", "")
    if len(digits) > 1 and digits[0] == "0":
        base = {"x": 16, "b": 2}.get(digits[1], 8)
        number = int(digits[2:] if digits[1] in "xbo" else digits, base)
        return sign * number if number <= _MAX_INTEGER else text
    if len(digits) <= _MAX_DIGITS and int(digits) <= _MAX_INTEGER:
        return sign * int(digits)
    return sign * float(digits)
