"""Every protocol that the wire API can declare, for clients that speak it and for others."""

import struct
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass

import engine
import frames
import meshed
import pytest
from fake_control import (
    FakeControl,
    detect_policy,
    endpoints,
    opaque_policy,
    open_server,
    profile,
)
from google.protobuf.message import Message
from meshed import SERVER_IDENTITY, SERVICE, UNMESHED, Mesh, Way
from network import PEER, Pair, pair
from raw_server import RawServer

from mesh_proto.pb import destination_pb2, inbound_pb2, outbound_pb2
from mesh_proxy.init.namespace import entered

pytestmark = [pytest.mark.netns, pytest.mark.timeout(60)]

SNI = "app.test"
PATIENCE = 0.5
"""How long something may take to reach an application, in seconds."""


def hello() -> bytes:
    """A ClientHello that asks for `SNI`, as far as its name."""
    name = SNI.encode()
    names = b"\0" + len(name).to_bytes(2, "big") + name
    extension = (
        b"\0\0" + (len(names) + 2).to_bytes(2, "big") + len(names).to_bytes(2, "big") + names
    )
    body = b"\3\3" + bytes(32) + b"\0" + b"\0\2\x13\1" + b"\1\0"
    body += len(extension).to_bytes(2, "big") + extension
    shake = b"\1" + len(body).to_bytes(3, "big") + body
    return b"\x16\3\1" + len(shake).to_bytes(2, "big") + shake


SPOKEN = {
    # Who understands HTTP does not pass `Connection` on.
    "http1": b"GET /x HTTP/1.1\r\nHost: app.test\r\nConnection: keep-alive\r\n\r\n",
    "http2": frames.PREFACE + frames.settings() + frames.headers(1, frames.request()),
    "tls": hello(),
    "opaque": b"\1\2\3 neither of them, and long enough to tell\r\n\r\n",
}
"""What clients say first."""

RELAYED, HTTP1, HTTP2, NOTHING = "relayed", "HTTP/1", "HTTP/2", "nothing"
"""What of it reaches the application."""

DETECTED = {"http1": HTTP1, "http2": HTTP2, "tls": RELAYED, "opaque": RELAYED}
BYTES = dict.fromkeys(SPOKEN, RELAYED)
REFUSED = dict.fromkeys(SPOKEN, NOTHING)

OUTBOUND = {
    "detect": DETECTED,
    "http1": REFUSED | {"http1": HTTP1},
    "http2": REFUSED | {"http2": HTTP2},
    "grpc": REFUSED | {"http2": HTTP2},
    "opaque": BYTES,
    "tls": REFUSED | {"tls": RELAYED},
}
"""By the kind of `outbound.ProxyProtocol`, and by what the client speaks."""

INBOUND = {
    "detect": DETECTED,
    "http1": REFUSED | {"http1": HTTP1, "tls": RELAYED},
    "http2": REFUSED | {"http2": HTTP2, "tls": RELAYED},
    "grpc": REFUSED | {"http2": HTTP2, "tls": RELAYED},
    "opaque": BYTES,
    "tls": BYTES,
}
"""By the kind of `inbound.ProxyProtocol`. TLS for others than the proxy is always the client's and
the application's own affair."""


def kinds(protocol: Message, oneof: str = "kind") -> set[str]:
    return {field.name for field in protocol.DESCRIPTOR.oneofs_by_name[oneof].fields}


def test_the_tables_have_every_kind_of_the_wire():
    assert set(OUTBOUND) == kinds(outbound_pb2.ProxyProtocol())
    assert set(INBOUND) == kinds(inbound_pb2.ProxyProtocol())
    assert {hint.protocol for hint in HINTS} == kinds(
        destination_pb2.ProtocolHint(), "protocol"
    ) | {None}


@pytest.fixture(scope="module")
def lonely() -> Iterator[Pair]:
    """Two pods of which only the first has a proxy."""
    with pair() as spaces:
        engine.redirect(spaces.app)
        yield spaces


@pytest.fixture(scope="module")
def control(lonely: Pair, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FakeControl]:
    """What that proxy is told."""
    folder = tmp_path_factory.mktemp("lonely")
    token = folder / "token"
    token.write_text("token")
    control = FakeControl()
    control.say("WatchPort", "4191", open_server())
    with entered(lonely.app.path):
        control.start()
    settings = engine.environment(control, token)
    with engine.running(lonely.app, settings, folder / "log") as proxy:
        proxy.wait_ready()
        yield control
    control.stop()


