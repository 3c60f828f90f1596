"""Pages of a list: typed objects straight from the octets, and what cannot be one."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import msgspec

from mesh_core.kubernetes.errors import TruncatedError
from mesh_core.resources import DecodeError, Resource, decode_json
from mesh_core.resources.part import Part
from mesh_core.resources.resource import Key
from mesh_core.store.problem import ObjectProblem

PAGE_ITEMS = 500
"""How many objects are asked for at once; decoding as many takes about 5 ms."""

R = TypeVar("R", bound=Resource)
NOT_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class _ListMeta(Part, frozen=True):
    resource_version: str = ""
    continue_: str = msgspec.field(default="", name="continue")


class _List(msgspec.Struct, frozen=True, gc=False):
    metadata: _ListMeta = _ListMeta()
    items: tuple[msgspec.Raw, ...] | None = None


class _Name(Part, frozen=True):
    name: str = "?"
    namespace: str = ""
    resource_version: str = ""


class _Named(Part, frozen=True):
    metadata: _Name = _Name()


@dataclass(frozen=True, slots=True)
class Page:
    """Some undecoded objects, all of one moment; `next` continues the list, empty at its end."""

    items: tuple[msgspec.Raw, ...]
    resource_version: str
    next: str


@dataclass(frozen=True, slots=True)
class Decoded(Generic[R]):
    """What became of some octets: objects, and what is wrong with the others."""

    objects: Sequence[R]
    problems: Sequence[ObjectProblem]


_DECODER = msgspec.json.Decoder(_List)
_NAME_DECODER = msgspec.json.Decoder(_Named)


def read_page(body: bytes, what: str) -> Page:
    """Find the objects of a page, at about 1 GB a second; raises TruncatedError."""
    try:
        page = _DECODER.decode(body)
    except NOT_JSON as error:
        msg = f"cannot {what}: the answer is not a list: {error}"
        raise TruncatedError(msg) from error
    return Page(page.items or (), page.metadata.resource_version, page.metadata.continue_)


def decode_slices(kind: type[R], page: Page) -> Iterator[Decoded[R]]:
    """Decode in slices, between which a caller may let others work.

    A server may give all objects at once whatever it was asked.
    """
    for start in range(0, len(page.items), PAGE_ITEMS):
        yield decode_each(kind, page.items[start : start + PAGE_ITEMS])


def decode_each(kind: type[R], items: Sequence[msgspec.Raw]) -> Decoded[R]:
    """Decode one by one: an object that is wrong hurts no other."""
    objects: list[R] = []
    problems = []
    for data in items:
        try:
            objects.append(decode_json(kind, data))
        except DecodeError as error:
            key = identify(data)[0]
            problems.append(ObjectProblem(kind.kind, key, error.reason, error.field))
    return Decoded(objects, problems)


def identify(data: msgspec.Raw) -> tuple[Key, str]:
    """Give the name and version of an object that cannot be decoded, as far as they are there."""
    try:
        metadata = _NAME_DECODER.decode(data).metadata
    except NOT_JSON:
        metadata = _Name()
    return Key(metadata.namespace, metadata.name), metadata.resource_version
