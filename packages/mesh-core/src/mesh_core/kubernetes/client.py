"""A client of one API server, typed on the mesh's own structs."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import msgspec

from mesh_core.kubernetes import reviews
from mesh_core.kubernetes.access import Access
from mesh_core.kubernetes.connection import Source
from mesh_core.kubernetes.errors import GoneError, RejectedError, TruncatedError
from mesh_core.kubernetes.in_cluster import in_cluster
from mesh_core.kubernetes.kubeconfig import find_kubeconfig, from_kubeconfig
from mesh_core.kubernetes.list_pages import PAGE_ITEMS, decode_each, read_page
from mesh_core.kubernetes.overlay import overlay
from mesh_core.kubernetes.paths import collection_path, object_path
from mesh_core.kubernetes.rate_limit import RateLimit
from mesh_core.kubernetes.reviews import TokenReview
from mesh_core.kubernetes.transport import REQUEST_SECONDS, Query, Transport
from mesh_core.resources import DecodeError, Key, Resource, decode_as, decode_json, encode
from mesh_core.resources.codec import validate
from mesh_core.resources.part import Part
from mesh_core.store.errors import ConflictError, StoreError

R = TypeVar("R", bound=Resource)
T = TypeVar("T")

MERGE_PATCH = "application/merge-patch+json"
_TRIES = 5
_ASSIGNED = ("uid", "resourceVersion", "creationTimestamp", "generation")


class ServerVersion(Part, frozen=True):
    """What the API server says of itself, such as `v1.34.4`."""

    major: str = ""
    minor: str = ""
    git_version: str = ""
    platform: str = ""

    def __str__(self) -> str:
        """Render as the version."""
        return self.git_version


@dataclass(frozen=True, slots=True)
class _Stored:
    """An object as the server has it, and what its struct keeps of that."""

    document: dict[str, Any]
    resource: Resource


class KubernetesClient:
    """Reads, writes and asks; every failure is a StoreError with the next step in its text."""

    def __init__(self, transport: Transport) -> None:
        """Use `connect` instead."""
        self._transport = transport

    @classmethod
    async def connect(
        cls,
        kubeconfig: Path | None = None,
        context: str | None = None,
        *,
        user_agent: str,
        qps: float = 100,
        burst: int = 200,
    ) -> Self:
        """Find out where the API server is and who we are; nothing is asked of it yet.

        Without a `kubeconfig` that is KUBECONFIG's, else `~/.kube/config`, else the pod's own
        ServiceAccount. At most `qps` requests a second leave in the long run.
        Raises ConfigurationError.
        """
        source = _source(kubeconfig, context)
        return await cls.connect_by(source, user_agent=user_agent, qps=qps, burst=burst)

    @classmethod
    async def connect_by(
        cls, source: Source, *, user_agent: str, qps: float = 100, burst: int = 200
    ) -> Self:
        """Use the connection that `source` finds, and finds anew when that one is refused."""
        limit = RateLimit(qps, burst, asyncio.get_running_loop().time())
        return cls(Transport(source, await source(), user_agent, limit))

    async def close(self) -> None:
        """Close all connections."""
        await self._transport.close()

    async def __aenter__(self) -> Self:
        """Give the client."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close."""
        await self.close()

    @property
    def server(self) -> str:
        """The API server's URL."""
        return self._transport.connection.server

    @property
    def default_namespace(self) -> str:
        """The namespace of the kubeconfig's context or of the pod, else `default`."""
        return self._transport.connection.default_namespace

    async def request(
        self,
        method: str,
        path: str,
        *,
        query: Query | None = None,
        body: bytes | None = None,
        content_type: str = "application/json",
        accept: str = "application/json",
        timeout: float = REQUEST_SECONDS,  # noqa: ASYNC109 - passed on
        what: str = "",
    ) -> bytes:
        """Send any request and give the answer's body; `what` names it in errors."""
        return await self._transport.request(
            method,
            path,
            query=query,
            body=body,
            content_type=content_type,
            accept=accept,
            seconds=timeout,
            what=what,
        )

    def stream(
        self,
        path: str,
        query: Query,
        *,
        accept: str = "application/json",
        silence: float,
        what: str,
    ) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Open an answer without end; `silence` is how many seconds it may say nothing."""
        return self._transport.stream(path, query, accept=accept, silence=silence, what=what)

    async def get(self, kind: type[R], namespace: str, name: str) -> R:
        """Read one object; raises NotFoundError."""
        what = f"get {kind.kind} {Key(namespace, name)}"
        body = await self.request("GET", object_path(kind, namespace, name), what=what)
        return _decode(kind, body, what)

    async def list(
        self,
        kind: type[R],
        namespace: str | None = None,
        *,
        label_selector: str = "",
        field_selector: str = "",
    ) -> list[R]:
        """Read all objects of a kind, page by page; what cannot be decoded is an error."""
        query: dict[str, str | int] = {}
        query |= {"labelSelector": label_selector} if label_selector else {}
        query |= {"fieldSelector": field_selector} if field_selector else {}
        try:
            return await _list(self, kind, namespace, query | {"limit": PAGE_ITEMS})
        except GoneError:  # reading the pages took longer than the server keeps their version
            return await _list(self, kind, namespace, query)

    async def create(self, resource: R) -> R:
        """Make a new object; raises AlreadyExistsError and RejectedError."""
        resource = validate(resource)
        blank = msgspec.structs.replace(
            resource.metadata, uid="", resource_version="", creation_timestamp=None, generation=0
        )
        path = collection_path(type(resource), resource.namespace)
        body = encode(msgspec.structs.replace(resource, metadata=blank))
        what = f"create {resource}"
        answer = await self.request("POST", path, body=body, what=what)
        return _decode(type(resource), answer, what)

    async def update(self, resource: R) -> R:
        """Replace what the struct knows of an object, but not its status.

        Fields that the struct does not have stay as they are. Raises NotFoundError, and
        ConflictError when the object carries a resourceVersion or uid that is not the current one.
        """
        return await self._write(resource, "")

    async def update_status(self, resource: R) -> R:
        """Replace what the struct knows of an object's status; raises as `update` does."""
        if "status" not in resource.__struct_fields__:
            msg = f"a {resource.kind} has no status"
            raise StoreError(msg)
        return await self._write(resource, "status")

    async def patch(
        self,
        kind: type[R],
        namespace: str,
        name: str,
        document: Mapping[str, Any] | Sequence[Any],
        *,
        content_type: str = MERGE_PATCH,
        subresource: str = "",
    ) -> R:
        """Change parts of an object; raises NotFoundError and RejectedError."""
        what = f"patch {kind.kind} {Key(namespace, name)}"
        answer = await self.request(
            "PATCH",
            object_path(kind, namespace, name, subresource),
            body=msgspec.json.encode(document),
            content_type=content_type,
            what=what,
        )
        return _decode(kind, answer, what)

    async def delete(
        self,
        kind: type[Resource],
        namespace: str,
        name: str,
        *,
        resource_version: str = "",
        propagation: str = "Background",
        grace_period_seconds: int | None = None,
    ) -> None:
        """Remove an object, if given only while it has that resourceVersion.

        It may stay for a while: until its pods have ended, its finalizers are done.
        Raises NotFoundError and ConflictError.
        """
        options: dict[str, Any] = {"propagationPolicy": propagation}
        if resource_version:
            options["preconditions"] = {"resourceVersion": resource_version}
        if grace_period_seconds is not None:
            options["gracePeriodSeconds"] = grace_period_seconds
        path = object_path(kind, namespace, name)
        what = f"delete {kind.kind} {Key(namespace, name)}"
        await self.request("DELETE", path, body=msgspec.json.encode(options), what=what)

    async def version(self) -> ServerVersion:
        """Ask the server for its version, which needs no permission."""
        body = await self.request("GET", "/version", what="read the server's version")
        return _read(body, ServerVersion, "read the server's version")

    async def review_token(self, token: bytes, audiences: Sequence[str]) -> TokenReview:
        """Ask whose token this is; a wrong token is an answer, not an error."""
        what = "review a token"
        try:
            question = reviews.token_question(token, audiences)
        except UnicodeDecodeError:
            return TokenReview(
                authenticated=False, username="", audiences=(), error="the token is not ASCII text"
            )
        body = await self.request("POST", reviews.TOKEN_REVIEWS, body=question, what=what)
        try:
            return reviews.read_token_review(body)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise _strange(what, error) from error

    async def review_access(self, need: Access, *, user: str | None = None) -> bool:
        """Ask whether we, or another user, may do all of `need`."""
        path = reviews.ACCESS_REVIEWS if user is None else reviews.SUBJECT_ACCESS_REVIEWS
        what = "review a permission"
        for each in need.each():
            question = reviews.access_question(each, user)
            body = await self.request("POST", path, body=question, what=what)
            try:
                if not reviews.read_access_review(body):
                    return False
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                raise _strange(what, error) from error
        return True

    async def _write(self, resource: R, part: str) -> R:
        """Write over what is stored; without a version of the caller's, the last writer wins."""
        resource = validate(resource)
        kind = type(resource)
        path = object_path(kind, resource.namespace, resource.name)
        what = f"update {resource}"
        for remaining in reversed(range(_TRIES)):
            stored = await self._stored(resource, path, what)
            document = _changed(stored, resource, part)
            if document == stored.document:
                return _decode(kind, msgspec.json.encode(document), what)
            target = f"{path}/{part}" if part else path
            body = msgspec.json.encode(document)
            try:
                return _decode(kind, await self.request("PUT", target, body=body, what=what), what)
            except ConflictError:
                if resource.metadata.resource_version or not remaining:
                    raise
        raise AssertionError  # the loop returns or raises

    async def _stored(self, resource: Resource, path: str, what: str) -> _Stored:
        document = _read(await self.request("GET", path, what=what), dict[str, Any], what)
        try:
            stored = _Stored(document, decode_as(type(resource), document))
        except DecodeError as error:
            raise _strange(what, error) from error
        wanted, current = resource.metadata, stored.resource.metadata
        if wanted.resource_version not in {"", current.resource_version}:
            msg = (
                f"{resource} is at version {current.resource_version}, not "
                f"{wanted.resource_version}; read it again"
            )
            raise ConflictError(msg)
        if wanted.uid not in {"", current.uid}:
            msg = f"{resource} was deleted and created anew; read it again"
            raise ConflictError(msg)
        return stored


