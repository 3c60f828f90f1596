"""`crawler`: a client outside the mesh that looks at the front a few times a second."""

import asyncio
import os

from .http1 import Client, Request, Response, Server
from .visit import Tally, await_opening, visit

_WEB = os.environ.get("WEB", "web:80")
_RATE = float(os.environ.get("RATE", "5"))
_PORT = int(os.environ.get("PORT", "8081"))


async def crawl(tally: Tally) -> None:
    """Wait until the shop is open, then look at it for ever."""
    client = Client(_WEB)
    await await_opening(client, tally, buying=False)
    await visit(client, 1 / _RATE, tally, buying=False)


async def main() -> None:
    """Crawl until told to stop; ready once every page has answered."""
    tally = Tally()

    async def health(_request: Request) -> Response:
        return Response(200 if tally.opened else 503)

    async with asyncio.TaskGroup() as group:
        crawling = group.create_task(crawl(tally))
        await Server(_PORT, health).run()
        crawling.cancel()


if __name__ == "__main__":
    asyncio.run(main())
