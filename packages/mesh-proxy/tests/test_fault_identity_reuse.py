"""An address that somebody else has taken over: nobody's requests end up with the wrong one."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import engine
import meshed
import network
import pytest
from fake_control import FakeControl, open_server
from meshed import NAME, SERVICE, Mesh
from network import PEER, Namespace, Pair
from raw_server import RawServer

from mesh_proxy.init.namespace import entered

pytestmark = [pytest.mark.netns, pytest.mark.timeout(60)]

PORT = 8080
REQUEST = b"GET /x HTTP/1.1\r\nHost: web\r\n\r\n"
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


def status(mesh: Mesh, seconds: float = engine.SECONDS) -> bytes:
    """Of a request on a connection of its own; empty if it is not answered in time.

    What is on its way to somebody who is silently gone may wait for long.
    """
    with mesh.spaces.app.connection(SERVICE, PORT) as stream, suppress(TimeoutError):
        stream.settimeout(seconds)
        stream.sendall(REQUEST)
        return stream.recv(4096)[9:12]
    return b""


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
        kept.sendall(REQUEST)
        assert kept.recv(4096)[9:12] in (b"502", b"504")
        for _ in range(5):
            assert status(mesh) in (b"502", b"504")
        assert not server.heard
        # The new one is wanted once the control plane says so.
        update = meshed.meshed(f"{PEER[4]}:{PORT}", OTHER)
        mesh.asked.say("Get", f"{NAME}:{PORT}", update)
        engine.until("the new identity is reached", lambda: status(mesh) == b"200")


SILENT = """
table inet silent {
    chain output { type filter hook output priority 0; tcp flags rst drop; }
}
"""
"""Nobody is told that a connection is unknown here."""


@dataclass(frozen=True)
class Heir:
    """A pod that gets the address of another: its own identity, proxy and application."""

    space: Namespace
    proxy: engine.Engine
    application: RawServer

    @property
    def requests(self) -> float:
        return self.proxy.metric("request_total", 'direction="inbound"')


@pytest.fixture
def moving() -> Iterator[Pair]:
    """Pods of this test alone: one loses its cable."""
    with network.pair() as spaces:
        for space in (spaces.app, spaces.peer):
            engine.redirect(space)
        yield spaces


@pytest.fixture(params=["refuses what it does not know", "ignores what it does not know"])
def heir(request, moving, tmp_path) -> Iterator[Callable[[Mesh], AbstractContextManager[Heir]]]:
    @contextmanager
    def heir(mesh: Mesh) -> Iterator[Heir]:
        control = FakeControl(mesh.told.authority)
        control.say("WatchPort", str(PORT), open_server())
        token = tmp_path / "heir"
        token.write_text("token")
        with network.namespace("heir") as space, ExitStack() as stack:
            space.run("ip", "link", "set", "lo", "up")
            engine.redirect(space)
            if request.param.startswith("ignores"):
                (tmp_path / "silent").write_text(SILENT)
                space.run("nft", "-f", str(tmp_path / "silent"))
            application = stack.enter_context(closing(RawServer(space.listener(PORT))))
            with entered(space.path):
                stack.enter_context(control.running())
            settings = engine.environment(control, token, OTHER, PEER)
            running = engine.running(space, settings, tmp_path / "heir.log")
            proxy = stack.enter_context(running)
            proxy.wait_ready()
            yield Heir(space, proxy, application)

    return heir


@pytest.fixture
def moved(moving: Pair, tmp_path: Path) -> Iterator[Mesh]:
    application = RawServer(moving.peer.listener(PORT))
    with closing(application), meshed.running(moving, tmp_path) as mesh:
        mesh.declare(PORT)
        yield mesh


def recovers(mesh: Mesh, heir: Heir) -> None:
    """The new identity processes requests once the control plane says who it is."""
    assert not heir.application.heard
    assert heir.requests == 0
    mesh.asked.say("Get", f"{NAME}:{PORT}", meshed.meshed(f"{PEER[4]}:{PORT}", OTHER))
    engine.until("the new identity is reached", lambda: status(mesh, seconds=1) == b"200")
    assert heir.requests > 0


@pytest.mark.fault(8)
def test_an_address_that_moves_while_requests_flow(moved, heir):
    answers: list[bytes] = []
    over = threading.Event()

    def ask() -> None:
        while not over.is_set():
            answers.append(status(moved, seconds=1))

    with heir(moved) as other, ThreadPoolExecutor(4) as clients:
        flows = [clients.submit(ask) for _ in range(4)]
        try:
            engine.until("requests flow", lambda: answers.count(b"200") > 50)
            network.move(moved.spaces.peer, other.space)
            engine.until("nobody answers", lambda: b"200" not in answers[-4:])
            recovers(moved, other)
        finally:
            over.set()
        for flow in flows:
            flow.result()
    assert set(answers) <= {b"200", b"502", b"504", b""}


@pytest.mark.fault(8)
def test_an_idle_pool_whose_peer_is_silently_gone(moved, heir):
    with heir(moved) as other, moved.spaces.app.connection(SERVICE, PORT) as kept:
        kept.sendall(REQUEST)
        assert kept.recv(4096)[9:12] == b"200"
        network.move(moved.spaces.peer, other.space)
        kept.sendall(REQUEST)
        recovers(moved, other)
