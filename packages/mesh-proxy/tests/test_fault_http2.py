"""Peers that abuse HTTP/2: from the pod's own application, from a stranger, from within the mesh.

Their connections end or are slowed down; the good client beside them notices nothing.
"""

from collections.abc import Callable, Iterator

import frames
import hostile
import meshed
import peer_servers
import pytest
from frames import (
    COMPRESSION_ERROR,
    ENHANCE_YOUR_CALM,
    FLOW_CONTROL_ERROR,
    FRAME_SIZE_ERROR,
    INITIAL_WINDOW_SIZE,
    LARGEST_WINDOW,
    PROTOCOL_ERROR,
    SETTINGS,
    STREAM_CLOSED,
    Peer,
)
from hostile import Attacker
from network import Pair

pytestmark = [pytest.mark.netns, pytest.mark.timeout(120)]

HTTP1, HTTP2 = 8080, 8081
GOOD = b"GET /small.txt HTTP/1.1\r\nHost: api.test\r\n\r\n", b"small"
GET = frames.request("/small.txt")
BIG = frames.request("/big.bin")
POST = frames.request("/upload", "POST")
BATCH = 1000
"""Frames that are sent at once."""
LARGE_STREAMS = 25
"""More than these could hold more than a connection's window (fault 32: a limit, not a promise)."""
PLACES = [
    ("own", "mesh"),
    ("crate", "mesh"),
    ("crate", "stranger"),
    ("crate", "application"),
]
"""Which implementation serves between proxies, and where the attacker stands."""


