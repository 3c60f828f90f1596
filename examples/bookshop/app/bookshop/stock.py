"""`stock`: a gRPC service that knows how many copies are left. `DELAY_MS` makes it slow.

Messages are JSON, so that the example needs no protocol buffer compiler.
"""

import asyncio
import json
import os
from typing import TypeAlias

import grpc

from .http1 import Request, Response, Server

SERVICE = "bookshop.Stock"
_DELAY = int(os.environ.get("DELAY_MS", "2")) / 1000
_PORT = int(os.environ.get("PORT", "9000"))
_HEALTH_PORT = int(os.environ.get("HEALTH_PORT", "9001"))
_POD = os.environ.get("POD_NAME", "stock")

Context: TypeAlias = "grpc.aio.ServicerContext[bytes, bytes]"


async def count(request: bytes, context: Context) -> bytes:
    """Return {"left": copies, "by": this pod} for {"book": number}."""
    try:
        book = int(json.loads(request)["book"])
    except (ValueError, KeyError, TypeError):
        await context.abort(grpc.StatusCode.INVALID_ARGUMENT, 'send {"book": number}')
    await asyncio.sleep(_DELAY)
    return json.dumps({"left": 7 + book % 5, "by": _POD}).encode()


async def health(_request: Request) -> Response:
    """Say that the service is up: this is asked only once it is."""
    return Response(200, b"ok\n")


async def main() -> None:
    """Serve until told to stop, then finish the calls that are open."""
    server = grpc.aio.server()
    methods: dict[str, grpc.RpcMethodHandler[bytes, bytes]] = {
        "Count": grpc.unary_unary_rpc_method_handler(count)
    }
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, methods),))
    server.add_insecure_port(f"[::]:{_PORT}")
    await server.start()
    await Server(_HEALTH_PORT, health).run()
    await server.stop(grace=5)


if __name__ == "__main__":
    asyncio.run(main())
