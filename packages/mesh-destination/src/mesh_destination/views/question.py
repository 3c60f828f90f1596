"""The form of every question that a stream can ask."""

from __future__ import annotations

from typing import ClassVar, Protocol

from mesh_destination.index import Index, Key
from mesh_destination.views.answer import Answer
from mesh_destination.views.settings import Settings


class Question(Protocol):
    """A question about the index: hashable, equal to others that ask the same.

    Its answer is a pure function of the index and the settings, and stays the same as long as
    `Index.apply` names none of its keys.
    """

    view: ClassVar[str]
    """The kind of question, as metrics name it."""

    @property
    def keys(self) -> frozenset[Key]:
        """Under which keys the answer is found; fixed for the life of the question."""
        ...

    def answer(self, index: Index, settings: Settings) -> Answer:
        """Compute the present answer; raise `Refused` when there is none."""
        ...

    def __hash__(self) -> int:
        """Equal questions share one view."""
        ...
