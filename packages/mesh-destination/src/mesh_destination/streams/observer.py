"""What the hub tells about itself; the metrics listen."""

from __future__ import annotations

from typing import Literal, Protocol

Outcome = Literal["changed", "unchanged", "ended", "failed"]


class Observer(Protocol):
    """Learns of the hub's work."""

    def recomputed(self, view: str, outcome: Outcome) -> None:
        """An answer was computed again."""
        ...

    def views(self, view: str, change: int) -> None:
        """A view of this kind came (+1) or went (-1)."""
        ...
