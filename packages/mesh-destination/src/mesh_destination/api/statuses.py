"""Refusals as gRPC statuses."""

from __future__ import annotations

import grpc

from mesh_destination.views.refusals import (
    AmbiguousTarget,
    InvalidQuestion,
    Refused,
    UnknownTarget,
)

_STATUSES: tuple[tuple[type[Refused], grpc.StatusCode], ...] = (
    (InvalidQuestion, grpc.StatusCode.INVALID_ARGUMENT),
    (UnknownTarget, grpc.StatusCode.NOT_FOUND),
    (AmbiguousTarget, grpc.StatusCode.FAILED_PRECONDITION),
)


def status_of(refusal: Refused) -> grpc.StatusCode:
    """The status that tells a proxy whether asking again can help."""
    return next(
        (status for kind, status in _STATUSES if isinstance(refusal, kind)),
        grpc.StatusCode.UNKNOWN,
    )
