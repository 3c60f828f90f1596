"""Each feature of HTTP/1: both ends see through the mesh what they see without it."""

from collections.abc import Iterator
from dataclasses import dataclass

import meshed
import pytest
from _pytest.mark import ParameterSet
from meshed import Mesh, Way
from network import Pair
from transcripts import End, Finish, Hear, Message, Part, Say, Script, Step, Wait, messages

pytestmark = [pytest.mark.netns, pytest.mark.timeout(60)]

PORT = 8080
HEAD_ENDS = Hear(b"\r\n\r\n")


@dataclass(frozen=True)
class Exchange:
    """What the client does, what the server does, and with which methods."""

    client: list[Step]
    server: list[Step]
    methods: tuple[bytes, ...] = (b"GET",)


def get(
    target: bytes = b"/", *fields: bytes, method: bytes = b"GET", version: bytes = b"1.1"
) -> Say:
    lines = [b"%s %s HTTP/%s" % (method, target, version), b"Host: api.test", *fields]
    return Say(b"\r\n".join(lines) + b"\r\n\r\n")


def answer(content: bytes, *fields: bytes, status: bytes = b"200 OK") -> Say:
    lines = [b"HTTP/1.1 " + status, b"Content-Length: %d" % len(content), *fields]
    return Say(b"\r\n".join(lines) + b"\r\n\r\n" + content)


def head(*lines: bytes) -> Say:
    return Say(b"\r\n".join(lines) + b"\r\n\r\n")


POST = {"method": b"POST"}
EXPECTING = get(b"/", b"Expect: 100-continue", b"Content-Length: 7", **POST)
CHUNKED = [b"HTTP/1.1 200 OK", b"Transfer-Encoding: chunked"]
TUNNEL = Say(b"CONNECT api.test:8080 HTTP/1.1\r\nHost: api.test:8080\r\n\r\n")

