"""`suppliers`: an old system outside the mesh that takes reorders over plain HTTP."""

import asyncio
import os

from .http1 import Request, Response, Server

_PORT = int(os.environ.get("PORT", "8080"))


async def answer(request: Request) -> Response:
    """Take every reorder."""
    if request.path == "/healthz" or (
        request.method == "POST" and request.path.startswith("/reorder/")
    ):
        return Response(200, b"ok\n")
    return Response(404, b"no such page\n")


if __name__ == "__main__":
    asyncio.run(Server(_PORT, answer).run())
