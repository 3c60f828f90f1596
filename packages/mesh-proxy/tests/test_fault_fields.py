"""Fields without measure, and chunks that are none: refused, and nothing else is lost."""

from collections.abc import Iterator
from contextlib import closing

import engine
import meshed
import pytest
from meshed import Mesh
from network import Pair
from raw_server import RawServer

pytestmark = [pytest.mark.netns, pytest.mark.timeout(60)]

PORT = 8080
WAYS = ["through", "stranger", "outside"]
HEAD = "GET / HTTP/1.1\r\nHost: web\r\n"
TOO_MUCH = {
    "ten thousand fields": HEAD + "".join(f"x-{number}: y\r\n" for number in range(10_000)),
    "a field of a mebibyte": HEAD + "x: " + "y" * (1 << 20) + "\r\n",
    "a name of a mebibyte": HEAD + "x" * (1 << 20) + ": y\r\n",
}
CHUNKED = "POST / HTTP/1.1\r\nHost: web\r\nTransfer-Encoding: chunked\r\n\r\n"
BROKEN = {
    "a size beyond 64 bits": "10000000000000000\r\nx",
    "a negative size": "-1\r\nx",
    "a sign": "+5\r\nhello\r\n0\r\n\r\n",
    "a prefix": "0x5\r\nhello\r\n0\r\n\r\n",
    "an extension of 64 KiB": "5;" + "e" * (1 << 16) + "\r\nhello\r\n0\r\n\r\n",
    "no end of line": "5\r\nhelloX0\r\n\r\n",
    "a bare line feed": "5\nhello\r\n0\r\n\r\n",
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
    with meshed.running(spaces, tmp_path_factory.mktemp("fields")) as mesh:
        mesh.declare(PORT)
        yield mesh


def answer(mesh: Mesh, way: str, said: str) -> bytes:
    found: bytes = getattr(mesh, way).answer(PORT, said.encode("latin-1"))
    return found


def is_well(mesh: Mesh, way: str) -> bool:
    return answer(mesh, way, HEAD + "\r\n").startswith(b"HTTP/1.1 200")


@pytest.mark.fault(20)
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("said", TOO_MUCH.values(), ids=TOO_MUCH)
def test_heads_without_measure_are_refused(mesh, server, said, way):
    server.heard.clear()
    assert answer(mesh, way, said + "\r\n").startswith(b"HTTP/1.1 431")
    assert not server.heard
    assert is_well(mesh, way)


@pytest.mark.fault(20)
@pytest.mark.parametrize("way", WAYS)
def test_every_value_of_a_field_arrives(mesh, server, way):
    server.heard.clear()
    fields = ["X-Two: one", "x-two: two", "X_Two: three", "X-Text: b\u00fccher", "X-Empty:"]
    assert answer(mesh, way, HEAD + "\r\n".join([*fields, "", ""])).startswith(b"HTTP/1.1 200")
    lines = b"".join(server.heard).decode("latin-1").lower().split("\r\n")
    own = [line.replace(": ", ":") for line in lines if line.startswith(("x-", "x_"))]
    assert own == [field.lower().replace(": ", ":") for field in fields]


@pytest.mark.fault(14)
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
def test_broken_chunks_never_become_a_whole_request(mesh, server, content, way):
    server.heard.clear()
    found = answer(mesh, way, CHUNKED + content)
    assert found.startswith(b"HTTP/1.1 400")
    heard = b"".join(server.heard)
    assert not heard.endswith(b"0\r\n\r\n")
    assert is_well(mesh, way)


@pytest.mark.fault(14)
@pytest.mark.parametrize("way", WAYS)
def test_trailers_that_change_the_message_are_left_out(mesh, server, way):
    server.heard.clear()
    trailers = "Content-Length: 1\r\nHost: other\r\nAuthorization: x\r\nX-Sum: 42\r\n"
    found = answer(mesh, way, CHUNKED + f"5\r\nhello\r\n0\r\n{trailers}\r\n")
    assert found.startswith(b"HTTP/1.1 200")
    engine.until("the trailers", lambda: b"x-sum: 42" in b"".join(server.heard).lower())
    heard = b"".join(server.heard).lower()
    trailing = heard.rpartition(b"\r\n0\r\n")[2]
    assert b"x-sum: 42" in trailing
    for name in (b"content-length", b"host", b"authorization"):
        assert name not in trailing
