"""A gRPC echo server with every kind of streaming; messages are plain bytes.

Each answer's trailers carry `served-by`, the pod's name. `DELAY_MS` makes a replica slow.
"""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from typing import TypeAlias

import grpc

SERVICE = "e2e.Echo"
POD = os.environ.get("POD_NAME", "")
DELAY = int(os.environ.get("DELAY_MS", "0")) / 1000

Context: TypeAlias = "grpc.aio.ServicerContext[bytes, bytes]"


async def unary(request: bytes, context: Context) -> bytes:
    """Return the message."""
    await asyncio.sleep(DELAY)
    context.set_trailing_metadata((("served-by", POD),))
    return request


async def collect(requests: AsyncIterator[bytes], context: Context) -> bytes:
    """Return all messages as one."""
    context.set_trailing_metadata((("served-by", POD),))
    return b"".join([request async for request in requests])


async def repeat(request: bytes, context: Context) -> AsyncIterator[bytes]:
    """Return the message ten times."""
    context.set_trailing_metadata((("served-by", POD),))
    for _ in range(10):
        yield request


async def converse(requests: AsyncIterator[bytes], context: Context) -> AsyncIterator[bytes]:
    """Return each message as it comes; the message `fail` ends the call with ABORTED."""
    context.set_trailing_metadata((("served-by", POD),))
    async for request in requests:
        if request == b"fail":
            await context.abort(grpc.StatusCode.ABORTED, "asked to fail")
        yield request


def handlers() -> grpc.GenericRpcHandler:
    """The service, without a protocol buffer compiler."""
    return grpc.method_handlers_generic_handler(
        SERVICE,
        {
            "Unary": grpc.unary_unary_rpc_method_handler(unary),
            "Collect": grpc.stream_unary_rpc_method_handler(collect),
            "Repeat": grpc.unary_stream_rpc_method_handler(repeat),
            "Converse": grpc.stream_stream_rpc_method_handler(converse),
        },
    )


async def serve(port: int) -> None:
    """Serve until SIGTERM, then let calls end for five seconds."""
    server = grpc.aio.server()
    server.add_generic_rpc_handlers((handlers(),))
    server.add_insecure_port(f"[::]:{port}")
    await server.start()
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    await stopped.wait()
    await server.stop(5)


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
