"""Pages of a list: typed objects straight from the octets, and what cannot be one."""

from dataclasses import dataclass
from functools import cache
from typing import Any, Generic, TypeVar

import msgspec

from mesh_core.kubernetes.errors import TruncatedError
from mesh_core.resources import DecodeError, Resource, decode_json
from mesh_core.resources.codec import validate
from mesh_core.resources.part import Part
from mesh_core.resources.resource import Key
from mesh_core.store.problem import ObjectProblem

PAGE_ITEMS = 500
"""How many objects are asked for at once; decoding as many takes a few milliseconds."""

R = TypeVar("R", bound=Resource)
T = TypeVar("T")


class _ListMeta(Part, frozen=True):
    resource_version: str = ""
    continue_: str = msgspec.field(default="", name="continue")


class _Items(msgspec.Struct, Generic[T], frozen=True, gc=False):
    metadata: _ListMeta = _ListMeta()
    items: list[T] | None = None


@dataclass(frozen=True, slots=True)
class Page(Generic[R]):
    """Some objects, all of one moment; `next` continues the list, empty for the last page."""

    items: list[R]
    problems: tuple[ObjectProblem, ...]
    resource_version: str
    next: str


def read_page(kind: type[R], body: bytes, what: str) -> Page[R]:
    """Decode a page; an object that is wrong becomes a problem and hurts no other."""
    try:
        whole = _typed(kind).decode(body)
        items = [validate(item) for item in whole.items or ()]
    except (msgspec.ValidationError, DecodeError):
        return _read_each(kind, body, what)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _no_list(what, error) from error
    return Page(items, (), whole.metadata.resource_version, whole.metadata.continue_)


def _read_each(kind: type[R], body: bytes, what: str) -> Page[R]:
    """Decode one by one: an object may be wrong, or only have nulls in place of empty lists."""
    try:
        whole = _RAW.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _no_list(what, error) from error
    items: list[R] = []
    problems = []
    for item in whole.items or ():
        data = bytes(item)
        try:
            items.append(decode_json(kind, data))
        except DecodeError as error:
            problems.append(problem_of(kind, data, error))
    return Page(items, tuple(problems), whole.metadata.resource_version, whole.metadata.continue_)


class _Name(Part, frozen=True):
    name: str = "?"
    namespace: str = ""


class _Named(Part, frozen=True):
    metadata: _Name = _Name()


def problem_of(kind: type[Resource], data: bytes, error: DecodeError) -> ObjectProblem:
    """Say which object is wrong, as far as it can be read, and where."""
    try:
        name = msgspec.json.decode(data, type=_Named).metadata
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        name = _Name()
    return ObjectProblem(kind.kind, Key(name.namespace, name.name), error.reason, error.field)


def _no_list(what: str, error: Exception) -> TruncatedError:
    return TruncatedError(f"cannot {what}: the answer is not a list: {error}")


_RAW = msgspec.json.Decoder(_Items[msgspec.Raw])


@cache
def _typed(kind: type[Resource]) -> msgspec.json.Decoder[_Items[Any]]:
    return msgspec.json.Decoder(_Items[kind])  # type: ignore[valid-type]
