"""What one reader still has to be told: never more than the way to the newest answer."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from mesh_destination.streams.snapshot import Snapshot

if TYPE_CHECKING:
    from mesh_destination.streams.live_view import LiveView


class HubClosed(Exception):
    """The process is going down; the reader should turn to another."""


class Mailbox:
    """One reader's place in one view: the snapshot that it was sent last, nothing queued.

    A reader that stops reading costs this object and the one old snapshot that it holds on to.
    """

    __slots__ = ("_closed", "_sent", "_view", "_wake")

    def __init__(self, view: LiveView) -> None:
        """A reader that has been sent nothing yet."""
        self._view = view
        self._sent: Snapshot | None = None
        self._wake = asyncio.Event()
        self._closed = False

    async def next(self) -> tuple[bytes, ...]:
        """Wait for something new and give the messages that lead to the newest answer.

        Raises the view's `Refused` once the question has no answer, `HubClosed` at shutdown.
        """
        while True:
            self._wake.clear()
            if messages := self.take():
                return messages
            await self._wake.wait()

    def take(self) -> tuple[bytes, ...]:
        """Give the messages that lead to the newest answer, none if that was sent; raises too."""
        if self._closed:
            raise HubClosed
        if self._view.ended is not None:
            raise self._view.ended
        newest, sent = self._view.newest, self._sent
        if newest is sent:
            return ()
        self._sent = newest
        return newest.since(sent)

    def wake(self) -> None:
        """Make `next` look again."""
        self._wake.set()

    def close(self) -> None:
        """Make `next` raise `HubClosed`."""
        self._closed = True
        self._wake.set()
