"""Nonsense where a proxy should say what it wants: refused with a reason, and nobody hears it."""

import random
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress

import engine
import frames
import hostile
import meshed
import pytest
from hostile import ALPN, INBOUND, TRANSPORT_PREFACE, between_proxies, framed
from meshed import Mesh
from network import Pair
from raw_server import RawServer
from stock_control import later

from mesh_proto.pb import header_pb2
from mesh_proto.vocabulary import refusals

pytestmark = [pytest.mark.netns, pytest.mark.timeout(60), pytest.mark.fault(9)]

GOOD, BAD = 8080, 8081
"""The ports that the good client and the bad ones ask for."""
DETECT_SECONDS = 2.0
NONSENSE = random.Random(9)
"""The same in every run."""
REQUEST = b"GET / HTTP/1.1\r\nHost: web\r\n\r\n"
PROXY_PROTOCOL = {
    "PROXY protocol 1": b"PROXY TCP4 192.0.2.1 192.0.2.2 1000 8081\r\n",
    "PROXY protocol 2": b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\2\1\xc0\0\2\2\x03\xe8\x1f\x91",
}


def header(port: int = BAD, session: str | None = None) -> header_pb2.Header:
    message = header_pb2.Header(port=port)
    if session:
        getattr(message.session_protocol, session).SetInParent()
    return message


def said(message: header_pb2.Header) -> bytes:
    return framed(message.SerializeToString())


def unheard_of() -> header_pb2.Header:
    """With a session protocol of a later version."""
    message = header()
    message.session_protocol.CopyFrom(later(message.session_protocol))
    return message


NO_HEADER = {
    "random bytes": (NONSENSE.randbytes(2000), refusals.NO_PREFACE),
    "HTTP/1": (REQUEST, refusals.NO_PREFACE),
    "HTTP/2": (frames.PREFACE + frames.settings(), refusals.NO_PREFACE),
    "another version": (b"transport.l5d.io/v2\r\n\r\n" + said(header()), refusals.NO_PREFACE),
    "no end of line": (ALPN.encode() + b"\n\n", refusals.NO_PREFACE),
    "a length of nothing": (framed(b""), refusals.BAD_PORT),
    "a length beyond the limit": (framed(b"", 1025), refusals.TOO_LONG),
    "an absurd length": (framed(b"", 0xFFFFFFFF), refusals.TOO_LONG),
    "random bytes for a message": (framed(NONSENSE.randbytes(1000)), refusals.NOT_PROTOBUF),
    "a field that does not end": (framed(b"\x12\x7fweb"), refusals.NOT_PROTOBUF),
    "a name that is no text": (framed(b"\x08\x50\x12\x02\xff\xfe"), refusals.NOT_PROTOBUF),
    "a length short of the message": (
        framed(said(header())[-3:], 2) + REQUEST,
        refusals.NOT_PROTOBUF,
    ),
    **{f"port {port}": (said(header(port)), refusals.BAD_PORT) for port in (0, 65536, -1)},
    **{
        f"{name} first": (first + said(header()) + REQUEST, refusals.NO_PREFACE)
        for name, first in PROXY_PROTOCOL.items()
    },
}
LEFT = {
    "nothing": b"",
    "the preface": TRANSPORT_PREFACE,
    "half the preface": TRANSPORT_PREFACE[:10],
    "half a length": TRANSPORT_PREFACE + b"\0\0",
    "half a message": said(header())[:-1],
}
UNDERSTOOD = {
    "as other proxies say it": said(header()),
    "with a field of a later version": said(later(header())),
    "with a session protocol of a later version": said(unheard_of()),
    "with HTTP/1": said(header(session="http1")),
    "with a PROXY header for the application": said(header()) + PROXY_PROTOCOL["PROXY protocol 1"],
}


@pytest.fixture(scope="module")
def application(spaces: Pair) -> Iterator[RawServer]:
    """What the bad ones want to reach."""
    with closing(RawServer(spaces.peer.listener(BAD))) as server:
        yield server


@pytest.fixture(scope="module")
def mesh(
    spaces: Pair, application: RawServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Mesh]:
    del application  # it listens
    detect = {"LINKERD2_PROXY_INBOUND_DETECT_TIMEOUT": f"{DETECT_SECONDS:.0f}s"}
    with ExitStack() as stack:
        stack.enter_context(closing(RawServer(spaces.peer.listener(GOOD))))
        folder = tmp_path_factory.mktemp("header")
        mesh = stack.enter_context(meshed.running(spaces, folder, server_variables=detect))
        mesh.declare(GOOD)
        mesh.declare(BAD)
        yield mesh


@pytest.fixture(autouse=True)
def good_client(mesh: Mesh, application: RawServer) -> Iterator[None]:
    application.heard.clear()
    with hostile.harmless(mesh.server, mesh.through, GOOD, REQUEST, b"ok"):
        yield


@contextmanager
def refused(mesh: Mesh, application: RawServer, reason: refusals.Refusal) -> Iterator[None]:
    """What is sent inside is counted once, under this reason, and told in the log."""

    def counted() -> tuple[float, int]:
        label = f'error="{reason.name}"'
        told = mesh.server.log.read_text().count(f'reason="{reason.name}"')
        return mesh.server.metric("inbound_tcp_errors_total", label), told

    number, told = counted()
    yield
    engine.until("the reason", lambda: counted() == (number + 1, told + 1))
    assert not application.heard


def answer(stream: socket.socket, *parts: bytes) -> bytes:
    """All that comes back, up to the end, to somebody who may be refused before saying all."""
    with suppress(ConnectionError, ssl.SSLError):
        stream.sendall(b"".join(parts))
    with suppress(ssl.SSLError):
        return engine.received(stream)
    return b""


