"""The supervisor's end of the control socket."""

import asyncio
import contextlib
import json
import logging
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path

from mesh_cli.local.control_protocol import (
    MAX_REQUEST,
    Document,
    encode,
    receive_descriptors,
)
from mesh_cli.local.errors import LocalError

_ACCEPT_AGAIN_SECONDS = 0.1
log = logging.getLogger(__name__)


class Request:
    """One command: its document, its descriptors, and the way back to its sender."""

    def __init__(
        self, connection: socket.socket, document: Document, descriptors: list[int]
    ) -> None:
        self.document = document
        self.descriptors = descriptors
        self._connection = connection

    async def notice(self, document: Document) -> None:
        """Tell something on the way."""
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(self._connection, encode({"notice": document}))

    async def messages(self) -> AsyncIterator[Document]:
        """What the sender says afterwards (signals for `exec`); ends when it hangs up."""
        loop = asyncio.get_running_loop()
        buffer = b""
        while data := await loop.sock_recv(self._connection, 4096):
            buffer += data
            while b"\n" in buffer:
                line, _, buffer = buffer.partition(b"\n")
                yield json.loads(line)


AsyncHandler = Callable[[Request], Awaitable[object]]


class ControlServer:
    """Accepts commands from root on this machine."""

    def __init__(self, path: Path, handlers: Mapping[str, AsyncHandler]) -> None:
        self._path = path
        self._handlers = handlers
        self._tasks: set[asyncio.Task[None]] = set()
        self._listener: socket.socket | None = None
        self._accepting: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Listen; only root may connect."""
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
        previous = os.umask(0o177)
        # By rename: whoever finds the socket can connect to it.
        unfinished = self._path.with_name(f".{self._path.name}")
        try:
            listener.bind(str(unfinished))
        finally:
            os.umask(previous)
        listener.listen(64)
        unfinished.rename(self._path)
        listener.setblocking(False)
        self._listener = listener
        self._accepting = asyncio.create_task(self._accept(listener), name="control")

    async def _accept(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                connection, _ = await loop.sock_accept(listener)
            except OSError as problem:
                # Out of descriptors, most likely: without this loop nobody could end the mesh.
                log.warning("a command could not be accepted: %s", problem)
                await asyncio.sleep(_ACCEPT_AGAIN_SECONDS)
                continue
            task = asyncio.create_task(self._serve(connection))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _serve(self, connection: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        descriptors: list[int] = []
        try:
            with connection:
                connection.setblocking(False)
                document = await _read_request(connection, descriptors)
                answer = await self._answer(Request(connection, document, descriptors))
                await loop.sock_sendall(connection, encode(answer))
        except (OSError, ValueError) as problem:
            log.info("a command went away: %s", problem)
        finally:
            for descriptor in descriptors:
                with contextlib.suppress(OSError):
                    os.close(descriptor)

    async def _answer(self, request: Request) -> Document:
        handler = self._handlers.get(str(request.document.get("op")))
        if handler is None:
            return {"error": f"unknown operation {request.document.get('op')!r}"}
        try:
            return {"result": await handler(request)}
        except LocalError as problem:
            return {"error": str(problem)}
        except Exception as problem:
            log.exception("operation %s failed", request.document.get("op"))
            return {"error": f"internal error: {problem!r}; see supervisor.log"}


async def _read_request(connection: socket.socket, descriptors: list[int]) -> Document:
    """Read one line; descriptors are added to the given list, whose owner closes them."""
    buffer = b""
    while b"\n" not in buffer:
        await _readable(connection)
        data, received = receive_descriptors(connection, 65536)
        descriptors += received
        buffer += data
        if not data or len(buffer) > MAX_REQUEST:
            raise ValueError("not a request")
    document = json.loads(buffer.partition(b"\n")[0])
    if not isinstance(document, dict):
        raise ValueError("not a request")  # noqa: TRY004 - what was sent is wrong
    return document


async def _readable(connection: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    event = asyncio.Event()
    loop.add_reader(connection.fileno(), event.set)
    try:
        await event.wait()
    finally:
        loop.remove_reader(connection.fileno())
