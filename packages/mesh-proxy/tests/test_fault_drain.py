"""A proxy that is to end finishes what is in flight, and serves its application meanwhile."""

import signal
import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import engine
import meshed
import pytest
from fake_control import opaque_policy, opaque_server
from holding import Holding
from meshed import NAME, SERVICE, Mesh
from network import APP, Pair
from raw_server import RawServer

pytestmark = [pytest.mark.netns, pytest.mark.timeout(60)]

PORT, ELSEWHERE = 8080, 9100
STOPPING = "stopping: finishing what is open"
REQUEST = b"GET /x HTTP/1.1\r\nHost: web\r\n\r\n"


@pytest.fixture
def application(spaces: Pair) -> Iterator[Holding]:
    with closing(Holding(spaces.peer.listener(PORT))) as application:
        yield application


@pytest.fixture
def elsewhere(spaces: Pair) -> Iterator[RawServer]:
    """A server that the servers' application calls."""
    with closing(RawServer(spaces.app.listener(ELSEWHERE))) as server:
        yield server


@pytest.fixture
def mesh(spaces: Pair, application: Holding, tmp_path: Path) -> Iterator[Mesh]:
    del application  # it listens
    with meshed.running(spaces, tmp_path) as mesh:
        mesh.declare(PORT)
        yield mesh


def begin(stack: ExitStack, mesh: Mesh, application: Holding, count: int) -> list[socket.socket]:
    """Requests that have reached the application, and wait there."""
    streams = []
    for _ in range(count):
        stream = stack.enter_context(mesh.spaces.app.connection(SERVICE, PORT))
        stream.settimeout(engine.SECONDS)
        stream.sendall(REQUEST)
        streams.append(stream)
    for _ in streams:
        assert application.waiting.acquire(timeout=engine.SECONDS), "the request has not come"
    return streams


def answer(stream: socket.socket) -> bytes:
    found = b""
    while not found.endswith(b"done"):
        data = stream.recv(4096)
        if not data:
            break
        found += data
    return found


@pytest.mark.fault(72)
@pytest.mark.parametrize("side", ["client", "server"])
def test_what_is_in_flight_is_finished(mesh, application, scaled, side):
    proxy = getattr(mesh, side)
    with ExitStack() as stack:
        streams = begin(stack, mesh, application, scaled(50, 1000))
        proxy.process.send_signal(signal.SIGTERM)
        proxy.wait_log(STOPPING)
        application.release.set()
        answers = [answer(stream) for stream in streams]
    whole = [one for one in answers if one.startswith(b"HTTP/1.1 200") and one.endswith(b"done")]
    assert len(whole) == len(streams)
    assert proxy.process.wait(engine.SECONDS) == 0


@pytest.mark.fault(72)
def test_the_application_may_still_call_others(mesh, application, elsewhere, spaces):
    del elsewhere
    with ExitStack() as stack:
        (stream,) = begin(stack, mesh, application, 1)
        mesh.server.process.send_signal(signal.SIGTERM)
        mesh.server.wait_log(STOPPING)
        with spaces.peer.connection(APP[4], ELSEWHERE) as call:
            call.settimeout(engine.SECONDS)
            call.sendall(REQUEST)
            assert call.recv(4096).startswith(b"HTTP/1.1 200")
        application.release.set()
        assert answer(stream).startswith(b"HTTP/1.1 200")
    assert mesh.server.process.wait(engine.SECONDS) == 0


@pytest.mark.fault(72)
def test_opaque_connections_are_waited_for(mesh, application):
    mesh.declare(PORT, policy=opaque_policy(f"{NAME}:{PORT}"), server=opaque_server())
    with ExitStack() as stack:
        streams = begin(stack, mesh, application, 5)
        mesh.server.process.send_signal(signal.SIGTERM)
        mesh.server.wait_log(STOPPING)
        application.release.set()
        assert all(answer(stream).endswith(b"done") for stream in streams)
    assert mesh.server.process.wait(engine.SECONDS) == 0


@pytest.mark.fault(72)
def test_a_second_signal_ends_everything_at_once(mesh, application):
    with ExitStack() as stack:
        (stream,) = begin(stack, mesh, application, 1)
        mesh.server.process.send_signal(signal.SIGTERM)
        mesh.server.wait_log(STOPPING)
        mesh.server.process.send_signal(signal.SIGTERM)
        mesh.server.process.wait(2)
        # The client hears of it from its own proxy.
        assert stream.recv(4096)[9:12] in (b"502", b"504")
