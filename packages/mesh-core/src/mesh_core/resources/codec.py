"""Documents to resources and back, with errors that name the field."""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any, TypeVar, cast

import msgspec

from mesh_core.kubernetes_names import MAX_LABEL, MAX_SUBDOMAIN, is_label, is_subdomain
from mesh_core.ports import MAX_PORT, MIN_PORT
from mesh_core.resources.errors import DecodeError
from mesh_core.resources.fields import FieldPath
from mesh_core.resources.registry import KINDS, Registry
from mesh_core.resources.resource import Resource

R = TypeVar("R", bound=Resource)

DEFAULT_NAMESPACE = "default"

_NOT_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)

# What msgspec says after the last " - at `", such as $.spec.ports[0].port or $.data[...].
_LOCATION = re.compile(
    r"^(?P<reason>.*?)(?: - at `(?P<key>key in )?\$(?P<path>[^`]*)`)?$", re.DOTALL
)
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]|(\[\.\.\.\])")
_MISSING = re.compile(r"^Object missing required field `(?P<name>[^`]+)`$")
_NO_PORT = re.compile(rf"^Expected `int` (>= (0|{MIN_PORT})|<= {MAX_PORT})$")
_WRONG_TYPE = re.compile(r"^Expected `(?P<expected>[^`]+)`, got `(?P<got>[^`]+)`$")
_TYPE_NAMES = {str: "str", bool: "bool", int: "int", float: "float", list: "array", dict: "object"}


def decode(document: Mapping[str, Any], registry: Registry = KINDS) -> Resource:
    """Make the resource that a document with `apiVersion` and `kind` describes.

    Fields that the struct does not have are ignored, nulls count as absent. An object of a
    namespaced kind without a namespace is in `default`, as with kubectl.
    """
    return decode_as(_kind_of(document, registry), document)


def decode_as(kind: type[R], document: Mapping[str, Any]) -> R:
    """Make a resource of a known kind; `apiVersion` and `kind` are not looked at."""
    present = _without_nulls(document)
    try:
        resource = msgspec.convert(present, kind)
    except msgspec.ValidationError as error:
        raise _explain(str(error), present) from error
    return validate(resource)


def decode_json(kind: type[R], data: bytes | msgspec.Raw) -> R:
    """Make a resource of a known kind from JSON, many times faster than `decode_as`."""
    try:
        resource = _decoder(kind).decode(data)
    except msgspec.ValidationError:
        # The cause may be a null, which API servers write for empty lists.
        return decode_as(kind, _any_json(data))
    except _NOT_JSON as error:
        raise DecodeError(f"not valid JSON: {error}") from error
    return validate(cast("R", resource))


def _any_json(data: bytes | msgspec.Raw) -> Any:
    try:
        return msgspec.json.decode(data)
    except _NOT_JSON as error:
        raise DecodeError(f"not valid JSON: {error}") from error


def encode(resource: Resource) -> bytes:
    """Write a resource as one JSON document; fields at their default are left out."""
    return json_head(type(resource)) + msgspec.json.encode(resource)[1:]


@cache
def json_head(kind: type[Resource]) -> bytes:
    """Give the octets that every encoded object of a kind begins with."""
    return msgspec.json.encode({"apiVersion": kind.api_version, "kind": kind.kind})[:-1] + b","


def to_document(resource: Resource) -> dict[str, Any]:
    """Give a resource as plain dictionaries and lists, for YAML or for a patch."""
    body: dict[str, Any] = msgspec.to_builtins(resource)
    return {"apiVersion": resource.api_version, "kind": resource.kind, **body}


@cache
def _decoder(kind: type[Resource]) -> msgspec.json.Decoder[Resource]:
    return msgspec.json.Decoder(kind)


def _kind_of(document: Mapping[str, Any], registry: Registry) -> type[Resource]:
    if not isinstance(document, Mapping):
        reason = "expected an object with apiVersion and kind"
        raise DecodeError(reason)
    for field in ("apiVersion", "kind"):
        if not isinstance(document.get(field), str):
            reason = "is missing" if document.get(field) is None else "expected a text"
            raise DecodeError(reason, (field,))
    return registry.find(document["apiVersion"], document["kind"])


def _without_nulls(value: Any) -> Any:
    """Drop fields that are null, which Kubernetes reads as absent."""
    if isinstance(value, Mapping):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_without_nulls(item) for item in value]
    return value


def validate(resource: R) -> R:
    """Check the names, because paths and identities are made of them, and fill in `default`.

    Done by every decoding; for objects that were made in memory.
    """
    metadata = resource.metadata
    _check_name(metadata.name, ("metadata", "name"), label=resource.named_by_label)
    if not resource.namespaced:
        if not metadata.namespace:
            return resource
        reason = f"a {resource.kind} is not in a namespace; remove the field"
        raise DecodeError(reason, ("metadata", "namespace"))
    if metadata.namespace:
        _check_name(metadata.namespace, ("metadata", "namespace"), label=True)
        return resource
    filled = msgspec.structs.replace(metadata, namespace=DEFAULT_NAMESPACE)
    return msgspec.structs.replace(resource, metadata=filled)


def _check_name(name: str, path: FieldPath, *, label: bool) -> None:
    if not name:
        reason = "is missing"
        raise DecodeError(reason, path)
    if not (is_label(name) if label else is_subdomain(name)):
        limit, dot = (MAX_LABEL, "") if label else (MAX_SUBDOMAIN, " or '.'")
        reason = (
            f"{name[:limit]!r} is not a valid name; allowed are at most {limit} lower case "
            f"letters, digits and '-'{dot}"
        )
        raise DecodeError(reason, path)


def _explain(message: str, document: Any) -> DecodeError:
    """Turn msgspec's message into a field path and a reason in our own words."""
    match = _LOCATION.match(message)
    if match is None:  # the pattern's last part is optional, so this is only for the type checker
        return DecodeError(message)
    reason = match["reason"]
    wrong = _WRONG_TYPE.match(reason)
    path = _resolve(match["path"] or "", document, wrong["got"] if wrong else "")
    missing = _MISSING.match(reason)
    if missing is not None:
        return DecodeError("is missing", (*path, missing["name"]))
    if _NO_PORT.match(reason):
        reason = f"must be from {MIN_PORT} to {MAX_PORT}"
    if wrong is not None:
        reason = f"expected {wrong['expected']}, got {wrong['got']}"
        if wrong["got"] in {"bool", "int", "float"} and "str" in wrong["expected"]:
            reason += "; put it in quotes"
    return DecodeError(reason[:1].lower() + reason[1:], path)


def _resolve(text: str, document: Any, got: str) -> FieldPath:
    """Parse msgspec's path; its `[...]` for "some key" becomes the key that holds a `got`."""
    path: list[str | int] = []
    value = document
    for name, index, any_key in _STEP.findall(text):
        step: str | int | None = int(index) if index else name
        if any_key:
            step = _culprit(value, got)
        if step is None:
            break
        path.append(step)
        value = _child(value, step)
    return tuple(path)


def _culprit(value: Any, got: str) -> str | None:
    if not isinstance(value, Mapping):
        return None
    return next((key for key, item in value.items() if _TYPE_NAMES.get(type(item)) == got), None)


def _child(value: Any, step: str | int) -> Any:
    try:
        return value[step]
    except (KeyError, IndexError, TypeError):
        return None
