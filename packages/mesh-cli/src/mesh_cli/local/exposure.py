"""Doors from the host into the mesh: connections relayed to a Service's or pod's port.

The listening socket was made on the host by `mesh local up` and inherited; a socket keeps
its network namespace, so the host's network needs no change.
"""

import asyncio
import logging
import random
import socket

from mesh_cli.local.objects import Objects
from mesh_cli.local.settings import Exposure
from mesh_core.resources import EndpointSlice, Pod, Service

_CHUNK = 65536
log = logging.getLogger(__name__)


def targets(exposure: Exposure, objects: Objects) -> list[tuple[str, int]]:
    """Addresses that can answer: ready endpoints of the Service, or the pod."""
    if exposure.kind == "pod":
        pod = objects.get(Pod, exposure.namespace, exposure.name)
        return [(pod.status.pod_ip, exposure.port)] if pod and pod.status.pod_ip else []
    service = objects.get(Service, exposure.namespace, exposure.name)
    if service is None:
        return []
    names = {port.name for port in service.spec.ports if port.port == exposure.port}
    return [
        (address, port.port)
        for item in objects.list(EndpointSlice)
        if item.namespace == exposure.namespace and item.service_name == exposure.name
        for port in item.ports
        if port.name in names and port.port is not None
        for endpoint in item.endpoints
        if endpoint.ready
        for address in endpoint.addresses
    ]


class Door:
    """Relays one host port."""

    def __init__(self, exposure: Exposure, objects: Objects) -> None:
        self._exposure = exposure
        self._objects = objects

    async def open(self, descriptor: int) -> asyncio.Server:
        """Serve the inherited listening socket."""
        listener = socket.socket(fileno=descriptor)
        listener.setblocking(False)
        return await asyncio.start_server(self._relay, sock=listener)

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        found = targets(self._exposure, self._objects)
        random.shuffle(found)
        for address, port in found:
            try:
                async with asyncio.timeout(2.0):
                    far_reader, far_writer = await asyncio.open_connection(address, port)
                break
            except (OSError, TimeoutError):
                continue
        else:
            log.warning("nothing answers %s", self._exposure)
            writer.transport.abort()
            return
        await asyncio.gather(_pump(reader, far_writer), _pump(far_reader, writer))
        for side in (writer, far_writer):
            side.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Copy until the end, then pass the end on; an error ends both directions."""
    try:
        while data := await reader.read(_CHUNK):
            writer.write(data)
            await writer.drain()
        writer.write_eof()
    except OSError:
        writer.transport.abort()
