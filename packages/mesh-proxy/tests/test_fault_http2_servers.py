"""Servers that abuse HTTP/2: an application towards its own proxy, a peer of the mesh towards ours.

Their connections end or are slowed down; requests to others beside them notice nothing.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import engine
import frames
import hostile
import meshed
import peer_servers
import pytest
from fake_control import meshed as meshed_endpoint
from frames import Peer
from meshed import NAME, Mesh
from network import PEER, Pair

pytestmark = [pytest.mark.netns, pytest.mark.timeout(120)]

HTTP1, HTTP2, HOSTILE = 8080, 8081, 8085
IGNORED = 4190
"""A port that is not redirected, so that somebody else can be the proxy behind it."""
GOOD = b"GET /small.txt HTTP/1.1\r\nHost: api.test\r\n\r\n", b"small"
OK = frames.indexed(8)
BATCH = 1000
PLACES = [("own", "mesh"), ("crate", "mesh"), ("crate", "application")]
"""Which implementation asks between proxies, and whose server it is that means no good."""

Script = Callable[[Peer, int], None]


@dataclass
class Victim:
    """The proxy that asks the hostile server, and what that does when it is asked."""

    mesh: Mesh
    place: str
    script: Script

    @property
    def proxy(self) -> engine.Engine:
        return self.mesh.client if self.place == "mesh" else self.mesh.server

    @contextmanager
    def asking(
        self, script: Script, head: bytes | None = None, first: bytes = b"", method: str = "GET"
    ) -> Iterator[Peer]:
        """An application whose request makes the proxy ask; `head` is that of one with content,
        which begins with the frames of `first`."""
        self.script = script
        peer = Peer(self.mesh.through.connection(HOSTILE))
        with closing(peer):
            peer.send(frames.PREFACE, frames.settings(), frames.settings_ack())
            if head is None:
                peer.send(frames.headers(1, frames.request("/", method)))
            else:
                peer.send(frames.headers(1, head, end=False), first)
            yield peer


@pytest.fixture(scope="module")
def servers(spaces: Pair, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with peer_servers.nginx(spaces.peer, tmp_path_factory.mktemp("nginx"), HTTP1, HTTP2):
        yield


@pytest.fixture(scope="module", params=PLACES, ids=["-".join(place) for place in PLACES])
def victim(
    spaces: Pair,
    servers: None,
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Victim]:
    implementation, place = request.param
    folder = tmp_path_factory.mktemp("mesh")
    variables = {
        "LINKERD2_PROXY_MESH_HTTP2": implementation,
        "LINKERD2_PROXY_LOG": "warn",
    }
    with meshed.running(spaces, folder, variables) as mesh, ExitStack() as stack:
        for port in (HTTP1, HOSTILE):
            mesh.declare(port)
        victim = Victim(mesh, place, lambda *_: None)
        server = _peer_of_the_mesh(victim, folder) if place == "mesh" else _application(victim)
        stack.enter_context(closing(server))
        yield victim


def _application(victim: Victim) -> frames.Server:
    listener = victim.mesh.spaces.peer.listener(HOSTILE)
    return frames.Server(listener, lambda peer, stream: victim.script(peer, stream))


def _peer_of_the_mesh(victim: Victim, folder: Path) -> frames.Server:
    """A member with a valid certificate, whom the control plane knows as the service's endpoint."""
    authority = victim.mesh.told.authority
    certificate = hostile.credentials(authority, folder, hostile.IDENTITY)
    context = hostile.server_context(authority, certificate)
    endpoint = meshed_endpoint(f"{PEER[4]}:{HOSTILE}", hostile.IDENTITY)
    endpoint.add.addrs[0].protocol_hint.opaque_transport.inbound_port = IGNORED
    victim.mesh.asked.say("Get", f"{NAME}:{HOSTILE}", endpoint)
    return frames.Server(
        victim.mesh.spaces.peer.listener(IGNORED),
        lambda peer, stream: victim.script(peer, stream),
        wrap=lambda tcp: hostile.plaintext(context.wrap_socket(tcp, server_side=True)),
        preface=hostile.transport_header(HOSTILE) + frames.PREFACE,
    )


@pytest.fixture
def bounded(victim: Victim) -> Iterator[None]:
    with hostile.harmless(victim.proxy, victim.mesh.through, HTTP1, *GOOD):
        yield


def well(peer: Peer, stream: int) -> None:
    """Answer as a server should."""
    peer.send(frames.headers(stream, OK, end=False), frames.data(stream, b"well", end=True))


def is_served(victim: Victim) -> bool:
    """Whether the next request gets its answer, once the server behaves."""
    with victim.asking(well) as asked:
        asked.wait_end(1)
        return asked.content == len(b"well")