async def _list(
    client: KubernetesClient,
    kind: type[R],
    namespace: str | None,
    query: dict[str, str | int],
) -> list[R]:
    what = f"list {kind.plural}"
    path = collection_path(kind, namespace)
    found: list[R] = []
    while True:
        page = read_page(await client.request("GET", path, query=query, what=what), what)
        decoded = decode_each(kind, page.items)
        if decoded.problems:
            raise RejectedError(f"cannot {what}: {decoded.problems[0]}")
        found.extend(decoded.objects)
        if not page.next:
            return found
        query = query | {"continue": page.next}


def _source(kubeconfig: Path | None, context: str | None) -> Source:
    files = str(kubeconfig) if kubeconfig is not None else find_kubeconfig()
    return in_cluster() if files is None else from_kubeconfig(files, context)


def _changed(stored: _Stored, resource: Resource, part: str) -> dict[str, Any]:
    """Lay the wanted status, or all but the status, over the stored document."""
    known: dict[str, Any] = msgspec.to_builtins(stored.resource)
    wanted: dict[str, Any] = msgspec.to_builtins(resource)
    if part:
        known, wanted = ({part: each[part]} if part in each else {} for each in (known, wanted))
    else:
        known.pop("status", None)
        wanted.pop("status", None)
        for name in _ASSIGNED:
            known["metadata"].pop(name, None)
            wanted["metadata"].pop(name, None)
    result: dict[str, Any] = overlay(stored.document, known, wanted)
    return result


def _read(body: bytes, kind: type[T], what: str) -> T:
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _strange(what, error) from error


def _decode(kind: type[R], body: bytes, what: str) -> R:
    try:
        return decode_json(kind, body)
    except DecodeError as error:
        raise RejectedError(f"cannot {what}: the answer cannot be used: {error}") from error


def _strange(what: str, error: Exception) -> TruncatedError:
    return TruncatedError(f"cannot {what}: the API server's answer makes no sense: {error}")