EXCHANGES = {
    "kept alive": Exchange(
        [get(b"/1"), Hear(b"first"), get(b"/2"), Hear(b"second")],
        [HEAD_ENDS, answer(b"first"), HEAD_ENDS, answer(b"second")],
        (b"GET", b"GET"),
    ),
    "an answer for HTTP/1.0": Exchange(
        [get(version=b"1.0"), End()],
        [HEAD_ENDS, Say(b"HTTP/1.0 200 OK\r\n\r\nall until the end")],
    ),
    "HTTP/1.0 kept alive": Exchange(
        [get(b"/", b"Connection: keep-alive", version=b"1.0"), Hear(b"kept")],
        [HEAD_ENDS, answer(b"kept", b"Connection: keep-alive")],
    ),
    "absolute form": Exchange(
        [get(b"http://api.test/a?b"), Hear(b"absolute")], [HEAD_ENDS, answer(b"absolute")]
    ),
    "every byte of the target": Exchange(
        [get(b"/%7e/../a//b;c=1?d=[]|&%2F"), Hear(b"raw")], [HEAD_ENDS, answer(b"raw")]
    ),
    "a long target": Exchange(
        [get(b"/" + b"x" * 20_000), Hear(b"long")], [HEAD_ENDS, answer(b"long")]
    ),
    "HEAD, then GET": Exchange(
        [get(method=b"HEAD"), HEAD_ENDS, get(), Hear(b"whole")],
        [HEAD_ENDS, head(b"HTTP/1.1 200 OK", b"Content-Length: 999"), HEAD_ENDS, answer(b"whole")],
        (b"HEAD", b"GET"),
    ),
    "no content": Exchange(
        [get(), HEAD_ENDS, get(), Hear(b"next")],
        [HEAD_ENDS, head(b"HTTP/1.1 204 No Content"), HEAD_ENDS, answer(b"next")],
        (b"GET", b"GET"),
    ),
    "not modified": Exchange(
        [get(), HEAD_ENDS, get(), Hear(b"next")],
        [
            HEAD_ENDS,
            head(b"HTTP/1.1 304 Not Modified", b"ETag: x", b"Content-Length: 5"),
            HEAD_ENDS,
            answer(b"next"),
        ],
        (b"GET", b"GET"),
    ),
    "content until the end": Exchange(
        [get(b"/", b"Connection: close"), End()],
        [HEAD_ENDS, head(b"HTTP/1.1 200 OK", b"x: y"), Say(b"part, "), Say(b"rest")],
    ),
    "chunks with trailers": Exchange(
        [get(b"/", b"TE: trailers", b"Connection: TE"), Hear(b"\r\n\r\n"), Hear(b"\r\n\r\n")],
        [
            HEAD_ENDS,
            head(*CHUNKED, b"Trailer: x-sum"),
            Say(b"5;quality=low\r\nhello\r\n"),
            Say(b"6\r\n world\r\n0\r\nx-sum: 11\r\n\r\n"),
        ],
    ),
    "chunks without content": Exchange(
        [get(), HEAD_ENDS, Hear(b"0\r\n\r\n")], [HEAD_ENDS, head(*CHUNKED), Say(b"0\r\n\r\n")]
    ),
    "a request in chunks": Exchange(
        [
            get(b"/", b"Transfer-Encoding: chunked", b"Trailer: x-sum", **POST),
            Say(b"3\r\nabc\r\n"),
            Wait(0.05),
            Say(b"3\r\ndef\r\n0\r\nx-sum: 6\r\n\r\n"),
            Hear(b"taken"),
        ],
        [HEAD_ENDS, Hear(b"x-sum: 6\r\n\r\n"), answer(b"taken")],
        (b"POST",),
    ),
    "a request with empty content": Exchange(
        [get(b"/", b"Content-Length: 0", **POST), Hear(b"taken")],
        [HEAD_ENDS, answer(b"taken")],
        (b"POST",),
    ),
    "the client says that it closes": Exchange(
        [get(b"/", b"Connection: close"), End()],
        [HEAD_ENDS, answer(b"last", b"Connection: close")],
    ),
    "the server says that it closes": Exchange(
        [get(), Hear(b"last")], [HEAD_ENDS, answer(b"last", b"Connection: close")]
    ),
    "the client ends its direction": Exchange(
        [get(), Finish(), End()], [HEAD_ENDS, answer(b"last", b"Connection: close")]
    ),
    "an expectation is met": Exchange(
        [EXPECTING, Hear(b" 100 "), Say(b"content"), Hear(b"taken")],
        [HEAD_ENDS, head(b"HTTP/1.1 100 Continue"), Hear(b"content"), answer(b"taken")],
        (b"POST",),
    ),
    "an expectation is met late": Exchange(
        [EXPECTING, Hear(b" 100 "), Say(b"content"), Hear(b"taken")],
        [HEAD_ENDS, Wait(0.5), head(b"HTTP/1.1 100 Continue"), Hear(b"content"), answer(b"taken")],
        (b"POST",),
    ),
    "an expectation is refused": Exchange(
        [EXPECTING, Hear(b"too much"), End()],
        [HEAD_ENDS, answer(b"too much", b"Connection: close", status=b"417 Expectation Failed")],
        (b"POST",),
    ),
    "an expectation is never met, and not waited for": Exchange(
        [EXPECTING, Wait(0.2), Say(b"content"), Hear(b"taken")],
        [HEAD_ENDS, Hear(b"content"), answer(b"taken")],
        (b"POST",),
    ),
    "early hints": Exchange(
        [get(), Hear(b"final")],
        [HEAD_ENDS, head(b"HTTP/1.1 103 Early Hints", b"link: </a>"), Wait(0.05), answer(b"final")],
    ),
    "an upgrade": Exchange(
        [
            get(b"/", b"Connection: upgrade", b"Upgrade: echo"),
            HEAD_ENDS,
            Say(b"\x00ping"),
            Hear(b"\x00pong"),
        ],
        [
            HEAD_ENDS,
            head(b"HTTP/1.1 101 Switching Protocols", b"Connection: upgrade", b"Upgrade: echo"),
            Hear(b"\x00ping"),
            Say(b"\x00pong"),
        ],
    ),
    "a server that speaks at once after an upgrade": Exchange(
        [get(b"/", b"Connection: upgrade", b"Upgrade: echo"), HEAD_ENDS, Hear(b"hello"), End()],
        [
            HEAD_ENDS,
            Say(
                b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n"
                b"hello"
            ),
        ],
    ),
    "an upgrade that is not wanted": Exchange(
        [get(b"/", b"Connection: upgrade", b"Upgrade: echo"), Hear(b"no, thanks")],
        [HEAD_ENDS, answer(b"no, thanks")],
    ),
    "a tunnel": Exchange(
        [TUNNEL, HEAD_ENDS, Say(b"in"), Hear(b"out"), Finish(), End()],
        [HEAD_ENDS, head(b"HTTP/1.1 200 Connected"), Hear(b"in"), Say(b"out"), End()],
        (b"CONNECT",),
    ),
    "a tunnel that is refused": Exchange(
        [TUNNEL, Hear(b"not here")],
        [HEAD_ENDS, answer(b"not here", b"Connection: close", status=b"403 Forbidden")],
        (b"CONNECT",),
    ),
    "an answer before the request has ended": Exchange(
        [
            get(b"/", b"Content-Length: 12", **POST),
            Say(b"begun "),
            Hear(b"known"),
            Say(b"andone"),
            Hear(b" now"),
        ],
        [
            HEAD_ENDS,
            Hear(b"begun "),
            head(*CHUNKED),
            Say(b"5\r\nknown\r\n"),
            Hear(b"andone"),
            Say(b"4\r\n now\r\n0\r\n\r\n"),
        ],
        (b"POST",),
    ),
    "bytes beyond ASCII": Exchange(
        [get(b"/", b"x-name: J\xfcrgen \xe2\x82\xac"), Hear(b"read")],
        [HEAD_ENDS, answer(b"read", b"x-name: \xe4\xf6")],
    ),
    "fields that stand there twice": Exchange(
        [get(b"/", b"x-a: 1", b"X-A: 2", b"cookie: a=b; c=d"), Hear(b"both")],
        [HEAD_ENDS, answer(b"both", b"Set-Cookie: a=b", b"Set-Cookie: c=d, e")],
    ),
    "empty values": Exchange(
        [get(b"/", b"x-empty:"), Hear(b"none")], [HEAD_ENDS, answer(b"none", b"x-void:")]
    ),
}