@pytest.fixture(scope="module")
def mesh(spaces: Pair, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mesh]:
    with meshed.running(spaces, tmp_path_factory.mktemp("protocols")) as mesh:
        yield mesh


def outbound(kind: str, path: str) -> outbound_pb2.OutboundPolicy:
    """A policy that declares the kind."""
    policy = detect_policy(path)
    if kind == "detect":
        return policy
    detect = policy.protocol.detect
    http = detect.http1.routes[0]
    bytes_ = detect.opaque.routes[0]
    declared = outbound_pb2.OutboundPolicy(metadata=policy.metadata)
    protocol = getattr(declared.protocol, kind)
    protocol.SetInParent()
    route = protocol.routes.add()
    if kind in ("http1", "http2"):
        route.CopyFrom(http)
    elif kind == "opaque":
        route.CopyFrom(bytes_)
    elif kind == "grpc":
        route.metadata.CopyFrom(http.metadata)
        backend = http.rules[0].backends.first_available.backends[0].backend
        available = route.rules.add().backends.first_available
        available.backends.add().backend.CopyFrom(backend)
    else:
        route.metadata.CopyFrom(bytes_.metadata)
        route.snis.add().exact = SNI
        backend = bytes_.rules[0].backends.first_available.backends[0].backend
        available = route.rules.add().backends.first_available
        available.backends.add().backend.CopyFrom(backend)
    return declared


def inbound(kind: str) -> inbound_pb2.Server:
    """A server that declares the kind."""
    server = open_server()
    if kind != "detect":
        getattr(server.protocol, kind).SetInParent()
    return server


def outcome(way: Way, port: int, server: RawServer, said: bytes) -> str:
    """What reaches an application, that nobody has asked before, of what a client says."""
    with way.connection(port) as stream, suppress(ConnectionError):
        stream.sendall(said)
        stream.settimeout(0.02)
        deadline = time.monotonic() + PATIENCE
        while not server.heard and time.monotonic() < deadline:
            # An end before anything was heard is the answer.
            with suppress(TimeoutError):
                if not stream.recv(4096):
                    break
    heard = b"".join(server.heard)
    if not heard:
        return NOTHING
    if heard == said:
        return RELAYED
    if heard.startswith(b"GET /x HTTP/1.1\r\n"):
        return HTTP1
    assert heard.startswith(frames.PREFACE), heard
    return HTTP2


def outcome_of(lonely: Pair, control: FakeControl, path: str, port: int, said: bytes) -> str:
    """The same, of a server past the client's proxy alone."""
    control.say("Get", path, endpoints(f"{PEER[4]}:{port}"))
    with closing(RawServer(lonely.peer.listener(port))) as server:
        return outcome(Way("without mutual TLS", lonely.app, UNMESHED), port, server, said)


PORTS = iter(range(9000, 9900))


@pytest.mark.parametrize("spoken", SPOKEN)
@pytest.mark.parametrize("kind", OUTBOUND)
def test_what_is_declared_outbound(lonely, control, kind, spoken):
    port = next(PORTS)
    where, path = f"{UNMESHED}:{port}", f"plain.{meshed.NAME}:{port}"
    control.say("GetProfile", where, profile(path))
    control.say("Watch", where, outbound(kind, path))
    assert outcome_of(lonely, control, path, port, SPOKEN[spoken]) == OUTBOUND[kind][spoken]


@pytest.mark.parametrize("spoken", SPOKEN)
def test_an_opaque_profile_outweighs_the_policy(lonely, control, spoken):
    port = next(PORTS)
    where, path = f"{UNMESHED}:{port}", f"plain.{meshed.NAME}:{port}"
    control.say("GetProfile", where, profile(path, opaque=True))
    control.say("Watch", where, detect_policy(path))
    assert outcome_of(lonely, control, path, port, SPOKEN[spoken]) == RELAYED


@pytest.mark.parametrize("kind", INBOUND)
def test_what_is_declared_inbound(mesh, spaces, kind):
    port = next(PORTS)
    mesh.told.say("WatchPort", str(port), inbound(kind))

    def seen(said: bytes) -> str:
        with closing(RawServer(spaces.peer.listener(port))) as own:
            return outcome(mesh.stranger, port, own, said)

    for spoken, said in SPOKEN.items():
        # The policy of a port that nobody asked for before is there a moment later.
        what = f"{spoken} at a port of kind {kind}"
        engine.until(what, lambda said=said, spoken=spoken: seen(said) == INBOUND[kind][spoken], 5)


