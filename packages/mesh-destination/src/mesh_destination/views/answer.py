"""Answers, and the bytes that lead a reader from the answer it has to a newer one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, Self, TypeAlias

from mesh_proto.pb import destination_pb2, inbound_pb2, outbound_pb2

MAX_MESSAGES = 2
"""How many messages one step between two answers may take; each has its own revision."""


class Answer(Protocol):
    """What a view computes. Two equal answers are the same to every reader."""

    def since(self, sent: Self | None, revision: int) -> tuple[bytes, ...]:
        """Encode what leads from `sent` (None: from nothing) to this answer.

        At most MAX_MESSAGES messages; the last carries `revision`, the ones before it the
        numbers below. Empty when there is nothing to say.
        """
        ...


WholeMessage: TypeAlias = (
    destination_pb2.DestinationProfile | outbound_pb2.OutboundPolicy | inbound_pb2.Server
)


@dataclass(frozen=True, slots=True)
class Whole:
    """An answer that is sent in full each time: a profile, an outbound policy, a server."""

    body: bytes

    @classmethod
    def of(cls, message: WholeMessage) -> Self:
        """Encode a message; maps are ordered, so that equal messages are equal bytes."""
        return cls(message.SerializeToString(deterministic=True))

    def since(self, sent: Self | None, revision: int) -> tuple[bytes, ...]:
        """The whole body, unless the reader has it already."""
        if sent is not None and sent.body == self.body:
            return ()
        return (self.body + revision_field(revision),)


def revision_field(revision: int) -> bytes:
    """The encoded field `mesh_revision`.

    It has the same number in every message that carries it, and fields may follow each other
    in any order, so it can be put behind a body that was encoded once.
    """
    return destination_pb2.Update(mesh_revision=revision).SerializeToString()
