"""Whatever family an address has, and however it is written, every protocol reaches it."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import ExitStack, closing

import meshed
import pytest
from fake_control import Authority
from hostile import credentials
from meshed import Mesh, Way
from network import PEER, Pair
from raw_server import RawServer
from transcripts import Hear, Part, Say, Script

pytestmark = [pytest.mark.netns, pytest.mark.timeout(60), pytest.mark.fault(11)]

RAW, HTTP, SECURE = 8080, 8081, 8082
ADDRESSES = {"IPv4": PEER[4], "IPv6": PEER[6], "IPv4 mapped into IPv6": f"::ffff:{PEER[4]}"}
PROTOCOLS = {"TCP": RAW, "HTTP": HTTP, "TLS": SECURE}


@pytest.fixture(scope="module")
def mesh(spaces: Pair, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mesh]:
    """Both proxies, and the servers behind the second."""
    folder = tmp_path_factory.mktemp("families")
    with ExitStack() as stack:
        stack.enter_context(closing(RawServer(spaces.peer.listener(HTTP))))
        raw = stack.enter_context(closing(Script(spaces.peer.listener(RAW))))
        raw.expect([Say(b"hello\n"), Hear(b"ping"), Say(b"pong")])
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(credentials(Authority(), folder, "api.test"))
        secure = stack.enter_context(closing(Script(spaces.peer.listener(SECURE), context)))
        secure.expect([Hear(b"ping"), Say(b"pong")])
        mesh = stack.enter_context(meshed.running(spaces, folder))
        for port in PROTOCOLS.values():
            mesh.declare(port)
        yield mesh


@pytest.mark.parametrize("client", ["with a proxy", "without a proxy"])
@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("family", ADDRESSES)
def test_fault_11_every_protocol_by_every_family(
    mesh: Mesh, client: str, protocol: str, family: str
) -> None:
    group = mesh.stranger.group if client == "without a proxy" else 0
    way = Way(client, mesh.spaces.app, ADDRESSES[family], group)
    with way.connection(PROTOCOLS[protocol]) as stream:
        match protocol:
            case "TCP":
                Part(stream).play([Hear(b"hello\n"), Say(b"ping"), Hear(b"pong")])
            case "HTTP":
                Part(stream).play([Say(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"), Hear(b"ok")])
            case _:
                with _secured(stream) as secured:
                    Part(secured).play([Say(b"ping"), Hear(b"pong")])


def _secured(stream: socket.socket) -> ssl.SSLSocket:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context.wrap_socket(stream, server_hostname="api.test")
