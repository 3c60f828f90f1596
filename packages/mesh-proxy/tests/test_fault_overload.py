"""Twice the load that an application bears: what is too much is told so, the rest is served."""

import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import engine
import meshed
import pytest
from meshed import SERVICE, Mesh
from network import Namespace, Pair, pair

pytestmark = [pytest.mark.netns, pytest.mark.timeout(120)]

PORT = 8080
CAP = 8
LIMIT = {"LINKERD2_PROXY_INBOUND_MAX_IN_FLIGHT": str(CAP)}
PACE = 0.04
"""How long the application takes for a request."""
MEGABYTE = 1024 * 1024


class Slow(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        time.sleep(PACE)
        self.send_response(200)
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_):
        """Keep quiet."""


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, space: Namespace) -> None:
        listener = space.listener(PORT)
        super().__init__(("", PORT), Slow, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        listener.listen(128)
        threading.Thread(target=self.serve_forever, args=[0.05], daemon=True).start()

    def close(self) -> None:
        self.shutdown()
        self.server_close()


@pytest.fixture(scope="module")
def spaces() -> Iterator[Pair]:
    with pair() as spaces, closing(Server(spaces.peer)):
        for space in (spaces.app, spaces.peer):
            engine.redirect(space)
        yield spaces


@pytest.fixture
def mesh(spaces: Pair, tmp_path: Path) -> Iterator[Mesh]:
    with meshed.running(spaces, tmp_path, server_variables=LIMIT) as mesh:
        mesh.declare(PORT)
        yield mesh


def whole(stream: socket.socket) -> bytes:
    """An answer; those of the proxy have no content."""
    answer = b""
    while data := stream.recv(4096):
        answer += data
        head, end, content = answer.partition(b"\r\n\r\n")
        if end and (content == b"ok" or not head.startswith(b"HTTP/1.1 200")):
            break
    return answer


class Clients:
    """So many clients, each with one request after the other."""

    def __init__(self, mesh: Mesh, count: int) -> None:
        self.answers: Counter[bytes] = Counter()
        self.reasons: set[bytes] = set()
        self.slowest = 0.0
        self._ends = threading.Event()
        self._lock = threading.Lock()
        self._streams = [mesh.spaces.app.connection(SERVICE, PORT) for _ in range(count)]
        self._threads = [
            threading.Thread(target=self._run, args=[stream], daemon=True)
            for stream in self._streams
        ]
        for thread in self._threads:
            thread.start()

    def _run(self, stream) -> None:
        with stream:
            stream.settimeout(engine.SECONDS)
            while not self._ends.is_set():
                began = time.monotonic()
                stream.sendall(b"GET / HTTP/1.1\r\nHost: web\r\n\r\n")
                answer = whole(stream)
                took = time.monotonic() - began
                status = answer[9:12]
                with self._lock:
                    self.answers[status] += 1
                    self.slowest = max(self.slowest, took)
                    if status != b"200":
                        self.reasons.add(answer)
                if status != b"200":
                    # Clients that try again at once would be a load of their own.
                    time.sleep(PACE)

    def for_seconds(self, seconds: float) -> "Clients":
        time.sleep(seconds)
        self._ends.set()
        for thread in self._threads:
            thread.join(engine.SECONDS)
        return self


def resident(proxy: engine.Engine) -> int:
    text = Path(f"/proc/{proxy.process.pid}/status").read_text()
    return int(text.partition("VmRSS:")[2].split()[0]) * 1024


@pytest.mark.fault(76)
def test_twice_the_load_leaves_most_of_the_goodput(mesh, scaled):
    seconds = scaled(2, 300)
    peak = Clients(mesh, CAP).for_seconds(2).answers
    assert set(peak) == {b"200"}
    before = resident(mesh.server)
    over = Clients(mesh, 2 * CAP).for_seconds(seconds)
    assert set(over.answers) == {b"200", b"503"}
    assert over.answers[b"200"] / seconds >= 0.8 * peak[b"200"] / 2
    assert all(b"load_shed" in answer.lower() for answer in over.reasons)
    # Nobody queues: the application's own time, with slack for a busy machine.
    assert over.slowest < 1.5
    assert resident(mesh.server) - before < 64 * MEGABYTE
    assert mesh.server.metric("inbound_http_errors_total", 'error="load_shed"') > 0
    again = Clients(mesh, CAP).for_seconds(0.5).answers
    assert set(again) == {b"200"}
