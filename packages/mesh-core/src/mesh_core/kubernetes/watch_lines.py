"""What a watch says: octets to lines, lines to changes."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Generic, TypeVar

import msgspec

from mesh_core.kubernetes.errors import TruncatedError
from mesh_core.kubernetes.list_pages import NOT_JSON, identify
from mesh_core.kubernetes.status import error_of, read_status
from mesh_core.resources import DecodeError, Key, Resource, decode_json
from mesh_core.store.errors import StoreError
from mesh_core.store.problem import ObjectProblem

MAX_LINE = 32 << 20
"""Octets of one line; etcd holds no object that comes near."""

R = TypeVar("R", bound=Resource)


class _Line(msgspec.Struct, frozen=True, gc=False):
    type: str
    object: msgspec.Raw


@dataclass(frozen=True, slots=True)
class Change(Generic[R]):
    """An object was made, changed or deleted; `problem` says why there is no `new` state."""

    key: Key
    new: R | None
    version: str
    deleted: bool = False
    problem: ObjectProblem | None = None


@dataclass(frozen=True, slots=True)
class Bookmark:
    """Nothing happened up to this version."""

    version: str


_DECODER = msgspec.json.Decoder(_Line)


class LineSplitter:
    """Cuts a stream of chunks at its line breaks. Pure."""

    def __init__(self) -> None:
        """Begin with an empty line."""
        self._parts: list[bytes] = []
        self._size = 0

    @property
    def unfinished(self) -> bool:
        """True when a line has begun and not ended."""
        return self._size > 0

    def feed(self, chunk: bytes) -> list[bytes]:
        """Take a chunk and give the lines that it completes; raises TruncatedError."""
        *lines, rest = chunk.split(b"\n")
        if lines:
            lines[0] = b"".join((*self._parts, lines[0]))
            self._parts, self._size = [], 0
        if rest:
            self._parts.append(rest)
            self._size += len(rest)
        if self._size > MAX_LINE:
            msg = f"a watch sent a line of more than {MAX_LINE} octets"
            raise TruncatedError(msg)
        return [line for line in lines if line]


def read_line(kind: type[R], line: bytes, what: str) -> Change[R] | Bookmark | StoreError:
    """Read one line of a watch; an error that the server reports is an answer here.

    Raises TruncatedError for what is no line of a watch at all.
    """
    try:
        event = _DECODER.decode(line)
    except NOT_JSON as error:
        msg = f"cannot {what}: the API server sent what is no event: {error}"
        raise TruncatedError(msg) from error
    match event.type:
        case "ADDED" | "MODIFIED":
            return _changed(kind, event.object)
        case "DELETED":
            key, version = identify(event.object)
            return Change(key, None, version, deleted=True)
        case "BOOKMARK":
            return Bookmark(identify(event.object)[1])
        case "ERROR":
            status = read_status(HTTPStatus.INTERNAL_SERVER_ERROR, bytes(event.object))
            return error_of(status, what)
        case other:
            msg = f"cannot {what}: the API server sent an event of the unknown type {other!r}"
            raise TruncatedError(msg)


def _changed(kind: type[R], data: msgspec.Raw) -> Change[R]:
    try:
        resource = decode_json(kind, data)
    except DecodeError as error:
        key, version = identify(data)
        problem = ObjectProblem(kind.kind, key, error.reason, error.field)
        return Change(key, None, version, problem=problem)
    return Change(resource.key, resource, resource.metadata.resource_version)
