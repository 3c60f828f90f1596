"""Fault 12 on the whole process: where descriptors run out, connections wait, and nothing ends."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path

import engine
import hostile
import meshed
import pytest
from meshed import Mesh
from network import Pair
from raw_server import RawServer

pytestmark = [pytest.mark.netns, pytest.mark.fault(12), pytest.mark.timeout(60)]

PORT = 8080
REQUEST = b"GET /x HTTP/1.1\r\nHost: web\r\n\r\n"
LIMIT = 64
CLIENTS = 100
BUSY = 0.3
"""Cores that a spinning listener would exceed."""


@pytest.fixture
def mesh(spaces: Pair, tmp_path: Path) -> Iterator[Mesh]:
    before = ["prlimit", f"--nofile={LIMIT}:{LIMIT}"]
    # Each worker has descriptors of its own, and a machine may have many.
    settings = {"LINKERD2_PROXY_CORES": "2"}
    listener = spaces.peer.listener(PORT)
    # All that have waited come at once.
    listener.listen(CLIENTS)
    with (
        closing(RawServer(listener)),
        meshed.running(spaces, tmp_path, settings, before=before) as mesh,
    ):
        mesh.declare(PORT)
        yield mesh


def test_connections_wait_and_are_served_afterwards(mesh):
    good = hostile.GoodClient(mesh.stranger, PORT, REQUEST, b"ok")
    with closing(good), good.asking(), ThreadPoolExecutor(CLIENTS) as threads:
        with ExitStack() as stack:
            for _ in range(LIMIT):
                stack.enter_context(mesh.stranger.connection(PORT)).sendall(REQUEST[:-2])
            mesh.server.wait_log("cannot accept connections")
            waiting = [threads.submit(status, mesh) for _ in range(CLIENTS)]
            # No listener spins.
            assert hostile.cores(mesh.server, 0.3) < BUSY
        answers = Counter(client.result() for client in waiting)
    # Whoever is accepted with the last descriptor is told that none is left for the application.
    assert set(answers) <= {b"200", b"502", b"504"}, answers
    assert answers[b"200"] > CLIENTS - LIMIT, answers
    assert max(good.seconds) < engine.SECONDS / 2
    engine.until("calm", lambda: hostile.cores(mesh.server) < BUSY)
    assert [status(mesh) for _ in range(10)] == [b"200"] * 10
    for path in ("/live", "/ready", "/metrics"):
        assert mesh.server.ask(path)[0] == 200


def status(mesh: Mesh) -> bytes:
    """Of a request whose connection ends with it."""
    with mesh.stranger.connection(PORT) as stream:
        stream.sendall(REQUEST.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        return engine.received(stream)[9:12]