@pytest.mark.parametrize(("sent", "reason"), NO_HEADER.values(), ids=NO_HEADER)
def test_what_is_no_header_is_refused(mesh, application, tmp_path, sent, reason):
    with (
        refused(mesh, application, reason),
        between_proxies(mesh, tmp_path, ALPN) as stream,
    ):
        assert answer(stream, sent) == b""


@pytest.mark.parametrize("polite", [True, False], ids=["with a farewell", "without"])
@pytest.mark.parametrize("sent", LEFT.values(), ids=LEFT)
def test_who_leaves_before_the_end_of_a_header_is_let_go(mesh, application, tmp_path, sent, polite):
    reason = refusals.NO_PREFACE if polite else refusals.TLS_CLOSED
    with (
        refused(mesh, application, reason),
        between_proxies(mesh, tmp_path, ALPN) as stream,
    ):
        stream.sendall(sent)
        if polite:
            with suppress(OSError):
                stream.unwrap()


@pytest.mark.parametrize("first", [b"", said(header())[:-1]], ids=["nothing", "half a header"])
def test_silence_ends_with_the_detection_time(mesh, application, tmp_path, first):
    begun = time.monotonic()
    with (
        refused(mesh, application, refusals.DETECT_TIMEOUT),
        between_proxies(mesh, tmp_path, ALPN) as stream,
    ):
        assert answer(stream, first) == b""
        assert DETECT_SECONDS - 0.1 < time.monotonic() - begun < DETECT_SECONDS + 2


def test_a_header_that_never_ends_ends_with_the_detection_time(mesh, application, tmp_path):
    """Each byte that comes is no reason to wait for longer."""
    begun = time.monotonic()
    with (
        refused(mesh, application, refusals.DETECT_TIMEOUT),
        between_proxies(mesh, tmp_path, ALPN) as stream,
    ):
        stream.settimeout(0.05)
        with suppress(ConnectionError, ssl.SSLEOFError):
            for byte in framed(bytes(1000), 1024):
                stream.sendall(bytes([byte]))
                with suppress(TimeoutError):
                    if not stream.recv(1):
                        break
        assert DETECT_SECONDS - 0.1 < time.monotonic() - begun < DETECT_SECONDS + 2


def test_a_header_byte_by_byte_is_understood(mesh, application, tmp_path):
    with between_proxies(mesh, tmp_path, ALPN) as stream:
        for byte in said(header()):
            stream.sendall(bytes([byte]))
        stream.sendall(REQUEST)
        assert stream.recv(4096).startswith(b"HTTP/1.1 200")
    assert b"".join(application.heard) == REQUEST


@pytest.mark.parametrize("sent", UNDERSTOOD.values(), ids=UNDERSTOOD)
def test_what_is_harmless_works(mesh, application, tmp_path, sent):
    with between_proxies(mesh, tmp_path, ALPN) as stream:
        stream.sendall(sent + REQUEST)
        assert stream.recv(4096).startswith(b"HTTP/1.1 200")
    assert application.heard


@pytest.mark.parametrize(
    "first", [REQUEST, *PROXY_PROTOCOL.values()], ids=["HTTP/1", *PROXY_PROTOCOL]
)
def test_other_sentthan_the_announced_http2_end_the_connection(mesh, application, tmp_path, first):
    def told() -> int:
        return mesh.server.log.read_text().count("no HTTP/2 preface")

    before = told()
    with between_proxies(mesh, tmp_path, ALPN) as stream:
        answer(stream, said(header(session="http2")), first, REQUEST)
    engine.until("the reason", lambda: told() == before + 1)
    assert not application.heard


@pytest.mark.parametrize(
    ("first", "status"),
    # Three words and more, of which none is a version of HTTP/1, or no words at all.
    list(zip([frames.PREFACE, *PROXY_PROTOCOL.values()], [b"505", b"505", b"400"], strict=True)),
    ids=["HTTP/2", *PROXY_PROTOCOL],
)
def test_other_sentthan_the_announced_http1_are_answered(
    mesh, application, tmp_path, first, status
):
    with between_proxies(mesh, tmp_path, ALPN) as stream:
        found = answer(stream, said(header(session="http1")), first, REQUEST)
        assert found.startswith(b"HTTP/1.1 " + status)
    assert not application.heard


@pytest.mark.parametrize("offered", [(), ("h2",), ("http/1.1", "h2")], ids=str)
def test_a_client_that_offers_other_protocols_is_refused(mesh, application, tmp_path, offered):
    with (
        refused(mesh, application, refusals.TLS_ALPN),
        suppress(ssl.SSLError),
        between_proxies(mesh, tmp_path, *offered) as stream,
    ):
        assert answer(stream, said(header()), REQUEST) == b""


def test_the_transport_protocol_is_for_the_proxys_port_alone(mesh, application, tmp_path):
    with (
        refused(mesh, application, refusals.TLS_ALPN),
        between_proxies(mesh, tmp_path, ALPN, port=BAD) as stream,
    ):
        assert answer(stream, said(header()), REQUEST) == b""


def test_it_is_chosen_where_others_are_offered_too(mesh, application, tmp_path):
    with between_proxies(mesh, tmp_path, "h2", ALPN) as stream:
        stream.sendall(said(header()) + REQUEST)
        assert stream.recv(4096).startswith(b"HTTP/1.1 200")
    assert application.heard


@pytest.mark.parametrize("first", PROXY_PROTOCOL.values(), ids=PROXY_PROTOCOL)
def test_other_sentbefore_tls_are_refused(mesh, application, first):
    with (
        refused(mesh, application, refusals.TLS_GARBAGE),
        mesh.stranger.connection(INBOUND) as stream,
    ):
        # At most an alert.
        assert len(answer(stream, first, REQUEST)) < 16
