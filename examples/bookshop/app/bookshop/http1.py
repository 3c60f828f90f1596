"""Just enough HTTP/1.1 for the shop, on asyncio streams: keep-alive and Content-Length."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus

_HEAD_BYTES = 16 * 1024
_BODY_BYTES = 1024 * 1024
# A connection that asks nothing for so long is closed; below it no answer may take longer.
IDLE_SECONDS = 60.0
ANSWER_SECONDS = 10.0


class ProtocolError(Exception):
    """The other side does not speak the HTTP that this module understands."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request; header names in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Response:
    """One response."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


Handler = Callable[[Request], Awaitable[Response]]


class Server:
    """Serves one port until told to stop, then answers what it has begun."""

    def __init__(self, port: int, handler: Handler) -> None:
        """Take the port to listen on and who answers."""
        self._port = port
        self._handler = handler
        self._stopping = False
        self._open: set[asyncio.StreamWriter] = set()
        self._idle: set[asyncio.StreamWriter] = set()
        self._all_closed = asyncio.Event()

    async def run(self) -> None:
        """Serve until SIGTERM or SIGINT."""
        stop = stop_signal()
        listener = await asyncio.start_server(self._connection, None, self._port, limit=_HEAD_BYTES)
        await stop.wait()
        self._stopping = True
        listener.close()
        for writer in self._idle:
            writer.close()
        if self._open:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._all_closed.wait(), ANSWER_SECONDS)

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            while await self._exchange(reader, writer):
                pass
        except (OSError, asyncio.IncompleteReadError, TimeoutError):
            pass  # The client went away or fell asleep; there is nobody to tell.
        except (ProtocolError, asyncio.LimitOverrunError) as error:
            writer.write(_response(Response(400, str(error).encode()), close=True))
        finally:
            self._open.discard(writer)
            self._idle.discard(writer)
            writer.close()
            if self._stopping and not self._open:
                self._all_closed.set()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answer one request and say whether another may follow."""
        self._idle.add(writer)
        async with asyncio.timeout(IDLE_SECONDS):
            head = await reader.readuntil(b"\r\n\r\n")
        self._idle.discard(writer)
        line, headers = _head(head)
        method, _, rest = line.partition(" ")
        path, _, version = rest.partition(" ")
        if version != "HTTP/1.1":
            raise ProtocolError("only HTTP/1.1 is served here")
        request = Request(method, path, headers, await _body(reader, headers))
        response = await self._handler(request)
        close = self._stopping or headers.get("connection") == "close"
        writer.write(_response(response, close=close))
        await writer.drain()
        return not close


class Client:
    """One keep-alive connection to one server, opened again when it was closed."""

    def __init__(self, authority: str) -> None:
        """Take the server as `host:port`."""
        host, _, port = authority.rpartition(":")
        self._host = host
        self._port = int(port)
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def request(self, method: str, path: str, body: bytes = b"") -> Response:
        """Send a request and return its answer (OSError, TimeoutError, ProtocolError)."""
        async with asyncio.timeout(ANSWER_SECONDS):
            fresh = self._streams is None
            try:
                return await self._exchange(method, path, body)
            except (asyncio.IncompleteReadError, ConnectionError) as error:
                # A kept connection may have been closed just before it was used; whatever
                # can safely be asked twice then gets one new connection.
                if fresh or method != "GET":
                    raise ConnectionError(f"{self._host} closed the connection") from error
                return await self._exchange(method, path, body)

    async def _exchange(self, method: str, path: str, body: bytes) -> Response:
        if self._streams is None:
            self._streams = await asyncio.open_connection(self._host, self._port, limit=_HEAD_BYTES)
        reader, writer = self._streams
        keep = False
        try:
            writer.write(
                f"{method} {path} HTTP/1.1\r\nhost: {self._host}\r\n"
                f"content-length: {len(body)}\r\n\r\n".encode()
                + body
            )
            line, headers = _head(await reader.readuntil(b"\r\n\r\n"))
            status = line.split(" ", 2)[1:2]
            if not status or not status[0].isdigit():
                raise ProtocolError(f"no HTTP status line: {line[:40]!r}")
            answer = Response(int(status[0]), await _body(reader, headers), headers)
            keep = headers.get("connection") != "close"
            return answer
        finally:
            if not keep:
                self.close()

    def close(self) -> None:
        """Close the connection; the next request opens another."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


def stop_signal() -> asyncio.Event:
    """Return an event that SIGTERM and SIGINT set."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


def _head(head: bytes) -> tuple[str, dict[str, str]]:
    first, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
    pairs = (line.partition(":") for line in lines)
    return first, {name.lower(): value.strip() for name, _, value in pairs}


async def _body(reader: asyncio.StreamReader, headers: Mapping[str, str]) -> bytes:
    if "transfer-encoding" in headers:
        return await _chunks(reader)
    length = headers.get("content-length", "0")
    if not (length.isascii() and length.isdigit()) or int(length) > _BODY_BYTES:
        raise ProtocolError("a body of at most 1 MiB with its Content-Length is expected")
    return await reader.readexactly(int(length))


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    body = b""
    while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
        if size + len(body) > _BODY_BYTES:
            raise ProtocolError("a body of at most 1 MiB is expected")
        body += (await reader.readexactly(size + 2))[:-2]
    while await reader.readuntil(b"\r\n") != b"\r\n":
        pass  # Trailers, of which the shop makes no use.
    return body


def _response(response: Response, *, close: bool) -> bytes:
    reason = HTTPStatus(response.status).phrase
    headers = {"content-length": str(len(response.body)), **response.headers}
    if close:
        headers["connection"] = "close"
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {response.status} {reason}\r\n{lines}\r\n".encode() + response.body
