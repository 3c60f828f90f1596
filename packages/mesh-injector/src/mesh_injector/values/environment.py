"""The values `proxy.additionalEnv` and `proxy.experimentalEnv`."""

from collections.abc import Mapping
from typing import Any

import msgspec

from mesh_core.annotations import PROXY_ADDITIONAL_ENV, EnvironmentEntry
from mesh_injector.values.tree import Values, ValuesError

_PATHS = ("proxy.additionalEnv", "proxy.experimentalEnv")


def environment_entries(values: Values) -> tuple[EnvironmentEntry, ...]:
    """Read further variables of every proxy; the experimental ones win by name."""
    merged: dict[str, EnvironmentEntry] = {}
    for path in _PATHS:
        for index, item in enumerate(values.items(path)):
            entry = _entry(item, f"{path}[{index}]")
            merged[entry.name] = entry
    return tuple(merged.values())


def _entry(item: Any, path: str) -> EnvironmentEntry:
    if not isinstance(item, Mapping):
        raise ValuesError(path, "expected name and value")
    plain = {name: value for name, value in item.items() if value is not None}
    try:
        entry = msgspec.convert(plain, EnvironmentEntry)
        # The same rules as for the annotation, read by the same code.
        PROXY_ADDITIONAL_ENV.type.parse(msgspec.json.encode([entry]).decode())
    except (msgspec.ValidationError, ValueError) as error:
        raise ValuesError(path, f"expected a name and a value that is a text: {error}") from error
    return entry
