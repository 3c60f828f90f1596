"""Why a question gets no answer."""

from __future__ import annotations


class Refused(Exception):
    """A question without an answer; the text says why. The API maps each kind to a gRPC status."""


class InvalidQuestion(Refused):
    """The question makes no sense and never will (INVALID_ARGUMENT)."""


class UnknownTarget(Refused):
    """What it asks about does not exist, now (NOT_FOUND)."""


class AmbiguousTarget(Refused):
    """Objects contradict each other about the target (FAILED_PRECONDITION)."""
