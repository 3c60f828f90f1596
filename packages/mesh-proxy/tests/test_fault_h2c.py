"""HTTP/2 asked for in the middle of HTTP/1, and mixed with it: nothing is smuggled (fault 36)."""

import re
from collections.abc import Iterator
from contextlib import closing

import engine
import frames
import meshed
import pytest
from frames import Peer
from meshed import Mesh, Way
from network import Pair
from raw_server import RawServer

pytestmark = [pytest.mark.netns, pytest.mark.timeout(90), pytest.mark.fault(36)]

PORT = 8084
SMUGGLED = frames.PREFACE + frames.settings() + frames.headers(1, frames.request("/smuggled"))
UPGRADE = (
    "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: {}\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n"
)
PROTOCOLS = ["h2c", "H2C", "h2c, websocket", "websocket, h2c", "h2", "HTTP/2.0"]


@pytest.fixture(scope="module")
def application(spaces: Pair) -> Iterator[RawServer]:
    with closing(RawServer(spaces.peer.listener(PORT))) as server:
        yield server


@pytest.fixture(scope="module")
def mesh(
    spaces: Pair, application: RawServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Mesh]:
    with meshed.running(spaces, tmp_path_factory.mktemp("h2c")) as mesh:
        mesh.declare(PORT)
        yield mesh


def ask(way: Way, *parts: bytes) -> bytes:
    """Everything that comes back for what is sent at once."""
    with way.connection(PORT) as stream:
        stream.sendall(b"".join(parts))
        stream.shutdown(1)
        return engine.received(stream)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_fault_36_the_content_beside_an_upgrade_is_content(way, application, protocol):
    """The application is not asked to upgrade, and gets as content what was sent as content."""
    application.heard.clear()
    head = (
        f"POST /asked HTTP/1.1\r\nHost: api.test\r\n{UPGRADE.format(protocol)}"
        f"Content-Length: {len(SMUGGLED)}\r\n\r\n"
    )
    answer = ask(way, head.encode(), SMUGGLED)
    status = answer.split(b" ")[1]
    assert status in (b"200", b"400"), answer
    heard = b"".join(application.heard)
    if status == b"200":
        head, _, content = heard.partition(b"\r\n\r\n")
        assert head.startswith(b"POST /asked HTTP/1.1\r\n")
        assert b"h2c" not in head.lower()
        assert b"http2-settings" not in head.lower()
        assert content == SMUGGLED
    else:
        assert heard == b""


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_fault_36_frames_behind_an_upgrade_are_no_request(way, application, protocol):
    application.heard.clear()
    head = f"GET /asked HTTP/1.1\r\nHost: api.test\r\n{UPGRADE.format(protocol)}\r\n"
    answer = ask(way, head.encode(), SMUGGLED)
    heard = b"".join(application.heard)
    assert b"smuggled" not in heard
    assert b"PRI" not in heard
    assert b"101" not in answer.split(b"\r\n")[0]


def test_fault_36_a_preface_behind_a_request_is_no_request(way, application):
    application.heard.clear()
    answer = ask(way, b"GET /asked HTTP/1.1\r\nHost: api.test\r\n\r\n", SMUGGLED)
    # Its version is none of HTTP/1 (RFC 9110 §15.6.6).
    assert re.findall(rb"HTTP/1.1 (\d+)", answer) == [b"200", b"505"]
    assert b"smuggled" not in b"".join(application.heard)


def test_fault_36_http1_behind_a_preface_is_no_request(way, application):
    application.heard.clear()
    peer = Peer(way.connection(PORT))
    with closing(peer):
        peer.send(frames.PREFACE, b"GET /smuggled HTTP/1.1\r\nHost: api.test\r\n\r\n")
        peer.wait("hang-up", lambda: peer.ended)
    assert application.heard == []


def test_fault_36_an_upgrade_within_http2_is_no_upgrade(way, application):
    """Fields that concern a connection are an error there (RFC 9113 §8.2.2)."""
    application.heard.clear()
    upgrade = frames.fields({"connection": "upgrade", "upgrade": "h2c"})
    peer = Peer(way.connection(PORT))
    with closing(peer):
        peer.send(frames.PREFACE, frames.settings(), frames.settings_ack())
        peer.send(frames.headers(1, frames.request("/smuggled") + upgrade))
        peer.wait("an end", lambda: peer.ended or peer.has_ended(1))
    assert application.heard == []
