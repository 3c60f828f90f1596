"""An address that somebody else has taken over: nobody's requests end up with the wrong one."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import engine
import meshed
import pytest
from meshed import NAME, SERVICE, Mesh
from network import PEER, Pair
from raw_server import RawServer

pytestmark = [pytest.mark.netns, pytest.mark.timeout(60)]

PORT = 8080
OTHER = "other.shop.serviceaccount.identity.linkerd.cluster.local"


@pytest.fixture
def server(spaces: Pair) -> Iterator[RawServer]:
    with closing(RawServer(spaces.peer.listener(PORT))) as server:
        yield server


@pytest.fixture
def mesh(spaces: Pair, server: RawServer, tmp_path: Path) -> Iterator[Mesh]:
    del server  # it listens
    with meshed.running(spaces, tmp_path) as mesh:
        mesh.declare(PORT)
        yield mesh


def status(mesh: Mesh) -> bytes:
    """Of a request on a connection of its own."""
    with mesh.spaces.app.connection(SERVICE, PORT) as stream:
        stream.settimeout(engine.SECONDS)
        stream.sendall(b"GET /x HTTP/1.1\r\nHost: web\r\n\r\n")
        return stream.recv(4096)[9:12]


@pytest.mark.fault(8)
def test_the_wrong_identity_processes_nothing(mesh, server, spaces, tmp_path):
    # The pool has a connection to the right one, and another request waits on it.
    assert status(mesh) == b"200"
    kept = mesh.spaces.app.connection(SERVICE, PORT)
    mesh.server.process.kill()
    mesh.server.process.wait()
    token = tmp_path / "other-token"
    token.write_text("token")
    settings = engine.environment(mesh.told, token, OTHER, PEER)
    with engine.running(spaces.peer, settings, tmp_path / "other.log") as other, kept:
        other.wait_ready()
        server.heard.clear()
        kept.settimeout(engine.SECONDS)
        kept.sendall(b"GET /x HTTP/1.1\r\nHost: web\r\n\r\n")
        assert kept.recv(4096)[9:12] in (b"502", b"504")
        for _ in range(5):
            assert status(mesh) in (b"502", b"504")
        assert not server.heard
        # The new one is wanted once the control plane says so.
        update = meshed.meshed(f"{PEER[4]}:{PORT}", OTHER)
        mesh.asked.say("Get", f"{NAME}:{PORT}", update)
        engine.until("the new identity is reached", lambda: status(mesh) == b"200")
