"""Which pods have to be ready before others' proxies start.

A proxy that starts before the control plane answers only waits in back-off, and takes the
processor from what it waits for. So the first start goes in order: identity, destination,
applications. Later nothing waits: a proxy then finds its way back by itself.
"""

import asyncio
from collections.abc import Iterable


class StartOrder:
    """Remembers which components have been ready once."""

    def __init__(self) -> None:
        self._ready: set[str] = set()
        self._changed = asyncio.Condition()

    def missing(self, names: Iterable[str]) -> list[str]:
        """Components that were not ready yet."""
        return [name for name in names if name not in self._ready]

    async def note(self, names: Iterable[str]) -> None:
        """These are ready."""
        async with self._changed:
            self._ready.update(names)
            self._changed.notify_all()

    async def wait(self, names: Iterable[str]) -> None:
        """Wait until all of these have been ready once."""
        wanted = tuple(names)
        async with self._changed:
            await self._changed.wait_for(lambda: not self.missing(wanted))
