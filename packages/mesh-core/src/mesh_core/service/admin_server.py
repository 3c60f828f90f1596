"""The admin endpoints of a service, served by threads of their own.

Threads, so that the endpoints answer while the event loop hangs, and can say that it does.
"""

import contextlib
import logging
import socket
import sys
import threading
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import MappingProxyType
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from mesh_core.authority import Authority
from mesh_core.service.heartbeat import Heartbeat
from mesh_core.service.listening import listen
from mesh_core.service.readiness import Readiness

MAX_CONNECTIONS = 32
"""Connections served at once, because anyone may connect. For one more the oldest is closed: a
kubelet's probe that is refused would restart the service."""
REQUEST_SECONDS = 10.0
"""How long a client may take for each read and write."""

Answer = tuple[HTTPStatus, str, bytes]
"""Status, content type and body."""
Page = Callable[[], bytes]
"""Gives a JSON document; called by the server's threads."""

log = logging.getLogger(__name__)


class AdminServer:
    """Serves `/ping`, `/live`, `/ready`, `/metrics` and the service's own pages over HTTP/1."""

    def __init__(
        self,
        address: Authority,
        readiness: Readiness,
        heartbeat: Heartbeat,
        registry: CollectorRegistry,
        pages: Mapping[str, Page] = MappingProxyType({}),
    ) -> None:
        """Take the address at once, so that one in use is an error of the start."""
        self._readiness = readiness
        self._heartbeat = heartbeat
        self._registry = registry
        self._pages = pages
        self._server = _Server(listen(address), self)
        self._thread = threading.Thread(target=self._serve, name="admin", daemon=True)

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self._server.server_address[1])

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def close(self) -> None:
        """Stop answering and let go of the port."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()

    def _serve(self) -> None:
        self._server.serve_forever(poll_interval=0.1)

    def answer(self, path: str) -> Answer:
        """Give status, content type and body for a path."""
        match path:
            case "/ping":
                return _text(HTTPStatus.OK, "pong")
            case "/live":
                return self._live()
            case "/ready":
                return self._ready()
            case "/metrics":
                return HTTPStatus.OK, CONTENT_TYPE_LATEST, generate_latest(self._registry)
            case _ if path in self._pages:
                return HTTPStatus.OK, "application/json", self._pages[path]()
            case _:
                return _text(HTTPStatus.NOT_FOUND, f"known are {', '.join(self._known())}")

    def _known(self) -> tuple[str, ...]:
        return ("/ping", "/live", "/ready", "/metrics", *self._pages)

    def _live(self) -> Answer:
        if self._heartbeat.stalled:
            age = self._heartbeat.age
            return _text(HTTPStatus.SERVICE_UNAVAILABLE, f"event loop stalled for {age:.1f} s")
        return _text(HTTPStatus.OK, "live")

    def _ready(self) -> Answer:
        if self._heartbeat.stalled:
            return self._live()
        waiting = self._readiness.waiting
        if waiting:
            return _text(HTTPStatus.SERVICE_UNAVAILABLE, f"not ready: {', '.join(waiting)}")
        return _text(HTTPStatus.OK, "ready")


def _text(status: HTTPStatus, text: str) -> Answer:
    return status, "text/plain; charset=utf-8", f"{text}\n".encode()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, listener: socket.socket, admin: AdminServer) -> None:
        super().__init__(listener.getsockname()[:2], _Handler, bind_and_activate=False)
        self.socket.close()  # made by the constructor for an address that we have already
        self.socket = listener
        self.server_address = listener.getsockname()
        self.admin = admin
        self._threads_left = threading.BoundedSemaphore(2 * MAX_CONNECTIONS)
        self._lock = threading.Lock()
        self._served: dict[socket.socket, None] = {}  # oldest first

    def process_request(self, request: Any, client_address: Any) -> None:
        if not self._threads_left.acquire(blocking=False):
            # Those that were ended are still at work on their last answers.
            super().shutdown_request(request)
            return
        with self._lock:
            if len(self._served) >= MAX_CONNECTIONS:
                self._end(next(iter(self._served)))
            self._served[request] = None
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._threads_left.release()

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._served.pop(request, None)
        super().shutdown_request(request)

    def _end(self, connection: socket.socket) -> None:
        """Let its thread read or write no more, so that it ends."""
        del self._served[connection]
        with contextlib.suppress(OSError):  # the client may be gone
            connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        del request
        log.debug("admin connection from %s failed: %s", client_address, sys.exc_info()[1])


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "mesh"
    sys_version = ""
    timeout = REQUEST_SECONDS
    server: _Server

    def do_GET(self) -> None:
        self._send(with_body=True)

    def do_HEAD(self) -> None:
        self._send(with_body=False)

    def _send(self, *, with_body: bool) -> None:
        status, kind, body = self._answer(self.path.partition("?")[0])
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if with_body:
            self.wfile.write(body)

    def _answer(self, path: str) -> Answer:
        try:
            return self.server.admin.answer(path)
        except Exception:
            # Such as a metric that cannot be computed; the service itself goes on.
            log.exception("admin request for %s failed", path)
            return _text(HTTPStatus.INTERNAL_SERVER_ERROR, "failed; the log says why")

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base's name
        log.debug("admin request from %s: %s", self.client_address[0], format % args)
