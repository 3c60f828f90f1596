"""The API server's `Status` documents, and the errors that they mean."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from http import HTTPStatus

import msgspec

from mesh_core.kubernetes.access import READ, Access
from mesh_core.kubernetes.errors import (
    ForbiddenError,
    GoneError,
    KindNotServedError,
    OverloadedError,
    RejectedError,
    ServerFailedError,
    UnauthorizedError,
)
from mesh_core.resources.part import Part
from mesh_core.store.errors import AlreadyExistsError, ConflictError, NotFoundError, StoreError

_MAX_TEXT = 600
_DENIED = re.compile(
    r'User "(?P<user>[^"]*)" cannot (?P<verb>\w+) resource "(?P<resource>[^"/]+)/?'
    r'(?P<subresource>[^"]*)" in API group "(?P<group>[^"]*)"'
    r'(?: in the namespace "(?P<namespace>[^"]*)")?'
)
_TOO_NEW = "ResourceVersionTooLarge"


class StatusCause(Part, frozen=True):
    """One of several reasons."""

    reason: str = ""
    message: str = ""
    field: str = ""


class StatusDetails(Part, frozen=True):
    """What the status is about; `kind` is the plural of the resource."""

    name: str = ""
    kind: str = ""
    causes: tuple[StatusCause, ...] = ()
    retry_after_seconds: int = 0


class Status(Part, frozen=True):
    """What an API server says when it does not give an object."""

    message: str = ""
    reason: str = ""
    code: int = 0
    details: StatusDetails | None = None


_DECODER = msgspec.json.Decoder(Status)


def read_status(code: int, body: bytes) -> Status:
    """Read the body of a refusal, which a proxy in front of the server may have written."""
    try:
        status = _DECODER.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        text = body[:_MAX_TEXT].decode(errors="replace").strip()
        return Status(message=text, code=code)
    return msgspec.structs.replace(status, code=status.code or code)


def error_of(status: Status, what: str, retry_after: float = 0) -> StoreError:
    """Give the error for a refusal; `what` says what was asked, such as `list pods`."""
    said = status.message[:_MAX_TEXT] or status.reason or f"status {status.code}"
    if status.code == HTTPStatus.TOO_MANY_REQUESTS:
        wait = retry_after or (status.details.retry_after_seconds if status.details else 0)
        return OverloadedError(f"cannot {what} now: {said}", wait)
    if status.code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return _failed(status, said, what)
    explain = _REFUSALS.get(status.code, _rejected)
    return explain(status, said, what)


def _unauthorized(_: Status, said: str, what: str) -> StoreError:
    return UnauthorizedError(
        f"cannot {what}: the API server does not accept the credentials ({said}); check that the "
        "token or certificate belongs to this cluster and has not expired"
    )


def _conflict(status: Status, said: str, what: str) -> StoreError:
    if status.reason == "AlreadyExists":
        return AlreadyExistsError(f"cannot {what}: {said}")
    return ConflictError(f"cannot {what}: {said}; read it again")


def _gone(_: Status, said: str, what: str) -> StoreError:
    return GoneError(f"cannot {what}: {said}")


def _rejected(status: Status, said: str, what: str) -> StoreError:
    return RejectedError(f"cannot {what}: {said} ({status.code})")


def _not_found(status: Status, said: str, what: str) -> StoreError:
    if status.details is not None and status.details.name:
        return NotFoundError(f"cannot {what}: {said}")
    return KindNotServedError(
        f"cannot {what}: the API server does not serve this kind ({said}); "
        "install its CustomResourceDefinition, the mesh's own with `helm upgrade`"
    )


def _failed(status: Status, said: str, what: str) -> StoreError:
    causes = status.details.causes if status.details else ()
    if any(cause.reason == _TOO_NEW for cause in causes):
        # As after a restore of etcd: waiting for this version could take for ever.
        return GoneError(f"cannot {what}: {said}")
    return ServerFailedError(f"cannot {what}: the API server failed: {said} ({status.code})")


def _forbidden(_: Status, said: str, what: str) -> StoreError:
    denied = _DENIED.search(said)
    if denied is None:  # an admission webhook or a quota, not a role
        return RejectedError(f"cannot {what}: {said}")
    access = Access(
        denied["group"],
        denied["resource"],
        (denied["verb"],),
        namespace=denied["namespace"] or "",
        subresource=denied["subresource"],
    )
    # Who may list but not watch would only meet the next refusal.
    needed = replace(access, verbs=READ) if denied["verb"] in READ else access
    role = "a Role or ClusterRole" if access.namespace else "a ClusterRole"
    rule = ", ".join(
        f"{key}: {msgspec.json.encode(value).decode()}" for key, value in needed.rule.items()
    )
    return ForbiddenError(
        f"cannot {what}: {denied['user']} lacks the permission to {access}; bind to it {role} with "
        f"the rule {{{rule}}}, the mesh's own roles come back with `helm upgrade`",
        access,
    )


_REFUSALS: Mapping[int, Callable[[Status, str, str], StoreError]] = {
    HTTPStatus.UNAUTHORIZED: _unauthorized,
    HTTPStatus.FORBIDDEN: _forbidden,
    HTTPStatus.NOT_FOUND: _not_found,
    HTTPStatus.CONFLICT: _conflict,
    HTTPStatus.GONE: _gone,
}
