"""A `websockets` client and server through the mesh."""

import itertools
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import meshed
import pytest
from engine import SECONDS
from meshed import Mesh, Way
from network import Pair
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.sync.server import Server, ServerConnection, serve

pytestmark = [pytest.mark.netns, pytest.mark.timeout(90)]

PORT = 8765
MEGABYTE = 1024 * 1024
CROWD = 64
"""How many clients of a storm connect side by side."""


VANISHED = threading.Semaphore(0)
"""Released for every client that has gone without saying so."""


def answer(connection: ServerConnection) -> None:
    """Say back what is heard, in as many fragments; or close as the path says."""
    path = connection.request.path
    if path.startswith("/close/"):
        connection.close(int(path.rpartition("/")[2]), "as you wish")
        return
    try:
        while True:
            parts = list(connection.recv_streaming())
            connection.send(parts if len(parts) > 1 else parts[0])
    except ConnectionClosed as closed:
        if closed.rcvd is None:
            VANISHED.release()


@pytest.fixture(scope="module")
def service(spaces: Pair) -> Iterator[Server]:
    listener = spaces.peer.listener(PORT)
    listener.listen(1024)
    server = serve(answer, sock=listener, max_size=2 * MEGABYTE, subprotocols=["chat"])
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    thread.join(SECONDS)


@pytest.fixture(scope="module")
def mesh(spaces: Pair, service: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mesh]:
    with meshed.running(spaces, tmp_path_factory.mktemp("websocket")) as mesh:
        mesh.declare(PORT)
        yield mesh


@contextmanager
def connected(way: Way, path: str = "/") -> Iterator[ClientConnection]:
    stream = way.connection(PORT)
    uri = f"ws://{way.address}:{PORT}{path}"
    connection = connect(
        uri, sock=stream, subprotocols=["chat"], max_size=2 * MEGABYTE, open_timeout=SECONDS
    )
    with connection as connection:
        yield connection


@pytest.fixture(params=["direct", "through", "stranger", "outside"])
def way(request: pytest.FixtureRequest, mesh: Mesh) -> Way:
    way = getattr(mesh, request.param)
    assert isinstance(way, Way)
    return way


def test_text_and_bytes_come_back(way):
    with connected(way) as connection:
        assert connection.subprotocol == "chat"
        for message in ("", "hello", "ü" * 100, b"", b"\0\xff" * 100, "x" * MEGABYTE):
            connection.send(message)
            assert connection.recv(SECONDS) == message


def test_fragments_come_back_as_fragments(way):
    fragments = ["one ", "two ", "three"]
    with connected(way) as connection:
        connection.send(fragments)
        # The end may be a fragment of its own.
        assert [part for part in connection.recv_streaming() if part] == fragments


def test_pings_are_answered_while_a_megabyte_is_on_its_way(way):
    with connected(way) as connection:
        connection.send(b"x" * MEGABYTE)
        assert connection.ping(b"are you there").wait(SECONDS)
        assert connection.recv(SECONDS) == b"x" * MEGABYTE


@pytest.mark.parametrize("code", [1000, 1001, 1008, 1011, 3000, 4999])
def test_the_server_says_why_it_closes(way, code):
    with connected(way, f"/close/{code}") as connection:
        with pytest.raises(ConnectionClosed) as closed:
            connection.recv(SECONDS)
        assert closed.value.rcvd is not None
        assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (code, "as you wish")
        assert closed.value.rcvd_then_sent


def test_the_client_says_why_it_closes(way):
    with connected(way) as connection:
        connection.close(4000, "enough")
        assert connection.close_code == 4000


def test_the_server_notices_that_its_client_has_vanished(way):
    while VANISHED.acquire(blocking=False):
        pass
    with connected(way) as connection:
        connection.send("x")
        assert connection.recv(SECONDS) == "x"
        connection.socket.shutdown(socket.SHUT_RDWR)
        assert VANISHED.acquire(timeout=SECONDS)


@pytest.mark.fault(35)
def test_fault_35_a_storm_of_upgrades_is_detected_in_time(mesh, scaled):
    """Each is answered, whichever way it came, and none takes detection's whole patience."""
    count = scaled(300, 50_000)
    ways = itertools.cycle([mesh.through, mesh.stranger])

    def client(way: Way) -> str | bytes:
        with connected(way) as connection:
            connection.send("x")
            return connection.recv(SECONDS)

    with ThreadPoolExecutor(max_workers=CROWD) as pool:
        answers = list(pool.map(client, itertools.islice(ways, count)))
    assert answers == ["x"] * count
    for proxy in (mesh.client, mesh.server):
        timed_out = "inbound_tcp_detect_http_results_total", 'result="timeout"'
        assert proxy.metric(*timed_out) == 0
        assert proxy.metric("inbound_http_errors_total") == 0
