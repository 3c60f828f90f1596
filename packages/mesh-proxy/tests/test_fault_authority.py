"""A request names one host, and every reader takes it for the same."""

from collections.abc import Iterator
from contextlib import closing

import meshed
import pytest
from meshed import Mesh
from network import Pair
from raw_server import RawServer

pytestmark = [pytest.mark.netns, pytest.mark.timeout(60)]

PORT = 8080
AMBIGUOUS = {
    "two hosts": "GET / HTTP/1.1\r\nHost: a\r\nHost: b",
    "the same host twice": "GET / HTTP/1.1\r\nHost: a\r\nhost: a",
    "no host": "GET / HTTP/1.1\r\nX: y",
    "a list": "GET / HTTP/1.1\r\nHost: a,b",
    "another host in the target": "GET http://a/ HTTP/1.1\r\nHost: b",
    "another port in the target": "GET http://a:80/ HTTP/1.1\r\nHost: a:81",
    "a user": "GET / HTTP/1.1\r\nHost: root@a",
    "a user in the target": "GET http://root@a/ HTTP/1.1\r\nHost: root@a",
    "a port too large": "GET / HTTP/1.1\r\nHost: a:65536",
    "a port that is no number": "GET / HTTP/1.1\r\nHost: a:80x",
    "a path": "GET / HTTP/1.1\r\nHost: a/b",
    "a space": "GET / HTTP/1.1\r\nHost: a b",
    "no ASCII": "GET / HTTP/1.1\r\nHost: b\u00fccher",
    "an open bracket": "GET / HTTP/1.1\r\nHost: [::1",
}
PLAIN = {
    "upper case": ("GET / HTTP/1.1\r\nHost: WEB.Shop", "WEB.Shop"),
    "a final dot": ("GET / HTTP/1.1\r\nHost: web.shop.", "web.shop."),
    "IDN": ("GET / HTTP/1.1\r\nHost: xn--bcher-kva.test", "xn--bcher-kva.test"),
    "IPv6": ("GET / HTTP/1.1\r\nHost: [::1]:80", "[::1]:80"),
    "absolute form": ("GET http://web:80/x HTTP/1.1\r\nHost: web:80", "web:80"),
}


@pytest.fixture(scope="module")
def server(spaces: Pair) -> Iterator[RawServer]:
    with closing(RawServer(spaces.peer.listener(PORT))) as server:
        yield server


@pytest.fixture(scope="module")
def mesh(
    spaces: Pair, server: RawServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Mesh]:
    del server  # it listens
    with meshed.running(spaces, tmp_path_factory.mktemp("authority")) as mesh:
        mesh.declare(PORT)
        yield mesh


def answer(mesh: Mesh, way: str, head: str) -> bytes:
    found: bytes = getattr(mesh, way).answer(PORT, head.encode() + b"\r\n\r\n")
    return found


@pytest.mark.fault(18)
@pytest.mark.parametrize("way", ["through", "stranger", "outside"])
@pytest.mark.parametrize("head", AMBIGUOUS.values(), ids=AMBIGUOUS)
def test_what_has_two_readings_reaches_nobody(mesh, server, head, way):
    server.heard.clear()
    assert answer(mesh, way, head).startswith(b"HTTP/1.1 400")
    assert not server.heard


@pytest.mark.fault(18)
@pytest.mark.parametrize("way", ["through", "stranger", "outside"])
@pytest.mark.parametrize(("head", "host"), PLAIN.values(), ids=PLAIN)
def test_what_has_one_arrives_as_it_was(mesh, server, head, host, way):
    server.heard.clear()
    assert answer(mesh, way, head).startswith(b"HTTP/1.1 200")
    lines = b"".join(server.heard).decode().split("\r\n")
    named = [line.partition(":")[2].strip() for line in lines if line.lower().startswith("host:")]
    assert named == [host]
