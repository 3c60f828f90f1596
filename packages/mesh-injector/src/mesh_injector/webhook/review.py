"""AdmissionReview: what the API server asks, and what it is told."""

from collections.abc import Sequence
from typing import Any

import msgspec

from mesh_injector.webhook.errors import BadReview

VERSIONS = ("admission.k8s.io/v1", "admission.k8s.io/v1beta1")
"""Both look the same in everything that is used here."""

_NULL = msgspec.Raw(b"null")


class Kind(msgspec.Struct, frozen=True):
    """Which kind of object is being admitted; the core group is empty."""

    version: str
    kind: str
    group: str = ""

    def __str__(self) -> str:
        """Write `apps/v1 Deployment`."""
        return f"{self.group}/{self.version} {self.kind}".removeprefix("/")


class Request(msgspec.Struct, frozen=True, rename="camel"):
    """One object that somebody wants to create."""

    uid: str
    kind: Kind
    operation: str = "CREATE"
    namespace: str = ""
    sub_resource: str = ""
    dry_run: bool | None = None
    object: msgspec.Raw = _NULL
    """The object as it came; decoded only when its kind is known."""


class _Review(msgspec.Struct, frozen=True, rename="camel"):
    api_version: str
    kind: str
    request: Request | None = None


class Review(msgspec.Struct, frozen=True):
    """A request, and the version in which it wants its answer."""

    api_version: str
    request: Request


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """Whether an object may be created, and how it is changed before that."""

    allowed: bool = True
    operations: Sequence[Any] = ()
    """A JSON patch (RFC 6902)."""
    message: str = ""
    """Why it is not allowed."""
    warnings: tuple[str, ...] = ()
    """Shown to whoever creates the object, by kubectl among others."""


_DECODER = msgspec.json.Decoder(_Review)
_ENCODER = msgspec.json.Encoder()
_MAX_WARNING = 256  # what clients show of one


def decode_review(body: bytes) -> Review:
    """Read the API server's question; raises BadReview."""
    if not body:
        raise BadReview("the body is empty; send an AdmissionReview")
    try:
        review = _DECODER.decode(body)
    except msgspec.ValidationError as error:
        raise BadReview(f"not an AdmissionReview: {error}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadReview(f"the body is not valid JSON: {error}") from error
    except RecursionError as error:
        raise BadReview("the body is nested too deeply") from error
    if review.kind != "AdmissionReview" or review.api_version not in VERSIONS:
        raise BadReview(
            f"{review.api_version!r} {review.kind!r} is not known here; "
            f"send an AdmissionReview of {' or '.join(VERSIONS)}"
        )
    if review.request is None:
        raise BadReview("the AdmissionReview has no request")
    if not review.request.uid:
        raise BadReview("the AdmissionReview's request has an empty uid")
    return Review(review.api_version, review.request)


def encode_answer(review: Review, answer: Answer) -> bytes:
    """Write the answer to a review."""
    response: dict[str, Any] = {"uid": review.request.uid, "allowed": answer.allowed}
    if answer.operations:
        response["patchType"] = "JSONPatch"
        response["patch"] = _ENCODER.encode(answer.operations)  # octets become Base64
    if not answer.allowed:
        response["status"] = {"code": 422, "reason": "Invalid", "message": answer.message}
    if answer.warnings:
        response["warnings"] = [warning[:_MAX_WARNING] for warning in answer.warnings]
    return _ENCODER.encode(
        {"apiVersion": review.api_version, "kind": "AdmissionReview", "response": response}
    )
