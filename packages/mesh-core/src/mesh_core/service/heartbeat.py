"""Notices that the event loop hangs, from outside of it."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable

BEAT_SECONDS = 0.5
STALL_SECONDS = 5.0
"""A loop that has not run for this long is called stalled."""


class Heartbeat:
    """Remembers when the loop last ran; read by threads that do not depend on it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Count from now on."""
        self._clock = clock
        self._last = clock()

    @property
    def age(self) -> float:
        """Seconds since the loop last ran."""
        return self._clock() - self._last

    @property
    def stalled(self) -> bool:
        """True when the loop has not run for longer than is healthy."""
        return self.age > STALL_SECONDS

    def beat(self) -> None:
        """Say that the loop runs."""
        self._last = self._clock()

    @contextlib.asynccontextmanager
    async def beating(self) -> AsyncIterator[None]:
        """Beat as long as the block runs."""
        task = asyncio.create_task(self._run(), name="heartbeat")
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _run(self) -> None:
        while True:
            self.beat()
            await asyncio.sleep(BEAT_SECONDS)
