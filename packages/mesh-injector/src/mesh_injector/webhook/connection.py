"""One connection: uvicorn's HTTP/1 protocol with the bounds that it lacks.

uvicorn limits neither how long a request's head may take nor how large it may be, and it has
no time limit for a connection on which nothing was ever sent.
"""

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from mesh_injector.webhook.joined_writes import JoinedWrites
from mesh_injector.webhook.limits import Limits
from mesh_injector.webhook.metrics import WebhookMetrics
from mesh_injector.webhook.refusal import refusal


class Connection(HttpToolsProtocol):
    """A connection with a deadline for every phase."""

    def __init__(self, limits: Limits, metrics: WebhookMetrics, **options: Any) -> None:
        """Wait for the handshake; `options` are uvicorn's."""
        super().__init__(**options)
        self._limits = limits
        self._metrics = metrics
        self._deadline: asyncio.TimerHandle | None = None
        self._reading_head = False
        self._head_bytes = 0
        self._lingering = False
        self._answered = False
        self._waiting_since = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a request; where there are too many connections, one has to go."""
        if len(self.connections) >= self._limits.connections:
            self._metrics.connections_refused.inc()
            if not self._make_room():
                self.transport = transport
                transport.abort()
                return
        self._waiting_since = self.loop.time()
        super().connection_made(JoinedWrites(transport, self.loop))
        self._set_deadline(self._limits.head_seconds, transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the deadlines."""
        self._clear_deadline()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse; what is not a whole head yet counts against its limits."""
        super().data_received(data)
        if self.transport.is_closing() or self._request_under_way():
            return
        self._head_bytes += len(data)
        if self._head_bytes > self._limits.head_bytes:
            message = f"the request's head is larger than {self._limits.head_bytes} bytes"
            self._end_with(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, message)
        elif self._deadline is None and (self._reading_head or self._head_bytes):
            self._set_deadline(self._limits.head_seconds, self.transport.abort)

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self._reading_head = True

    def on_headers_complete(self) -> None:
        """Leave the rest of the time to the application, which limits the body."""
        self._clear_deadline()
        self._reading_head = False
        self._head_bytes = 0
        super().on_headers_complete()

    def on_response_complete(self) -> None:
        """Read on for a while after an answer that did not wait for the whole body."""
        self._answered, self._waiting_since = True, self.loop.time()
        super().on_response_complete()
        answered = self.cycle.response_complete  # else it is another one's, that came behind it
        if answered and self.cycle.more_body and not self.transport.is_closing():
            self._lingering = True
            self._set_deadline(self._limits.linger_seconds, self.transport.close)

    def on_message_complete(self) -> None:
        """End the connection once the rest of a refused body is here."""
        super().on_message_complete()
        if self._lingering:
            self.transport.close()

    def send_400_response(self, msg: str) -> None:
        """Answer what is not HTTP."""
        self._end_with(HTTPStatus.BAD_REQUEST, msg)

    def _end_with(self, status: HTTPStatus, message: str) -> None:
        self._metrics.refused(status)
        body = refusal(status, message)
        head = (
            f"HTTP/1.1 {status.value} {status.phrase}\r\ncontent-type: application/json\r\n"
            f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head.encode("ascii") + body)
        self.transport.close()

    def idle(self) -> tuple[bool, float] | None:
        """Say whether it ever got an answer and since when it waits; None while it is at work."""
        return None if self._request_under_way() else (self._answered, self._waiting_since)

    def _make_room(self) -> bool:
        """End the connection on which nothing was asked for longest; False if all are at work.

        To refuse the newest would let anyone keep the API server out by connecting and waiting.
        """
        others = (each for each in self.connections if isinstance(each, Connection))
        waiting = [(idle, id(each), each) for each in others if (idle := each.idle()) is not None]
        if not waiting:
            return False
        *_, longest = min(waiting)
        self.connections.discard(longest)
        longest.transport.abort()
        return True

    def _request_under_way(self) -> bool:
        if self._reading_head or self.cycle is None:
            return False
        return not self.cycle.response_complete or self._lingering

    def _set_deadline(self, seconds: float, end: Callable[[], None]) -> None:
        self._clear_deadline()
        self._deadline = self.loop.call_later(seconds, end)

    def _clear_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