@dataclass(frozen=True)
class Hinted:
    """What is said of an endpoint, and as what an HTTP/1 request travels to it."""

    protocol: str | None
    transport: bool
    session: str | None
    """In the transport header; None: there is none."""


HINTS = [
    Hinted("h2", transport=True, session="http/2"),
    Hinted("h2", transport=False, session=None),
    Hinted("opaque", transport=True, session=""),
    Hinted("opaque", transport=False, session=None),
    Hinted(None, transport=True, session="http/1"),
    Hinted(None, transport=False, session=None),
]


@pytest.mark.parametrize("named", [False, True], ids=["no server name", "a server name"])
@pytest.mark.parametrize("hint", HINTS, ids=str)
def test_what_is_hinted_of_an_endpoint(mesh, spaces, hint, named):
    """Without a transport header (`transparent` mode) connections go to the application's port."""
    port = next(PORTS)
    mesh.declare(port)
    update = endpoints(f"{PEER[4]}:{port}")
    (endpoint,) = update.add.addrs
    endpoint.tls_identity.dns_like_identity.name = SERVER_IDENTITY
    if named:
        endpoint.tls_identity.server_name.name = SERVER_IDENTITY
    if hint.protocol:
        getattr(endpoint.protocol_hint, hint.protocol).SetInParent()
    if hint.transport:
        endpoint.protocol_hint.opaque_transport.inbound_port = 4143
    mesh.asked.say("Get", f"{meshed.NAME}:{port}", update)
    # An opaque port cannot be told from others without a header: TLS would be the application's.
    opaque = hint.protocol == "opaque" and hint.transport
    if opaque:
        mesh.told.say("WatchPort", str(port), inbound("opaque"))
        mesh.asked.say("Watch", f"{SERVICE}:{port}", opaque_policy(f"{meshed.NAME}:{port}"))

    def headers(session: str) -> float:
        labels = (f'session_protocol="{session}"', f'target_port="{port}"')
        return mesh.server.metric("inbound_tcp_transport_header_connections_total", *labels)

    client = f"l5d-client-id: {engine.IDENTITY}".encode()

    def arrives() -> bool:
        with closing(RawServer(spaces.peer.listener(port))) as own:
            found = outcome(mesh.through, port, own, SPOKEN["http1"])
            told = client in b"".join(own.heard).lower()
        return found != NOTHING and told == (not opaque)

    # The policy of a port that nobody asked for before is there a moment later.
    engine.until("the request arrives as it should", arrives, 5)
    found = [session for session in ("http/1", "http/2", "") if headers(session)]
    assert found == ([] if hint.session is None else [hint.session])
    secured = (f'target_addr="{PEER[4]}:{port}"', 'tls="true"', 'direction="inbound"')
    assert mesh.server.metric("tcp_open_total", *secured) > 0


def test_parameters_of_an_endpoint_are_obeyed(lonely, control):
    """What the control plane says of HTTP/2 stands where a connection begins."""
    port = next(PORTS)
    where, path = f"{UNMESHED}:{port}", f"plain.{meshed.NAME}:{port}"
    control.say("GetProfile", where, profile(path))
    control.say("Watch", where, outbound("http2", path))
    update = endpoints(f"{PEER[4]}:{port}")
    (endpoint,) = update.add.addrs
    endpoint.http2.flow_control.initial_stream_window_size = 100_000
    endpoint.http2.internals.max_frame_size = 20_000
    endpoint.http2.keep_alive.interval.FromMilliseconds(50)
    endpoint.http2.keep_alive.timeout.FromSeconds(5)
    control.say("Get", path, update)
    wanted = (
        struct.pack("!HI", frames.INITIAL_WINDOW_SIZE, 100_000),
        struct.pack("!HI", frames.MAX_FRAME_SIZE, 20_000),
        # Of a ping, all but its payload.
        frames.ping()[:9],
    )
    with lonely.peer.listener(port) as listener, lonely.app.connection(UNMESHED, port) as stream:
        stream.sendall(SPOKEN["http2"])
        listener.settimeout(engine.SECONDS)
        server, _ = listener.accept()
        with server:
            server.settimeout(engine.SECONDS)
            heard = b""
            # A server that never says a word.
            while not all(part in heard for part in wanted):
                data = server.recv(4096)
                assert data, heard
                heard += data
