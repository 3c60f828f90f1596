"""Fault 7: peers whose certificates are not what they should be, beside a client that is good."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, nullcontext, suppress
from pathlib import Path

import engine
import frames
import hostile
import meshed
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from engine import IDENTITY
from fake_control import Authority, opaque_policy, profile
from meshed import SERVER_IDENTITY, Mesh
from network import PEER, Namespace, Pair
from raw_server import RawServer

pytestmark = [pytest.mark.netns, pytest.mark.fault(7), pytest.mark.timeout(60)]

PORT = 8080
REQUEST = b"GET /x HTTP/1.1\r\nHost: web\r\n\r\n"
OPEN = 4190
"""A port of the servers' pod that the redirect leaves alone."""
REASONS = {
    "weak key": "tls_bad_signature",
    "ten intermediates": "tls_chain_too_long",
    "a mebibyte": "tls_too_large",
    "unknown authority": "tls_unknown_issuer",
}
KINDS = [*REASONS, "three intermediates"]
"""The last one is long, and good."""
HELLO = hostile.transport_header(PORT) + frames.PREFACE + frames.settings()


@pytest.fixture(scope="module")
def application(spaces: Pair) -> Iterator[RawServer]:
    with closing(RawServer(spaces.peer.listener(PORT))) as application:
        yield application


@pytest.fixture(scope="module")
def mesh(
    spaces: Pair, application: RawServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Mesh]:
    del application  # it listens
    with meshed.running(spaces, tmp_path_factory.mktemp("certificates")) as mesh:
        mesh.declare(PORT)
        yield mesh


@pytest.fixture(autouse=True)
def good(mesh: Mesh) -> Iterator[hostile.GoodClient]:
    """Must not notice anything."""
    with closing(hostile.GoodClient(mesh.through, PORT, REQUEST, b"ok")) as good:
        with good.asking():
            yield good
        assert max(good.seconds) < engine.SECONDS / 2


def certificate(authority: Authority, kind: str, name: str, folder: Path) -> Path:
    """One that is wrong in this way, for `name`."""
    if kind == "weak key":
        weak = rsa.generate_private_key(65537, 1024)
        return hostile.credentials(authority, folder, name, key=weak)
    if kind == "ten intermediates":
        return hostile.credentials(authority.below(10), folder, name)
    if kind == "a mebibyte":
        long = authority.below(1)
        long.intermediates *= 2500
        return hostile.credentials(long, folder, name)
    if kind == "unknown authority":
        return hostile.credentials(Authority("another root"), folder, name)
    return hostile.credentials(authority.below(3), folder, name)


class Impostor:
    """In place of a proxy: keeps what it is told once TLS is established."""

    def __init__(self, space: Namespace, context: ssl.SSLContext) -> None:
        self.heard = b""
        self._context = context
        self._listener = space.listener(OPEN)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                stream, _ = self._listener.accept()
                with stream, suppress(OSError):
                    stream.settimeout(engine.SECONDS)
                    with self._context.wrap_socket(stream, server_side=True) as secured:
                        self.heard += secured.recv(4096)

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


def declare(mesh: Mesh, kind: str) -> str:
    """A service of its own for each impostor: one that fails is left alone for a while."""
    address = f"10.200.1.{KINDS.index(kind)}"
    path = f"impostor-{KINDS.index(kind)}.shop.svc.cluster.local:{PORT}"
    update = meshed.meshed(f"{PEER[4]}:{PORT}", SERVER_IDENTITY)
    update.add.addrs[0].protocol_hint.opaque_transport.inbound_port = OPEN
    policy = opaque_policy(path)
    (route,) = policy.protocol.opaque.routes
    backend = route.rules[0].backends.first_available.backends[0].backend
    backend.queue.failfast_timeout.FromMilliseconds(200)
    mesh.asked.say("GetProfile", f"{address}:{PORT}", profile(path.rpartition(":")[0]))
    mesh.asked.say("Watch", f"{address}:{PORT}", policy)
    mesh.asked.say("Get", path, update)
    return address


def errors(proxy: engine.Engine, direction: str, reason: str) -> float:
    return proxy.metric(f"{direction}_tcp_errors_total", f'error="{reason}"')


@pytest.mark.parametrize("kind", KINDS)
def test_a_server(mesh, spaces, tmp_path, kind):
    authority = mesh.told.authority
    pem = certificate(authority, kind, SERVER_IDENTITY, tmp_path)
    reason = REASONS.get(kind, "")
    before = errors(mesh.client, "outbound", reason)
    context = hostile.server_context(authority, pem)
    address = declare(mesh, kind)
    with (
        closing(Impostor(spaces.peer, context)) as impostor,
        spaces.app.connection(address, PORT) as stream,
    ):
        stream.sendall(b"secret")
        if reason:
            assert engine.received(stream) == b""
            assert errors(mesh.client, "outbound", reason) == before + 1
            assert not impostor.heard
        else:
            engine.until("believed", lambda: bool(impostor.heard))


@pytest.mark.parametrize("kind", KINDS)
def test_a_client(mesh, tmp_path, kind):
    authority = mesh.told.authority
    pem = certificate(authority, kind, IDENTITY, tmp_path)
    context = hostile.client_context(authority, pem, hostile.ALPN)
    reason = REASONS.get(kind, "")
    before = errors(mesh.server, "inbound", reason)
    with (
        expectation(reason),
        mesh.stranger.connection(hostile.INBOUND) as plain,
        context.wrap_socket(plain, server_hostname=SERVER_IDENTITY) as stream,
    ):
        stream.sendall(HELLO)
        # A client's own handshake is over before the server has judged it.
        assert stream.recv(1)
    if reason:
        engine.until("counted", lambda: errors(mesh.server, "inbound", reason) == before + 1)


def expectation(reason: str) -> AbstractContextManager[object]:
    """That the connection fails, if there is a reason."""
    return pytest.raises((ssl.SSLError, ConnectionError)) if reason else nullcontext()


@pytest.mark.parametrize("name", [IDENTITY, "x", "api.shop.svc.cluster.local"])
def test_a_client_that_asks_for_somebody_else(mesh, tmp_path, name):
    """Its certificate is a good one."""
    authority = mesh.told.authority
    pem = hostile.credentials(authority, tmp_path, hostile.IDENTITY)
    context = hostile.client_context(authority, pem, hostile.ALPN)
    context.check_hostname = False
    before = errors(mesh.server, "inbound", "wrong_server_name")
    plain = mesh.stranger.connection(hostile.INBOUND)
    with context.wrap_socket(plain, server_hostname=name) as stream, suppress(OSError):
        stream.sendall(HELLO)
        assert stream.recv(1) == b""
    reason = "wrong_server_name"
    engine.until("counted", lambda: errors(mesh.server, "inbound", reason) == before + 1)