def flooding(count: int, item: bytes, first: Callable[[int], bytes] = lambda _: b"") -> Script:
    """Answer with `first`, and then with so many items."""

    def script(peer: Peer, stream: int) -> None:
        peer.send(first(stream))
        for _ in range(0, count, BATCH):
            if not peer.send(item * BATCH):
                return
        peer.send(frames.reset(stream))

    return script


FLOODS = {
    "pings": frames.ping(),
    "answers to pings": frames.ping(ack=True),
    "settings": frames.settings({frames.INITIAL_WINDOW_SIZE: frames.WINDOW}),
    "changing settings": frames.settings({frames.INITIAL_WINDOW_SIZE: 0})
    + frames.settings({frames.INITIAL_WINDOW_SIZE: 10}),
    "priorities": frames.priority(1),
    "credit": frames.window_update(0, 1),
    "unknown frames": frames.frame(0xEE, 0, 0, b"x" * 100),
}


@pytest.mark.fault(27)
@pytest.mark.parametrize("kind", FLOODS)
def test_fault_27_floods_of_a_server_are_borne(victim, bounded, scaled, kind):
    with victim.asking(flooding(scaled(30_000, 1_000_000), FLOODS[kind])) as asked:
        asked.wait_end(1)
    assert is_served(victim)


def responding(block: bytes = OK) -> Callable[[int], bytes]:
    return lambda stream: frames.headers(stream, block, end=False)


@pytest.mark.fault(27)
def test_fault_27_empty_content_of_a_server_is_not_kept(victim, bounded, scaled):
    count = scaled(100_000, 5_000_000)

    def script(peer: Peer, stream: int) -> None:
        flooding(count, frames.data(stream, b""), responding())(peer, stream)

    with victim.asking(script) as asked:
        asked.wait_end(1)
    assert is_served(victim)


@pytest.mark.fault(28)
@pytest.mark.parametrize("size", [0, 1000])
def test_fault_28_a_servers_block_without_end_ends_its_connection(victim, bounded, scaled, size):
    count = scaled(20_000, 1_000_000)

    def script(peer: Peer, stream: int) -> None:
        peer.send(frames.headers(stream, OK, end=False, whole=False))
        more = (frames.literal(b"x", b"y") * 200)[:size]
        flooding(count, frames.continuation(stream, more))(peer, stream)

    with victim.asking(script) as asked:
        asked.wait_end(1)
        assert asked.content == 0
    assert is_served(victim)


@pytest.mark.fault(29)
@pytest.mark.parametrize("name", [b"set-cookie", b"x-large"])
def test_fault_29_a_servers_small_block_does_not_become_a_large_head(victim, bounded, name):
    large = frames.kept(name, b"x" * 3900)

    def script(peer: Peer, stream: int) -> None:
        peer.send(frames.headers(stream, OK + large + frames.indexed(62) * 16_000))

    with victim.asking(script) as asked:
        asked.wait_end(1)
        assert asked.content == 0
    assert is_served(victim)


@pytest.mark.fault(29)
@pytest.mark.parametrize(
    "block",
    [frames.table_size(65_537) + OK, OK + frames.table_size(0), b"\x80", frames.indexed(99)],
    ids=["a table larger than granted", "a change within", "no field", "not in the table"],
)
def test_fault_29_a_servers_block_that_cannot_be_read_ends_its_connection(victim, block):
    def script(peer: Peer, stream: int) -> None:
        peer.send(frames.headers(stream, block))
        peer.wait("hang-up", lambda: peer.ended)

    with victim.asking(script) as asked:
        asked.wait_end(1)
    assert is_served(victim)


@pytest.mark.fault(17)
def test_fault_17_interim_answers_without_end_are_not_kept(victim, bounded, scaled):
    count = scaled(10_000, 1_000_000)

    def script(peer: Peer, stream: int) -> None:
        item = frames.headers(stream, frames.literal(b":status", b"103"), end=False)
        flooding(count, item)(peer, stream)

    with victim.asking(script) as asked:
        asked.wait("an end", lambda: asked.ended or asked.has_ended(1))
    assert is_served(victim)


@pytest.mark.fault(32)
def test_fault_32_a_server_that_never_reads_holds_up_its_own_client_only(victim, bounded):
    """The content waits at its source: as much as the windows on the way take, and no more."""
    gives_no_credit = frames.settings({frames.INITIAL_WINDOW_SIZE: 0})
    with victim.asking(
        lambda peer, _: bool(peer.send(gives_no_credit)), frames.request("/", "POST")
    ) as asked:
        asked.stream.settimeout(1.0)
        # The application breaks the rules as well: it does not wait for credit.
        for _ in range(100):
            if not asked.send(frames.data(1, b"x" * 16_384) * 10):
                break
        asked.wait("an end", lambda: asked.ended or asked.has_ended(1))
    assert is_served(victim)


