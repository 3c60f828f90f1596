"""The HTTPS server: uvicorn inside a loop, a process and signal handlers that are not its own."""

import asyncio
import contextlib
import logging
import socket
import ssl
from collections.abc import Iterator

import uvicorn
from fastapi import FastAPI

from mesh_core.authority import Authority
from mesh_core.service import listen
from mesh_injector.webhook.connection import Connection
from mesh_injector.webhook.limits import LIMITS, Limits
from mesh_injector.webhook.metrics import WebhookMetrics

_BACKLOG = 512
_GRACE_SECONDS = 3
"""How long running requests may take once the server stops."""


class WebhookServer:
    """Listens from construction on; serves between `start` and `stop`."""

    def __init__(
        self,
        app: FastAPI,
        context: ssl.SSLContext,
        address: Authority,
        metrics: WebhookMetrics,
        limits: Limits = LIMITS,
    ) -> None:
        """Bind `address`, without a port any free one; raise ServiceError if that fails."""
        self._socket = listen(address)
        # It reports every malformed request; those are counted, and told to their senders.
        logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
        config = uvicorn.Config(
            app,
            http=Connection,
            ws="none",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            date_header=False,
            timeout_keep_alive=limits.idle_seconds,
            timeout_graceful_shutdown=_GRACE_SECONDS,
        )
        self._server = _Server(config, context, metrics, limits)
        self._task: asyncio.Task[None] | None = None

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self._socket.getsockname()[1])

    @property
    def connections(self) -> int:
        """How many clients are connected."""
        return len(self._server.server_state.connections)

    async def start(self) -> None:
        """Begin to answer."""
        self._task = asyncio.create_task(self._server.serve([self._socket]), name="webhook")
        listening = asyncio.create_task(self._server.listening.wait())
        await asyncio.wait((self._task, listening), return_when=asyncio.FIRST_COMPLETED)
        listening.cancel()
        if self._task.done():
            self._task.result()

    async def stop(self, after_seconds: float = 0.0) -> None:
        """Serve for `after_seconds` more, one request a connection, then end.

        The time is for the news that this pod is going, which takes a moment to reach the nodes:
        a review that meets a closed port is a pod without its sidecar.
        """
        if self._task is None:
            return
        self._server.say_goodbye()
        await asyncio.sleep(after_seconds)
        self._server.exit.set()
        await self._task
        self._task = None


class _Server(uvicorn.Server):
    def __init__(
        self,
        config: uvicorn.Config,
        context: ssl.SSLContext,
        metrics: WebhookMetrics,
        limits: Limits,
    ) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()
        self.exit = asyncio.Event()
        self._context = context
        self._metrics = metrics
        self._limits = limits

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to the service that this server is a part of."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve the sockets; unlike uvicorn's own start, with a time limit for handshakes."""
        loop = asyncio.get_running_loop()
        self.servers = [
            await loop.create_server(
                self._connection,
                sock=listener,
                ssl=self._context,
                backlog=_BACKLOG,
                ssl_handshake_timeout=self._limits.handshake_seconds,
                ssl_shutdown_timeout=self._limits.linger_seconds,
            )
            for listener in sockets or ()
        ]
        self.started = True
        self.listening.set()

    async def main_loop(self) -> None:
        """Wait for the end; uvicorn's own loop wakes up ten times a second."""
        await self.exit.wait()

    def say_goodbye(self) -> None:
        """Let every connection end with its next answer."""
        self.server_state.default_headers = [(b"connection", b"close")]

    def _connection(self) -> Connection:
        return Connection(
            self._limits,
            self._metrics,
            config=self.config,
            server_state=self.server_state,
            app_state={},
        )
