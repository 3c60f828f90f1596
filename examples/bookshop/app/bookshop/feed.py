"""`feed`: tells every subscriber over a WebSocket what was sold, as it is sold."""

import asyncio
import logging
import os
from http import HTTPStatus

from websockets.asyncio.server import ServerConnection, broadcast, serve
from websockets.http11 import Request, Response

from .http1 import stop_signal
from .redis import Redis, RedisError

log = logging.getLogger(__name__)

_CACHE = os.environ.get("CACHE", "cache:6379")
_PORT = int(os.environ.get("PORT", "8080"))
_RETRY_SECONDS = 0.5

subscribers: set[ServerConnection] = set()


def health(connection: ServerConnection, request: Request) -> Response | None:
    """Answer the probe; every other path becomes a WebSocket."""
    return connection.respond(HTTPStatus.OK, "ok\n") if request.path == "/healthz" else None


async def subscribe(connection: ServerConnection) -> None:
    """Keep a subscriber until it leaves."""
    subscribers.add(connection)
    try:
        await connection.send('{"hello": "reader"}')
        await connection.wait_closed()
    finally:
        subscribers.discard(connection)


async def relay() -> None:
    """Pass on what the front publishes; a lost cache is tried again for ever."""
    while True:
        cache = Redis(_CACHE)
        try:
            async for event in cache.subscription("orders"):
                broadcast(subscribers, event.decode())
        except (OSError, EOFError, RedisError) as error:
            log.warning("feed: no events from %s: %s", _CACHE, error)
        finally:
            cache.close()
        await asyncio.sleep(_RETRY_SECONDS)


async def main() -> None:
    """Serve until told to stop."""
    stop = stop_signal()
    async with serve(subscribe, None, _PORT, process_request=health), asyncio.TaskGroup() as group:
        relaying = group.create_task(relay())
        await stop.wait()
        relaying.cancel()


if __name__ == "__main__":
    asyncio.run(main())
