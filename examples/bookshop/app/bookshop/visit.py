"""Steady traffic to the shop's front, and how it went."""

import asyncio
import itertools
import logging
from collections.abc import Iterator
from dataclasses import dataclass

from .catalogue import BOOKS
from .http1 import Client, ProtocolError

log = logging.getLogger(__name__)

_PAUSE_SECONDS = 0.2


@dataclass(slots=True)
class Tally:
    """Requests since the shop opened; `opened` once every page has answered."""

    opened: bool = False
    succeeded: int = 0
    failed: int = 0


def browse(*, buying: bool) -> Iterator[tuple[str, str]]:
    """Yield for ever what a visitor does: look around, look closer, perhaps buy."""
    numbers = itertools.cycle(BOOKS)
    while True:
        yield "GET", "/"
        for _ in range(3):
            yield "GET", f"/books/{next(numbers)}"
        if buying:
            yield "POST", f"/orders/{next(numbers)}"


async def await_opening(client: Client, tally: Tally, *, buying: bool = True) -> None:
    """Return once a visit succeeds from page to page; what fails before is no failure."""
    while True:
        visit_once = itertools.islice(browse(buying=buying), 5)
        if all([await _succeeds(client, method, path) for method, path in visit_once]):
            tally.opened = True
            return
        await asyncio.sleep(_PAUSE_SECONDS)


async def visit(client: Client, every: float, tally: Tally, *, buying: bool = True) -> None:
    """Send one request each `every` seconds, whether or not the last one took longer."""
    loop = asyncio.get_running_loop()
    due = loop.time()
    for method, path in browse(buying=buying):
        if await _succeeds(client, method, path):
            tally.succeeded += 1
        else:
            tally.failed += 1
        # After a stall, go on from now: a burst would measure the stall twice.
        due = max(due + every, loop.time() - every)
        await asyncio.sleep(max(0.0, due - loop.time()))


async def _succeeds(client: Client, method: str, path: str) -> bool:
    try:
        status = (await client.request(method, path)).status
    except (OSError, EOFError, TimeoutError, ProtocolError) as error:
        log.warning("%s %s: %s: %s", method, path, type(error).__name__, error)
        return False
    if status != 200:
        log.warning("%s %s: status %d", method, path, status)
    return status == 200