@pytest.fixture(scope="module")
def mesh(spaces: Pair, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mesh]:
    with meshed.running(spaces, tmp_path_factory.mktemp("transcripts")) as mesh:
        mesh.declare(PORT)
        yield mesh


@pytest.fixture(scope="module")
def server(spaces: Pair) -> Iterator[Script]:
    script = Script(spaces.peer.listener(PORT))
    yield script
    script.close()


FAULTS = {
    17: ("HEAD, then GET", "no content", "early hints", "a tunnel that is refused"),
    22: tuple(name for name in EXCHANGES if "expectation" in name or "closes" in name),
}


def _cases() -> Iterator[ParameterSet]:
    for name in EXCHANGES:
        marks = [pytest.mark.fault(number) for number, names in FAULTS.items() if name in names]
        yield pytest.param(name, marks=marks)


@pytest.mark.parametrize("name", list(_cases()))
def test_both_ends_see_what_they_see_directly(mesh: Mesh, server: Script, name: str) -> None:
    exchange = EXCHANGES[name]

    def ask(way: Way) -> tuple[list[Message], list[Message]]:
        take = server.expect(exchange.server)
        with way.connection(PORT) as stream:
            client = Part(stream)
            client.play(exchange.client)
        heard = take.finished()
        return list(messages(client.heard, exchange.methods)), list(messages(heard))

    meshed.same(mesh.ways, mesh.direct, ask)
