"""Writing an object back without losing the fields that its struct does not have."""

from collections.abc import Mapping
from typing import Any


def overlay(stored: Any, known: Any, wanted: Any) -> Any:
    """Give `stored` with what leads from `known` to `wanted`.

    All are JSON values. `known` is what the struct kept of `stored`; a field that is in neither
    `known` nor `wanted` is one that the struct does not have, and stays. Items of a list are
    recognised by their name, else by being the same as before.
    """
    if known == wanted:
        return stored
    if isinstance(stored, Mapping) and isinstance(wanted, Mapping):
        return _objects(stored, known if isinstance(known, Mapping) else {}, wanted)
    if isinstance(stored, list) and isinstance(wanted, list) and isinstance(known, list):
        return _lists(stored, known, wanted)
    return wanted


def _objects(
    stored: Mapping[str, Any], known: Mapping[str, Any], wanted: Mapping[str, Any]
) -> dict[str, Any]:
    result = {name: value for name, value in stored.items() if name in wanted or name not in known}
    for name, value in wanted.items():
        result[name] = overlay(stored.get(name), known.get(name), value)
    return result


def _lists(stored: list[Any], known: list[Any], wanted: list[Any]) -> list[Any]:
    if len(stored) != len(known):  # then it is not known which belongs to which
        return wanted
    left = list(zip(stored, known, strict=True))
    result = []
    for item in wanted:
        match = _match(left, item)
        result.append(item if match is None else overlay(*left.pop(match), item))
    return result


def _match(pairs: list[tuple[Any, Any]], item: Any) -> int | None:
    for index, (_, known) in enumerate(pairs):
        if known == item or (_name(known) is not None and _name(known) == _name(item)):
            return index
    return None


def _name(item: Any) -> tuple[str, Any] | None:
    """Give what identifies an item among others, as Kubernetes merges lists."""
    if isinstance(item, Mapping):
        for key in ("name", "type", "uid", "key", "ip"):
            if key in item:
                return key, item[key]
    return None
