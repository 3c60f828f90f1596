"""A question that someone is listening to, and its newest answer."""

from __future__ import annotations

from mesh_destination.streams.mailbox import Mailbox
from mesh_destination.streams.snapshot import Snapshot
from mesh_destination.views.answer import Answer
from mesh_destination.views.question import Question
from mesh_destination.views.refusals import Refused


class LiveView:
    """Holds the newest snapshot of one question and wakes its readers when there is a newer one."""

    def __init__(self, question: Question, answer: Answer, revision: int) -> None:
        """Begin with the first answer."""
        self.question = question
        self.newest = Snapshot(answer, revision)
        self.ended: Refused | None = None
        self.mailboxes: set[Mailbox] = set()

    def advance(self, answer: Answer, revision: int) -> None:
        """Take a newer answer and wake everyone; those who read slowly will see only the last."""
        self.newest.supersede()
        self.newest = Snapshot(answer, revision)
        self.wake()

    def end(self, refusal: Refused) -> None:
        """The question has no answer any more: every reader learns why."""
        self.ended = refusal
        self.wake()

    def wake(self) -> None:
        """Make every reader look."""
        for mailbox in self.mailboxes:
            mailbox.wake()
