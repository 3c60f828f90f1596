"""The gRPC server as a part of a service."""

from __future__ import annotations

import asyncio

from mesh_core.service import Service
from mesh_identity.server import IdentityServer


def serve_until_stopped(service: Service, server: IdentityServer) -> None:
    """Answer from now on, and end the calls under way when the service stops."""

    async def stop() -> None:
        await asyncio.to_thread(server.stop)

    service.on_stop("the identity server", stop)
    server.start()
