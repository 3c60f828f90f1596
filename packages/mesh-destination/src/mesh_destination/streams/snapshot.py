"""One version of one answer, encoded at most once for all readers that are in step."""

from __future__ import annotations

from mesh_destination.views.answer import Answer


class Snapshot:
    """An answer with its revision, and the encodings that lead to it."""

    __slots__ = ("_encoded", "_superseded", "answer", "revision")

    def __init__(self, answer: Answer, revision: int) -> None:
        """`revision` is larger than that of every earlier snapshot of the view."""
        self.answer = answer
        self.revision = revision
        self._encoded: dict[int, tuple[bytes, ...]] = {}
        self._superseded = False

    def since(self, sent: Snapshot | None) -> tuple[bytes, ...]:
        """The messages that lead from `sent`, None for a new reader, to this snapshot."""
        revision = 0 if sent is None else sent.revision
        messages = self._encoded.get(revision)
        if messages is None:
            messages = self.answer.since(None if sent is None else sent.answer, self.revision)
            if not self._superseded:
                self._encoded[revision] = messages
        return messages

    def supersede(self) -> None:
        """Let go of the encodings: from now on this is only what some reader was sent last."""
        self._superseded = True
        self._encoded.clear()
