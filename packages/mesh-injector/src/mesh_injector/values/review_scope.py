"""The selectors of the webhook's configuration."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import msgspec

from mesh_core.resources import LabelSelector
from mesh_injector.review_scope import ReviewScope
from mesh_injector.values.tree import Values, ValuesError


def review_scope(values: Values) -> ReviewScope:
    """Read them; what is not set is the chart's default, and an empty one selects everything."""
    changes = {
        field: _selector(f"proxyInjector.{name}", given)
        for field, name in (("namespaces", "namespaceSelector"), ("pods", "objectSelector"))
        if (given := values.mapping("proxyInjector").get(name)) is not None
    }
    return replace(ReviewScope(), **changes)


def _selector(path: str, given: Any) -> LabelSelector:
    if isinstance(given, Mapping):
        given = {name: value for name, value in given.items() if value is not None}
    try:
        return msgspec.convert(given, LabelSelector)
    except msgspec.ValidationError as error:
        raise ValuesError(path, f"expected a label selector: {error}") from error
