"""Questions to the API server about tokens and permissions."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from mesh_core.kubernetes.access import Access
from mesh_core.resources.part import Part

TOKEN_REVIEWS = "/apis/authentication.k8s.io/v1/tokenreviews"  # noqa: S105 - a path
ACCESS_REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
SUBJECT_ACCESS_REVIEWS = "/apis/authorization.k8s.io/v1/subjectaccessreviews"


@dataclass(frozen=True, slots=True)
class TokenReview:
    """Whose token it is; `audiences` are those of the token that were asked for.

    A token without one of the audiences is not authenticated, and `error` says so.
    """

    authenticated: bool
    username: str
    audiences: tuple[str, ...]
    error: str
    uid: str = ""
    """The user's; a ServiceAccount's that of its object."""


class _User(Part, frozen=True):
    username: str = ""
    uid: str = ""


class _TokenStatus(Part, frozen=True):
    authenticated: bool = False
    user: _User = _User()
    audiences: tuple[str, ...] = ()
    error: str = ""


class _TokenAnswer(Part, frozen=True):
    status: _TokenStatus = _TokenStatus()


class _AccessStatus(Part, frozen=True):
    allowed: bool = False


class _AccessAnswer(Part, frozen=True):
    status: _AccessStatus = _AccessStatus()


def token_question(token: bytes, audiences: Sequence[str]) -> bytes:
    """Encode a TokenReview; raises ValueError for a token that is no text."""
    spec: dict[str, object] = {"token": token.decode("ascii")}
    if audiences:
        spec["audiences"] = list(audiences)
    return _document("authentication.k8s.io/v1", "TokenReview", spec)


def read_token_review(body: bytes) -> TokenReview:
    """Decode the server's answer; raises msgspec.DecodeError."""
    status = msgspec.json.decode(body, type=_TokenAnswer).status
    return TokenReview(
        status.authenticated,
        status.user.username,
        status.audiences,
        status.error,
        status.user.uid,
    )


def access_question(need: Access, user: str | None = None) -> bytes:
    """Encode a review of one verb: the caller's own, or another user's, access."""
    attributes = {
        "group": need.group,
        "resource": need.resource,
        "subresource": need.subresource,
        "verb": need.verbs[0],
        "namespace": need.namespace,
        "name": need.name,
    }
    spec: dict[str, object] = {"resourceAttributes": attributes}
    kind = "SelfSubjectAccessReview"
    if user is not None:
        spec["user"] = user
        kind = "SubjectAccessReview"
    return _document("authorization.k8s.io/v1", kind, spec)


def read_access_review(body: bytes) -> bool:
    """Decode the server's answer; raises msgspec.DecodeError."""
    return msgspec.json.decode(body, type=_AccessAnswer).status.allowed


def _document(api_version: str, kind: str, spec: dict[str, object]) -> bytes:
    return msgspec.json.encode({"apiVersion": api_version, "kind": kind, "spec": spec})