@pytest.mark.fault(32)
@pytest.mark.parametrize("broken", ["stream", "connection", "settings", "content"])
def test_fault_32_a_server_that_breaks_flow_control_loses_its_stream(victim, broken):
    most = frames.LARGEST_WINDOW
    noticed = threading.Event()

    def script(peer: Peer, stream: int) -> None:
        peer.send(frames.headers(stream, OK, end=False))
        peer.send(
            {
                "stream": frames.window_update(stream, most) * 2,
                "connection": frames.window_update(0, most) * 2,
                "settings": frames.settings({frames.INITIAL_WINDOW_SIZE: most + 1}),
                "content": frames.data(stream, b"x" * 16_384) * 300,
            }[broken]
        )
        said = (frames.RST_STREAM, frames.GOAWAY)
        peer.wait("an end", lambda: peer.ended or any(it.kind in said for it in peer.frames))
        noticed.set()

    head = frames.request("/", "POST")
    with victim.asking(script, head, first=frames.data(1, b"x")) as asked:
        assert noticed.wait(engine.SECONDS)
        # Only now is there room for what has come before.
        asked.send(frames.window_update(0, 1 << 30), frames.window_update(1, 1 << 30))
        asked.wait("an end", lambda: asked.ended or asked.has_ended(1))
        assert not any(it.ends and it.kind == frames.DATA for it in asked.frames)
    assert is_served(victim)


BROKEN = {
    "no status": frames.literal(b"x", b"y"),
    "two statuses": OK + OK,
    "a status in letters": frames.literal(b":status", b"abc"),
    "a status of two digits": frames.literal(b":status", b"20"),
    "switching protocols": frames.literal(b":status", b"101"),
    "a pseudo-field behind a field": frames.literal(b"x", b"y") + OK,
    "a field in capitals": OK + frames.literal(b"X-Large", b"y"),
    "a line end in a value": OK + frames.literal(b"x", b"y\r\nz: 1"),
    "a zero in a value": OK + frames.literal(b"x", b"y\0z"),
    "a field of a connection": OK + frames.literal(b"connection", b"close"),
    "a transfer coding": OK + frames.literal(b"transfer-encoding", b"chunked"),
    "two lengths": OK
    + frames.fields({"content-length": "1"})
    + frames.fields({"content-length": "2"}),
    "a length without content": OK + frames.fields({"content-length": "7"}),
}


@pytest.mark.fault(27)
@pytest.mark.parametrize("case", BROKEN)
def test_fault_27_what_is_no_response_is_none_for_the_client(victim, case):
    """Neither the good part of it, nor a response that the client reads differently."""

    def script(peer: Peer, stream: int) -> None:
        peer.send(frames.headers(stream, BROKEN[case]))

    with victim.asking(script) as asked:
        asked.wait("an end", lambda: asked.ended or asked.has_ended(1))
        heads = [it.payload.lstrip(b"\x20\x3f\xe1\x1f") for it in asked.of(frames.HEADERS)]
        assert not any(head.startswith(OK) for head in heads)
        assert asked.content == 0
    assert is_served(victim)


@pytest.mark.fault(34)
@pytest.mark.parametrize("left_out", ["goaway", "refused"])
def test_fault_34_what_a_server_leaves_out_is_sent_again_once(victim, left_out):
    """Though it may not be sent twice: it was not taken up."""
    asked_for: list[tuple[Peer, int]] = []

    def script(peer: Peer, stream: int) -> None:
        asked_for.append((peer, stream))
        if len(asked_for) > 1:
            well(peer, stream)
        elif left_out == "goaway":
            peer.send(frames.goaway(stream - 2 if stream > 1 else 0))
        else:
            peer.send(frames.reset(stream, frames.REFUSED_STREAM))

    with victim.asking(script, method="POST") as asked:
        asked.wait_end(1)
        assert asked.content == len(b"well")
    (first, _), (second, _) = asked_for
    assert (first is second) == (left_out == "refused")
    assert is_served(victim)


@pytest.mark.fault(34)
def test_fault_34_what_a_servers_goaway_keeps_is_finished_there(victim):
    peers: list[Peer] = []

    def script(peer: Peer, stream: int) -> None:
        peers.append(peer)
        peer.send(frames.goaway(stream))
        well(peer, stream)

    for _ in range(2):
        with victim.asking(script, method="POST") as asked:
            asked.wait_end(1)
            assert asked.content == len(b"well")
    assert peers[0] is not peers[1]
