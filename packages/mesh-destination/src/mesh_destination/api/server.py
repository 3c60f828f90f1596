"""A gRPC server for thousands of streams that mostly wait."""

from __future__ import annotations

from collections.abc import Iterable

import grpc

from mesh_core.authority import Authority
from mesh_core.errors import CoreError
from mesh_core.service import grpc_target

MAX_STREAMS = 50_000
_OPTIONS = (
    ("grpc.max_receive_message_length", 64 * 1024),
    ("grpc.max_metadata_size", 16 * 1024),
    # In a mesh the server's own proxy brings everybody's streams over one connection: a lower
    # bound for a connection would leave the proxies beyond it waiting without a word.
    ("grpc.max_concurrent_streams", MAX_STREAMS),
    ("grpc.server_handshake_timeout_ms", 10_000),
    # After a restart everyone comes at once; by default most of them would be CANCELLED.
    ("grpc.server.max_pending_requests", 20_000),
    ("grpc.server.max_pending_requests_hard_limit", 30_000),
    # A client that vanished without a word is noticed within 13 s, and its streams are let go.
    ("grpc.keepalive_time_ms", 10_000),
    ("grpc.keepalive_timeout_ms", 3_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.http2.min_ping_interval_without_data_ms", 5_000),
    # Two servers on one port would share its connections unnoticed.
    ("grpc.so_reuseport", 0),
)


class ListenError(CoreError):
    """An address that the service was told to listen on cannot be had."""


class ApiServer:
    """Listens from construction on; answers between `start` and `stop`."""

    def __init__(self, address: Authority, handlers: Iterable[grpc.GenericRpcHandler]) -> None:
        """Bind `address`, without a port any free one; raise `ListenError` if that fails."""
        self._server = grpc.aio.server(options=_OPTIONS, maximum_concurrent_rpcs=MAX_STREAMS)
        self._server.add_generic_rpc_handlers(tuple(handlers))
        try:
            self.port = self._server.add_insecure_port(grpc_target(address))
        except RuntimeError as error:
            raise ListenError(
                f"cannot listen on {address}: is the port in use, or the address another machine's?"
            ) from error

    async def start(self) -> None:
        """Begin to answer."""
        await self._server.start()

    async def stop(self, grace: float = 1.0) -> None:
        """Send everyone away, and end what is still there after `grace` seconds."""
        await self._server.stop(grace)
