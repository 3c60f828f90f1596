"""Fields of a document that its struct does not have."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import msgspec
from msgspec import inspect

from mesh_core.resources.fields import FieldPath
from mesh_core.resources.resource import Resource

_HEAD = frozenset({"apiVersion", "kind"})


def unknown_fields(kind: type[Resource], document: Mapping[str, Any]) -> tuple[FieldPath, ...]:
    """List what decoding `document` as `kind` ignores, in the document's order.

    For callers that promise to honour what a manifest says: a field in this list would silently
    change nothing. Fields that are null are not listed.
    """
    body = {name: value for name, value in document.items() if name not in _HEAD}
    return tuple(_in_struct(kind, body, ()))


def _in_struct(struct: type[msgspec.Struct], value: Any, path: FieldPath) -> Iterator[FieldPath]:
    if not isinstance(value, Mapping):
        return
    types = _field_types(struct)
    for name, item in value.items():
        if item is None:
            continue
        if name not in types:
            yield (*path, name)
        else:
            yield from _in_type(types[name], item, (*path, name))


def _in_type(kind: inspect.Type, value: Any, path: FieldPath) -> Iterator[FieldPath]:
    if isinstance(kind, inspect.StructType):
        yield from _in_struct(kind.cls, value, path)
    elif isinstance(kind, inspect.UnionType):
        for option in kind.types:
            yield from _in_type(option, value, path)
    elif isinstance(kind, inspect.VarTupleType) and isinstance(value, list):
        for index, item in enumerate(value):
            yield from _in_type(kind.item_type, item, (*path, index))


@cache
def _field_types(struct: type[msgspec.Struct]) -> Mapping[str, inspect.Type]:
    info = inspect.type_info(struct)
    if not isinstance(info, inspect.StructType):
        msg = f"{struct} is not a struct"
        raise TypeError(msg)
    return {field.encode_name: field.type for field in info.fields}
