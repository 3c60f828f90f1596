"""`shoppers`: steady traffic through the front, and one reader of the feed.

`RATE` requests a second over `SHOPPERS` keep-alive connections. Ready once every page has
answered, so that a ready application is one that works from end to end.
"""

import asyncio
import logging
import os

from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from .http1 import Client, Request, Response, Server
from .visit import Tally, await_opening, visit

log = logging.getLogger(__name__)

_RATE = float(os.environ.get("RATE", "60"))
_SHOPPERS = int(os.environ.get("SHOPPERS", "6"))
_WEB = os.environ.get("WEB", "web:80")
_FEED = os.environ.get("FEED", "ws://feed/")
_PORT = int(os.environ.get("PORT", "8081"))
_RETRY_SECONDS = 0.5


async def read_feed() -> None:
    """Follow the feed for ever; a lost connection is made again."""
    while True:
        try:
            async with connect(_FEED, proxy=None) as feed:
                async for _ in feed:
                    pass
        except (OSError, TimeoutError, WebSocketException) as error:
            log.warning("feed: %s: %s", type(error).__name__, error)
        await asyncio.sleep(_RETRY_SECONDS)


async def shop(tally: Tally) -> None:
    """Wait until the shop is open, then visit it for ever."""
    clients = [Client(_WEB) for _ in range(_SHOPPERS)]
    await await_opening(clients[0], tally)
    await asyncio.gather(*(visit(client, _SHOPPERS / _RATE, tally) for client in clients))


async def main() -> None:
    """Shop until told to stop."""
    tally = Tally()

    async def health(_request: Request) -> Response:
        body = f"{tally.succeeded} succeeded, {tally.failed} failed\n".encode()
        return Response(200 if tally.opened else 503, body)

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(shop(tally)), group.create_task(read_feed())]
        await Server(_PORT, health).run()
        for task in tasks:
            task.cancel()


if __name__ == "__main__":
    asyncio.run(main())
