"""Whose turn it is in HTTP/1: who waits for 100, who has closed. What comes next stays framed."""

import itertools
import select
import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from typing import BinaryIO

import hostile
import meshed
import pytest
from meshed import Mesh, Way
from network import Pair
from raw_server import RawServer
from transcripts import End, Hear, Part, Say

pytestmark = [pytest.mark.netns, pytest.mark.timeout(60), pytest.mark.fault(22)]

PORT, GOOD = 8080, 8081
CONTENT = b"GET /smuggled HTTP/1.1\r\nHost: web\r\n\r\n"
"""Whoever loses count takes it for a request."""
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
ROUNDS = 3
"""One after the other, so that what one leaves behind in a pool meets the next."""
UNHURRIED_SECONDS = 0.2
"""For how long a server thinks, and a client waits in vain."""


def request(target: str, *fields: str, method: str = "GET") -> bytes:
    return "\r\n".join([f"{method} {target} HTTP/1.1", "Host: web", *fields, "", ""]).encode()


def expecting(target: str) -> bytes:
    fields = "Expect: 100-continue", f"Content-Length: {len(CONTENT)}"
    return request(target, *fields, method="POST")


def response(target: str, status: str = "200 OK", *fields: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(target)}", *fields, "", target]
    return "\r\n".join(lines).encode()


class Turns(RawServer):
    """Does what the target says, and answers with it."""

    def __init__(self, listener: socket.socket) -> None:
        self.asked: list[tuple[int, str]] = []
        """On which connection, and for what."""
        self._numbers = itertools.count()
        super().__init__(listener)

    def _serve(self, stream: socket.socket) -> None:
        number = next(self._numbers)
        with stream, stream.makefile("rb") as sent, suppress(OSError):
            while line := sent.readline():
                target = line.partition(b" ")[2].partition(b" ")[0].decode()
                self.asked.append((number, target))
                while sent.readline().strip():
                    pass
                self._answer(stream, sent, target)

    def _answer(self, stream: socket.socket, sent: BinaryIO, target: str) -> None:
        match target:
            case "/met":
                stream.sendall(CONTINUE)
            case "/met-late":
                assert not select.select([stream], [], [], UNHURRIED_SECONDS)[0]
                stream.sendall(CONTINUE)
            case "/met-twice":
                stream.sendall(CONTINUE * 2)
            case "/refused":
                return stream.sendall(response(target, "417 Expectation Failed"))
            case "/too-large":
                close = "Connection: close"
                return stream.sendall(response(target, "413 Content Too Large", close))
            case "/last":
                # It says that it closes, and leaves that to the other end.
                return stream.sendall(response(target, "200 OK", "Connection: close"))
            case "/plain":
                return stream.sendall(response(target))
        assert sent.read(len(CONTENT)) == CONTENT
        return stream.sendall(response(target))


@pytest.fixture(scope="module")
def application(spaces: Pair) -> Iterator[Turns]:
    with closing(Turns(spaces.peer.listener(PORT))) as server:
        yield server


@pytest.fixture(scope="module")
def mesh(
    spaces: Pair, application: Turns, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Mesh]:
    del application  # it listens
    with ExitStack() as stack:
        stack.enter_context(closing(RawServer(spaces.peer.listener(GOOD))))
        mesh = stack.enter_context(meshed.running(spaces, tmp_path_factory.mktemp("turns")))
        mesh.declare(PORT)
        mesh.declare(GOOD)
        yield mesh


@pytest.fixture(autouse=True)
def good_client(mesh: Mesh, application: Turns) -> Iterator[None]:
    with hostile.harmless(mesh.server, mesh.through, GOOD, request("/"), b"ok"):
        application.asked.clear()
        yield


@contextmanager
def client(way: Way) -> Iterator[Part]:
    with way.connection(PORT) as stream:
        yield Part(stream)


def targets(application: Turns) -> list[str]:
    return [target for _, target in application.asked]


@pytest.mark.parametrize("target", ["/met", "/met-late", "/met-twice"])
def test_what_comes_after_an_expectation_that_is_met_stays_framed(way, application, target):
    with client(way) as part:
        for _ in range(ROUNDS):
            part.play([Say(expecting(target)), Hear(CONTINUE.rstrip())])
            part.play([Say(CONTENT), Hear(b" 200 OK"), Hear(target.encode())])
            part.play([Say(request("/plain")), Hear(b" 200 OK"), Hear(b"/plain")])
    assert targets(application) == [target, "/plain"] * ROUNDS
    assert part.heard.endswith(b"\r\n\r\n/plain")


def test_a_client_need_not_wait_for_ever(way, application):
    with client(way) as part:
        for _ in range(ROUNDS):
            part.play([Say(expecting("/ignored"))])
            assert not select.select([part.stream], [], [], UNHURRIED_SECONDS)[0]
            part.play([Say(CONTENT), Hear(b" 200 OK"), Hear(b"/ignored")])
            part.play([Say(request("/plain")), Hear(b" 200 OK"), Hear(b"/plain")])
    assert targets(application) == ["/ignored", "/plain"] * ROUNDS
    assert CONTINUE not in part.heard


@pytest.mark.parametrize("content", [b"", CONTENT], ids=["kept back", "sent all the same"])
@pytest.mark.parametrize(("target", "status"), [("/refused", b"417"), ("/too-large", b"413")])
def test_content_that_is_refused_becomes_no_request(way, application, target, status, content):
    """Nobody knows whether it will still come: the connection ends, the server's as well."""
    for _ in range(ROUNDS):
        with client(way) as part:
            part.play([Say(expecting(target)), Hear(b" " + status), Hear(target.encode())])
            with suppress(ConnectionError):
                part.play([Say(content), Say(request("/behind")), End()])
        assert part.heard.lower().count(b"\r\nconnection: close\r\n") == 1
        assert part.heard.endswith(target.encode())
        with client(way) as part:
            part.play([Say(request("/plain")), Hear(b" 200 OK"), Hear(b"/plain")])
    assert targets(application) == [target, "/plain"] * ROUNDS
    assert list(dict(application.asked).values()).count(target) == ROUNDS


def test_nothing_is_asked_behind_a_clients_farewell(way, application):
    with client(way) as part:
        part.play([Say(request("/plain", "Connection: close") + request("/behind"))])
        with suppress(ConnectionError):
            part.play([End()])
    assert part.heard.count(b"HTTP/1.1 200 OK") <= 1
    assert targets(application) == ["/plain"]


def test_nothing_is_asked_behind_a_servers_farewell(way, application):
    """It does not hang up itself: whoever does not listen asks somebody who is no longer there."""
    for _ in range(ROUNDS):
        with client(way) as part:
            part.play([Say(request("/last")), Hear(b" 200 OK"), Hear(b"/last")])
            if b"\r\nconnection: close\r\n" in part.heard.lower():
                part.play([End()])
            else:
                part.play([Say(request("/plain")), Hear(b" 200 OK"), Hear(b"/plain")])
    assert list(dict(application.asked).values()).count("/last") == ROUNDS
