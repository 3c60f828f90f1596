"""An HTTP/1.1 and WebSocket server whose answers show what arrived.

`GET /whoami`           the pod and the request's head, as JSON
`POST /digest`          length and SHA-256 of the body, as JSON
`POST /echo`            the body, chunk by chunk as it arrives
`GET /bytes/N`          N known bytes with a content length
`GET /chunked/N`        the same bytes, chunked
`GET /status/CODE`      an empty answer with that status
`/ws`                   a WebSocket that returns what it gets
"""

import hashlib
import json
import os
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias

import uvicorn

Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]

BLOCK = bytes(range(256)) * 256
"""64 KiB of known bytes; larger answers repeat it."""


def known_bytes(count: int) -> AsyncIterator[bytes]:
    """The first `count` of the known bytes, in blocks."""

    async def blocks() -> AsyncIterator[bytes]:
        left = count
        while left > 0:
            yield BLOCK[:left]
            left -= len(BLOCK)

    return blocks()


async def request_body(receive: Receive) -> AsyncIterator[bytes]:
    """The request's body as it arrives."""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        yield message.get("body", b"")
        if not message.get("more_body", False):
            return


class Answer:
    """One HTTP answer: a head, then bytes."""

    def __init__(self, send: Send) -> None:
        """Answer through `send`."""
        self._send = send

    async def head(self, status: int, *headers: tuple[str, str]) -> None:
        """Send the status and header fields."""
        encoded = [(name.encode(), value.encode()) for name, value in headers]
        await self._send({"type": "http.response.start", "status": status, "headers": encoded})

    async def stream(self, blocks: AsyncIterator[bytes]) -> None:
        """Send a body block by block."""
        async for block in blocks:
            await self._send({"type": "http.response.body", "body": block, "more_body": True})
        await self._send({"type": "http.response.body"})

    async def json(self, value: object) -> None:
        """Send a whole JSON answer."""
        body = json.dumps(value).encode()
        await self.head(
            200, ("content-type", "application/json"), ("content-length", str(len(body)))
        )
        await self._send({"type": "http.response.body", "body": body})


async def application(scope: Message, receive: Receive, send: Send) -> None:
    """Serve one request or WebSocket (ASGI 3)."""
    if scope["type"] == "lifespan":
        await lifespan(receive, send)
    elif scope["type"] == "websocket":
        await websocket(receive, send)
    else:
        await http(scope, receive, Answer(send))


async def lifespan(receive: Receive, send: Send) -> None:
    """Confirm start and end."""
    while (message := await receive())["type"] != "lifespan.shutdown":
        await send({"type": message["type"] + ".complete"})
    await send({"type": "lifespan.shutdown.complete"})


async def websocket(receive: Receive, send: Send) -> None:
    """Return each message."""
    while (message := await receive())["type"] != "websocket.disconnect":
        if message["type"] == "websocket.connect":
            await send({"type": "websocket.accept"})
        else:
            await send(
                {
                    "type": "websocket.send",
                    "bytes": message.get("bytes"),
                    "text": message.get("text"),
                }
            )


async def http(scope: Message, receive: Receive, answer: Answer) -> None:
    """Serve one request by its first path segment."""
    match scope["path"].split("/")[1:]:
        case ["whoami" | "healthz"]:
            await answer.json(whoami(scope))
        case ["digest"]:
            await answer.json(await digest(receive))
        case ["echo"]:
            await answer.head(200)
            await answer.stream(request_body(receive))
        case ["bytes", count]:
            await answer.head(200, ("content-length", count))
            await answer.stream(known_bytes(int(count)))
        case ["chunked", count]:
            await answer.head(200)
            await answer.stream(known_bytes(int(count)))
        case ["status", code]:
            await answer.head(int(code), ("content-length", "0"))
            await answer.stream(known_bytes(0))
        case _:
            await answer.head(404, ("content-length", "0"))
            await answer.stream(known_bytes(0))


def whoami(scope: Message) -> dict[str, object]:
    """The pod and what it saw of the request."""
    return {
        "pod": os.environ.get("POD_NAME", ""),
        "version": os.environ.get("VERSION", ""),
        "method": scope["method"],
        "path": scope["raw_path"].decode(),
        "client": scope["client"],
        "headers": [[name.decode(), value.decode()] for name, value in scope["headers"]],
    }


async def digest(receive: Receive) -> dict[str, object]:
    """Length and SHA-256 of the request's body."""
    seen, length = hashlib.sha256(), 0
    async for block in request_body(receive):
        seen.update(block)
        length += len(block)
    return {"bytes": length, "sha256": seen.hexdigest()}


def main() -> None:
    """Serve on the port given as the only argument, IPv4 and IPv6, until SIGTERM."""
    listening = socket.create_server(
        ("", int(sys.argv[1])), family=socket.AF_INET6, dualstack_ipv6=True, backlog=512
    )
    # Made again from its descriptor, so that it knows its protocol: else asyncio leaves Nagle's
    # algorithm on, and each small answer waits for the client's delayed acknowledgement.
    listener = socket.socket(fileno=listening.detach())
    config = uvicorn.Config(
        application, log_level="warning", timeout_graceful_shutdown=5, timeout_keep_alive=60
    )
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
