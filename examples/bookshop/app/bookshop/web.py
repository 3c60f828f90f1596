"""`web`: the shop's front. Asks stock (gRPC), the cache (redis) and the suppliers (HTTP).

GET /            the books            GET  /books/N   one book and how many are left
POST /orders/N   buy one              GET  /whoami    who the mesh says is asking
"""

import asyncio
import json
import os

import grpc

from .catalogue import BOOKS
from .http1 import Client, ProtocolError, Request, Response, Server
from .redis import Redis, RedisError, Reply
from .stock import SERVICE

_SUPPLIERS = os.environ.get("SUPPLIERS", "suppliers:80")
_STOCK = os.environ.get("STOCK", "stock:9000")
_CACHE = os.environ.get("CACHE", "cache:6379")
_PORT = int(os.environ.get("PORT", "8080"))
_SECONDS = 5.0
_FAILURES = (OSError, TimeoutError, ProtocolError, RedisError, EOFError)


class Shop:
    """The handlers and the connections they share."""

    def __init__(self) -> None:
        """Open nothing yet: what is not there at start may come later."""
        self._channel = grpc.aio.insecure_channel(_STOCK)
        self._count: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = self._channel.unary_unary(
            f"/{SERVICE}/Count"
        )
        self._cache = Redis(_CACHE)

    async def answer(self, request: Request) -> Response:
        """Answer a request; what fails behind the front is a 502 that says so."""
        try:
            return await self._route(request)
        except grpc.aio.AioRpcError as error:
            return _json({"error": f"stock: {error.code().name}: {error.details()}"}, 502)
        except _FAILURES as error:
            return _json({"error": f"{type(error).__name__}: {error}"}, 502)

    async def _route(self, request: Request) -> Response:
        match request.method, request.path.strip("/").split("/"):
            case "GET", ["healthz"]:
                return Response(200, b"ok\n")
            case "GET", [""]:
                return _json({str(number): title for number, (title, _) in BOOKS.items()})
            case "GET", ["whoami"]:
                return _json({"you": request.headers.get("l5d-client-id", "unknown")})
            case "GET", ["books", number] if number.isascii() and number.isdigit():
                return await self._book(int(number))
            case "POST", ["orders", number] if number.isascii() and number.isdigit():
                return await self._order(int(number))
        return _json({"error": "no such page"}, 404)

    async def _book(self, number: int) -> Response:
        if number not in BOOKS:
            return _json({"error": "no such book"}, 404)
        title, price = BOOKS[number]
        stock, replies = await asyncio.gather(
            self._count(json.dumps({"book": number}).encode(), timeout=_SECONDS),
            self._cache.pipeline(("INCR", f"seen:{number}"), ("GET", f"sold:{number}")),
        )
        seen, sold = replies
        return _json(
            {
                "title": title,
                "cents": price,
                "seen": seen,
                "sold": _number(sold),
                **json.loads(stock),
            }
        )

    async def _order(self, number: int) -> Response:
        if number not in BOOKS:
            return _json({"error": "no such book"}, 404)
        suppliers = Client(_SUPPLIERS)
        try:
            supplied = await suppliers.request("POST", f"/reorder/{number}")
        finally:
            suppliers.close()
        title, _ = BOOKS[number]
        sold, _ = await self._cache.pipeline(
            ("INCR", f"sold:{number}"), ("PUBLISH", "orders", json.dumps({"sold": title}))
        )
        return _json({"sold": sold, "reordered": supplied.status == 200})


def _number(reply: Reply) -> int:
    return int(reply) if isinstance(reply, bytes | int) else 0


def _json(document: object, status: int = 200) -> Response:
    headers = {"content-type": "application/json"}
    return Response(status, json.dumps(document).encode(), headers)


async def main() -> None:
    """Serve until told to stop."""
    await Server(_PORT, Shop().answer).run()


if __name__ == "__main__":
    asyncio.run(main())
