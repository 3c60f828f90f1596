"""What tests of stores share: a note of events, and waiting for a condition."""

import asyncio
from collections.abc import Callable

from mesh_core.resources import Resource
from mesh_core.store import Event

DEADLINE = 20.0


async def until(condition: Callable[[], bool], seconds: float = DEADLINE) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - the condition is another process's
            await asyncio.sleep(0.002)


class Transcript:
    """Writes down events as short texts."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def __call__(self, event: Event[Resource]) -> None:
        verb = "+" if event.old is None else "-" if event.new is None else "~"
        self.lines.append(f"{verb}{event.resource.name}")

    def take(self) -> list[str]:
        lines, self.lines = self.lines, []
        return lines
