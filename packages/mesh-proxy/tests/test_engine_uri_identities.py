"""Identities that are URIs, as SPIFFE's are, proved by both sides of a connection of engines."""

from collections.abc import Iterator
from contextlib import closing, suppress

import engine
import meshed
import pytest
from engine import IDENTITY
from fake_control import Authority, closed_server, opaque_policy
from fake_control import meshed as meshed_endpoint
from meshed import NAME, SERVER_IDENTITY, Mesh
from network import PEER, Pair
from raw_server import RawServer

from mesh_proto.pb import destination_pb2

pytestmark = [pytest.mark.netns, pytest.mark.timeout(60)]

HTTP, OPAQUE = 8080, 8081
PORTS = (HTTP, OPAQUE)
CLIENT, SERVER, OTHER = (f"spiffe://cluster.local/ns/shop/sa/{who}" for who in ("web", "api", "x"))
GET = b"GET /x HTTP/1.1\r\nHost: api\r\n\r\n"


def by_uri(port: int, uri: str) -> destination_pb2.Update:
    """The server's endpoint, which has to prove that it is `uri`."""
    endpoint = meshed_endpoint(f"{PEER[4]}:{port}", SERVER_IDENTITY)
    endpoint.add.addrs[0].tls_identity.uri_like_identity.uri = uri
    return endpoint


@pytest.fixture(scope="module")
def mesh(spaces: Pair, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mesh]:
    authority = Authority()
    authority.uris = {IDENTITY: CLIENT, SERVER_IDENTITY: SERVER}
    with meshed.running(spaces, tmp_path_factory.mktemp("mesh"), authority=authority) as mesh:
        yield mesh


@pytest.fixture
def app(spaces: Pair, mesh: Mesh) -> Iterator[RawServer]:
    with closing(RawServer(spaces.peer.listener(HTTP))) as app:
        yield app


@pytest.fixture
def echo(spaces: Pair, mesh: Mesh) -> Iterator[RawServer]:
    with closing(RawServer(spaces.peer.listener(OPAQUE))) as echo:
        yield echo


def allow(mesh: Mesh, *clients: str, server: str = SERVER) -> None:
    for port in PORTS:
        opaque = port == OPAQUE
        policy = opaque_policy(f"{NAME}:{port}") if opaque else None
        mesh.declare(port, policy=policy, server=closed_server(*clients, opaque=opaque))
        mesh.asked.say("Get", f"{NAME}:{port}", by_uri(port, server))


def asks(mesh: Mesh, port: int) -> bytes:
    """The answer; empty if the connection was reset."""
    with suppress(ConnectionError):
        return mesh.through.answer(port, GET)
    return b""


def refuses(mesh: Mesh, port: int, answer: bytes, *servers: RawServer) -> None:
    """Nothing comes through any more: requests get this answer, other connections are reset."""
    engine.until("refused", lambda: not asks(mesh, port).startswith(b"HTTP/1.1 200"))
    for server in servers:
        server.heard.clear()
    refused = asks(mesh, port)
    assert refused.startswith(answer) if port == HTTP else refused == b""
    assert not any(server.heard for server in servers)


@pytest.mark.parametrize("port", PORTS)
def test_both_sides_are_who_their_uris_say(mesh, app, echo, port):
    allow(mesh, CLIENT)
    engine.until("let in", lambda: asks(mesh, port).startswith(b"HTTP/1.1 200"))
    if port == HTTP:
        assert f"l5d-client-id: {CLIENT}".encode() in app.heard[-1]
    assert mesh.client.metric("tcp_open_total", f'server_id="{SERVER}"', f":{port}") >= 1
    assert mesh.server.metric("tcp_open_total", f'client_id="{CLIENT}"') >= 1


@pytest.mark.parametrize("port", PORTS)
def test_a_client_of_another_uri_is_not_let_in(mesh, app, echo, port):
    """Nor one whose name would do: the first of its names is who it is."""
    allow(mesh, OTHER, IDENTITY)
    refuses(mesh, port, b"HTTP/1.1 403", app, echo)


@pytest.mark.parametrize("port", PORTS)
def test_a_server_of_another_uri_gets_nothing(mesh, app, echo, port):
    allow(mesh, CLIENT, server=OTHER)
    refuses(mesh, port, b"HTTP/1.1 50", app, echo)
    mesh.client.wait_log("NotValidForName")