@pytest.fixture(scope="module")
def servers(spaces: Pair, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with peer_servers.nginx(spaces.peer, tmp_path_factory.mktemp("nginx"), HTTP1, HTTP2):
        yield


@pytest.fixture(scope="module", params=PLACES, ids=["-".join(place) for place in PLACES])
def attacker(
    spaces: Pair,
    servers: None,
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Attacker]:
    implementation, place = request.param
    folder = tmp_path_factory.mktemp("mesh")
    variables = {
        "LINKERD2_PROXY_MESH_HTTP2": implementation,
        "LINKERD2_PROXY_LOG": "warn",
    }
    with meshed.running(spaces, folder, variables) as mesh:
        for port in (HTTP1, HTTP2):
            mesh.declare(port)
        yield Attacker(mesh, place, folder)


@pytest.fixture
def bounded(attacker: Attacker) -> Iterator[None]:
    """The good client goes through both proxies all the while."""
    with hostile.harmless(attacker.proxy, attacker.mesh.through, HTTP1, *GOOD):
        yield


def flood(peer: Peer, count: int, batch: Callable[[int], bytes]) -> bool:
    """Send `count` items, each made from its number; False when the proxy has hung up."""
    for first in range(0, count, BATCH):
        if not peer.send(*map(batch, range(first, min(first + BATCH, count)))):
            return False
    return True


def stream_id(count: int) -> int:
    """The client's stream of that count."""
    return 2 * count + 1


def is_served(attacker: Attacker) -> bool:
    """Whether the attacker's next connection gets an answer: nobody is locked out."""
    with attacker.connected(HTTP2) as peer:
        peer.send(frames.headers(1, GET))
        peer.wait_end(1)
        return peer.content == len(b"small")


class TestResets:
    @pytest.mark.fault(25)
    def test_fault_25_streams_that_are_reset_at_once_end_the_connection(
        self, attacker, bounded, scaled
    ):
        with attacker.connected(HTTP2) as peer:
            flood(
                peer,
                scaled(50_000, 1_000_000),
                lambda n: frames.headers(stream_id(n), GET) + frames.reset(stream_id(n)),
            )
            assert peer.wait_hang_up() == ENHANCE_YOUR_CALM
        assert is_served(attacker)

    @pytest.mark.fault(25)
    def test_fault_25_streams_that_make_the_proxy_reset_them_end_the_connection(
        self, attacker, bounded, scaled
    ):
        """A window update of nothing is an error of the stream (RFC 9113 §6.9, CVE-2025-8671)."""
        with attacker.connected(HTTP2) as peer:
            flood(
                peer,
                scaled(20_000, 1_000_000),
                lambda n: (
                    frames.headers(stream_id(n), POST, end=False)
                    + frames.window_update(stream_id(n), 0)
                ),
            )
            assert peer.wait_hang_up() in (ENHANCE_YOUR_CALM, PROTOCOL_ERROR)
        assert is_served(attacker)

    @pytest.mark.fault(25)
    def test_fault_25_data_after_a_reset_is_harmless(self, attacker, bounded):
        """It may have been on its way (RFC 9113 §5.1), or else the connection ends."""
        with attacker.connected(HTTP2) as peer:
            late = frames.data(1, b"x" * 1000) + frames.window_update(1, 10)
            peer.send(frames.headers(1, POST, end=False), frames.reset(1), late * 20)
            peer.send(frames.headers(3, GET))
            peer.wait("an end", lambda: peer.ended or peer.has_ended(3))
            assert peer.said_goodbye() in (None, STREAM_CLOSED)
        assert is_served(attacker)


FLOODS = {
    "pings": lambda _: frames.ping(),
    "answers to pings": lambda _: frames.ping(ack=True),
    "settings": lambda _: frames.settings({INITIAL_WINDOW_SIZE: frames.WINDOW}),
    "answers to settings": lambda _: frames.settings_ack(),
    "priorities": lambda n: frames.priority(stream_id(n % 10_000), 0),
    "credit": lambda _: frames.window_update(0, 1),
    "unknown frames": lambda _: frames.frame(0xEE, 0, 0, b"x" * 100),
}


class TestFloods:
    @pytest.mark.fault(27)
    @pytest.mark.parametrize("kind", FLOODS)
    def test_fault_27_floods_of_frames_are_borne(self, attacker, bounded, scaled, kind):
        with attacker.connected(HTTP2) as peer:
            if flood(peer, scaled(30_000, 1_000_000), FLOODS[kind]):
                peer.send(frames.headers(1, GET))
                peer.wait("an end", lambda: peer.ended or peer.has_ended(1))
        assert is_served(attacker)

    @pytest.mark.fault(27)
    @pytest.mark.parametrize("kind", ["pings", "settings"])
    def test_fault_27_answers_that_nobody_reads_are_not_kept(self, attacker, bounded, scaled, kind):
        with attacker.connected(HTTP2, reads=False) as peer:
            peer.stream.settimeout(1.0)
            flood(peer, scaled(100_000, 5_000_000), FLOODS[kind])
        assert is_served(attacker)

    @pytest.mark.fault(27)
    def test_fault_27_empty_data_frames_are_not_kept(self, attacker, bounded, scaled):
        with attacker.connected(HTTP2) as peer:
            peer.send(frames.headers(1, POST, end=False))
            flood(peer, scaled(100_000, 5_000_000), lambda _: frames.data(1, b""))
        assert is_served(attacker)


class TestHeaderBlocks:
    @pytest.mark.fault(28)
    @pytest.mark.parametrize("size", [0, 1, 1000])
    def test_fault_28_a_block_without_end_ends_the_connection(
        self, attacker, bounded, scaled, size
    ):
        more = (frames.literal(b"x", b"y") * (size // 5 + 1))[:size]
        with attacker.connected(HTTP2) as peer:
            peer.send(frames.headers(1, GET, whole=False))
            count = scaled(20_000, 1_000_000)
            flood(peer, count, lambda _: frames.continuation(1, more))
            peer.wait_hang_up()
        assert is_served(attacker)

    @pytest.mark.fault(28)
    def test_fault_28_so_does_one_on_a_stream_that_was_reset(self, attacker, bounded, scaled):
        with attacker.connected(HTTP2) as peer:
            peer.send(frames.headers(1, POST, end=False), frames.reset(1))
            peer.send(frames.headers(1, GET, whole=False))
            count = scaled(20_000, 1_000_000)
            flood(peer, count, lambda _: frames.continuation(1, b"\0\1x\1y"))
            peer.wait_hang_up()
        assert is_served(attacker)

    @pytest.mark.fault(28)
    @pytest.mark.parametrize(
        "between",
        [
            frames.ping(),
            frames.data(1, b"x"),
            frames.headers(3, GET),
            frames.continuation(3, b"", whole=True),
            frames.settings(),
            frames.frame(0xEE, 0, 0),
        ],
        ids=["ping", "data", "headers", "other stream", "settings", "unknown"],
    )
    def test_fault_28_nothing_comes_between_the_parts_of_a_block(self, attacker, between):
        with attacker.connected(HTTP2) as peer:
            peer.send(frames.headers(1, GET, whole=False), between)
            peer.send(frames.continuation(1, b"", whole=True))
            assert peer.wait_hang_up() == PROTOCOL_ERROR

    @pytest.mark.fault(28)
    def test_fault_28_a_continuation_of_nothing_is_an_error(self, attacker):
        with attacker.connected(HTTP2) as peer:
            peer.send(frames.continuation(1, GET, whole=True))
            assert peer.wait_hang_up() == PROTOCOL_ERROR

    @pytest.mark.fault(29)
    @pytest.mark.parametrize("name", [b"cookie", b"x-large"])
    def test_fault_29_a_small_block_does_not_become_a_large_head(
        self, attacker, bounded, scaled, name
    ):
        """Fields of the table by their number, with no window for an answer (CVE-2026-47774)."""
        large = frames.kept(name, b"x" * 3900)
        bomb = frames.indexed(62) * 16_000
        with attacker.connected(HTTP2, {INITIAL_WINDOW_SIZE: 0}) as peer:
            peer.send(frames.headers(1, GET + large))
            streams = [stream_id(count) for count in range(1, scaled(40, 4000))]
            peer.send(*(frames.headers(stream, GET + bomb) for stream in streams))
            peer.wait("an end", lambda: peer.ended or all(map(peer.has_ended, streams)))
        assert is_served(attacker)

    @pytest.mark.fault(29)
    def test_fault_29_many_small_crumbs_are_as_many_fields(self, attacker, bounded):
        """Empty fields count 32 bytes each (RFC 9113 §6.5.2), cookies too."""
        crumbs = frames.kept(b"cookie", b"") + frames.indexed(62) * 15_000
        with attacker.connected(HTTP2) as peer:
            peer.send(frames.headers(1, GET + crumbs))
            peer.wait("an end", lambda: peer.ended or peer.has_ended(1))
            assert peer.content == 0
        assert is_served(attacker)

    @pytest.mark.fault(29)
    def test_fault_29_a_change_of_the_table_with_every_block_is_allowed(
        self, attacker, bounded, scaled
    ):
        sizes = frames.table_size(0) + frames.table_size(4096)
        with attacker.connected(HTTP2) as peer:
            for count in range(scaled(200, 100_000)):
                peer.send(frames.headers(stream_id(count), sizes + GET))
                peer.wait_end(stream_id(count))
            assert peer.content == 5 * len(peer.of(frames.DATA))

    @pytest.mark.fault(29)
    @pytest.mark.parametrize(
        "block",
        [
            frames.table_size(65_537) + GET,
            frames.table_size((1 << 31) - 1) + GET,
            GET + frames.table_size(0),
            b"\x80",
            frames.indexed(62),
            frames.indexed(1 << 40),
            b"\xff" + b"\x80" * 20 + b"\x01",
            b"\0\x7f\xff\xff\xff\xff\x0f",
            b"\0\x85\xff\xff\xff\xff\xff\x01x",
        ],
        ids=[
            "larger than granted",
            "huge",
            "within a block",
            "no field",
            "not in the table",
            "far beyond the table",
            "a number without end",
            "a name without end",
            "the end of Huffman's code",
        ],
    )
    def test_fault_29_a_block_that_cannot_be_read_ends_the_connection(self, attacker, block):
        """Nobody knows the table after it (RFC 9113 §4.3)."""
        with attacker.connected(HTTP2) as peer:
            peer.send(frames.headers(1, block))
            assert peer.wait_hang_up() in (COMPRESSION_ERROR, PROTOCOL_ERROR)


class TestFlowControl:
    @pytest.mark.fault(32)
    def test_fault_32_stalled_streams_hold_up_no_others(self, attacker, bounded):
        """A hundred take nothing of what they asked for; the one beside them is served."""
        with attacker.connected(HTTP2, {INITIAL_WINDOW_SIZE: 0}) as peer:
            stalled = [BIG] * LARGE_STREAMS + [GET] * (100 - LARGE_STREAMS)
            peer.send(*(frames.headers(stream_id(n), it) for n, it in enumerate(stalled)))
            peer.wait("all begun", lambda: len(peer.of(frames.HEADERS)) == len(stalled))
            good = stream_id(len(stalled))
            peer.send(frames.headers(good, GET), frames.window_update(good, 1000))
            peer.wait_end(good)
            assert peer.content == len(b"small")

    @pytest.mark.fault(32)
    def test_fault_32_who_reads_slowly_gets_everything(self, attacker, bounded):
        with attacker.connected(HTTP2, {INITIAL_WINDOW_SIZE: 1}) as peer:
            peer.send(frames.headers(1, GET))
            for got in range(1, 5):
                peer.wait("a byte", lambda got=got: peer.content == got)
                peer.send(frames.window_update(1, 1))
            peer.wait_end(1)
            assert peer.content == len(b"small")

    @pytest.mark.fault(32)
    def test_fault_32_windows_that_open_and_shut_are_borne(self, attacker, bounded, scaled):
        """Each change concerns every stream (RFC 9113 §6.9.2)."""
        shut = frames.settings({INITIAL_WINDOW_SIZE: 0})
        open_again = frames.settings({INITIAL_WINDOW_SIZE: 10})
        with attacker.connected(HTTP2, {INITIAL_WINDOW_SIZE: 0}) as peer:
            peer.send(*(frames.headers(stream_id(count), BIG) for count in range(100)))
            flood(peer, scaled(3000, 1_000_000), lambda _: shut + open_again)
        assert is_served(attacker)

    @pytest.mark.fault(32)
    def test_fault_32_too_much_credit_is_an_error(self, attacker):
        most = LARGEST_WINDOW
        with attacker.connected(HTTP2) as peer:
            peer.send(frames.headers(1, POST, end=False))
            peer.send(frames.window_update(1, most), frames.window_update(1, most))
            peer.wait("an end", lambda: peer.ended or peer.of(frames.RST_STREAM, 1))
            assert {it.code for it in peer.of(frames.RST_STREAM, 1)} <= {FLOW_CONTROL_ERROR}
            peer.send(frames.window_update(0, most), frames.window_update(0, most))
            assert peer.wait_hang_up() == FLOW_CONTROL_ERROR

    @pytest.mark.fault(32)
    @pytest.mark.parametrize("value", [LARGEST_WINDOW + 1, (1 << 32) - 1])
    def test_fault_32_a_window_beyond_the_largest_is_an_error(self, attacker, value):
        with attacker.connected(HTTP2) as peer:
            peer.send(frames.settings({INITIAL_WINDOW_SIZE: value}))
            assert peer.wait_hang_up() in (FLOW_CONTROL_ERROR, PROTOCOL_ERROR)

    @pytest.mark.fault(32)
    def test_fault_32_more_than_was_granted_is_an_error(self, attacker, bounded):
        """Sent at once, so that no credit can have come back meanwhile."""
        piece = frames.data(1, b"x" * 16_384)
        with attacker.connected(HTTP2) as peer:
            peer.send(frames.headers(1, frames.request("/nowhere", "POST"), end=False))
            peer.send(piece * 1000)
            peer.wait("an end", lambda: peer.ended or peer.has_ended(1))
        assert is_served(attacker)


BROKEN = {
    "a frame larger than granted": frames.data(1, b"x" * 200_000),
    "a ping of seven bytes": frames.ping(b"1234567"),
    "settings of five bytes": frames.frame(SETTINGS, 0, 0, b"12345"),
    "an answer with settings": frames.frame(SETTINGS, frames.ACK, 0, b"123456"),
    "settings of a stream": frames.frame(SETTINGS, 0, 1),
    "push is neither on nor off": frames.settings({frames.ENABLE_PUSH: 2}),
    "frames smaller than any": frames.settings({frames.MAX_FRAME_SIZE: 10}),
    "credit of three bytes": frames.frame(frames.WINDOW_UPDATE, 0, 0, b"123"),
    "no credit": frames.window_update(0, 0),
    "content of no stream": frames.data(0, b"x"),
    "content of an idle stream": frames.data(9, b"x"),
    "a reset of an idle stream": frames.reset(9),
    "a server's stream": frames.headers(2, GET),
    "a promise": frames.frame(5, frames.END_HEADERS, 1, b"\0\0\0\2" + GET),
    "more padding than frame": frames.frame(frames.DATA, 8, 1, b"\xff1234"),
}


class TestBrokenFrames:
    @pytest.mark.fault(27)
    @pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
    def test_fault_27_what_is_no_http2_ends_the_connection(self, attacker, broken):
        with attacker.connected(HTTP2) as peer:
            peer.send(frames.headers(1, POST, end=False), broken)
            assert peer.wait_hang_up() in (PROTOCOL_ERROR, FRAME_SIZE_ERROR, STREAM_CLOSED)
