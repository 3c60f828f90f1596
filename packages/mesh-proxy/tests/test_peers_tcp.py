"""Databases and mail through the mesh, on ports that nobody has declared."""

import contextlib
import itertools
import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing

import engine
import meshed
import peer_servers
import pytest
from meshed import Mesh, Way
from network import Pair

from mesh_cli.local.programs import find_program

pytestmark = [pytest.mark.netns, pytest.mark.timeout(90)]

REDIS, MARIADB, MAIL = 6379, 3306, 25
GREETING_SECONDS = 1.0
"""Far below every detection timeout, far above what a greeting takes."""
_BULK = b"0123456789abcdef" * 8192


class MailServer:
    """Greets, takes one command a line, and takes mail."""

    def __init__(self, listener: socket.socket) -> None:
        self.mail: list[bytes] = []
        self._listener = listener
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                stream, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=[stream], daemon=True).start()

    def _serve(self, stream: socket.socket) -> None:
        with stream, stream.makefile("rwb") as lines, contextlib.suppress(OSError):
            self._say(lines, b"220 mail.test ESMTP")
            while command := lines.readline().strip().upper():
                if command == b"DATA":
                    self._say(lines, b"354 end with a dot")
                    self.mail.append(b"".join(iter(lines.readline, b".\r\n")))
                self._say(lines, b"221 bye" if command == b"QUIT" else b"250 ok")
                if command == b"QUIT":
                    return

    @staticmethod
    def _say(lines, text: bytes) -> None:
        lines.write(text + b"\r\n")
        lines.flush()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


@pytest.fixture(scope="module")
def mesh(spaces: Pair, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mesh]:
    folder = tmp_path_factory.mktemp("tcp")
    with ExitStack() as stack:
        stack.enter_context(peer_servers.redis(spaces.peer, folder, REDIS))
        stack.enter_context(peer_servers.mariadb(spaces.peer, folder, MARIADB))
        mesh = stack.enter_context(meshed.running(spaces, folder))
        for port in (REDIS, MARIADB, MAIL):
            mesh.declare(port)
        yield mesh


@pytest.fixture
def mail(spaces: Pair) -> Iterator[MailServer]:
    with closing(MailServer(spaces.peer.listener(MAIL))) as server:
        yield server


def exactly(stream: socket.socket, count: int) -> bytes:
    parts = bytearray()
    while len(parts) < count and (part := stream.recv(count - len(parts))):
        parts += part
    return bytes(parts)


def test_redis_answers_a_pipeline_in_order(mesh):
    sent = b"".join(b"ECHO %d\r\n" % number for number in range(5000))
    expected = b"".join(b"$%d\r\n%d\r\n" % (len(str(n)), n) for n in range(5000))
    for way in [mesh.direct, *mesh.ways]:
        with way.connection(REDIS) as stream:
            writer = threading.Thread(target=stream.sendall, args=[sent])
            writer.start()
            assert exactly(stream, len(expected)) == expected, way.name
            writer.join()


def test_redis_keeps_what_it_is_given(mesh):
    def ask(way: Way) -> bytes:
        with way.connection(REDIS) as stream:
            head = b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$%d\r\n" % len(_BULK)
            stream.sendall(head + _BULK + b"\r\nGET k\r\nDEL k\r\nQUIT\r\n")
            return engine.received(stream)

    meshed.same(mesh.ways, mesh.direct, ask)
    assert _BULK in ask(mesh.through)


def test_redis_subscribers_hear_at_once_and_keep_quiet_for_long(mesh):
    for each, way in enumerate([mesh.direct, *mesh.ways]):
        # A channel of its own: the subscriber of the way before may not be gone yet.
        news = b"news%d" % each
        with way.connection(REDIS) as hears, way.connection(REDIS) as speaks:
            hears.sendall(b"SUBSCRIBE %s\r\n" % news)
            told = b"*3\r\n$9\r\nsubscribe\r\n$5\r\n%s\r\n:1\r\n" % news
            assert exactly(hears, len(told)) == told
            for number in range(20):
                speaks.sendall(b"PUBLISH %s %d\r\n" % (news, number))
                heard = b"*3\r\n$7\r\nmessage\r\n$5\r\n%s\r\n$%d\r\n%d\r\n"
                expected = heard % (news, len(str(number)), number)
                assert exactly(hears, len(expected)) == expected, way.name
                assert exactly(speaks, 4) == b":1\r\n"


@pytest.fixture(scope="module")
def tables() -> Iterator[int]:
    """Numbers for tables, so that no test meets another's."""
    return itertools.count()


def sql(way: Way, text: str) -> bytes:
    program = str(find_program("mariadb", "mariadb-client-core"))
    # As some user: the server asks nobody for a password.
    flags = ["--no-defaults", f"-h{way.address}", f"-P{MARIADB}", "-uroot", "--protocol=tcp"]
    done = way.run(program, *flags, "--batch", stdin=text.encode())
    assert done.returncode == 0, (way.name, done.stderr)
    return done.stdout


def test_mariadb_greets_and_serves_as_it_does_directly(mesh, tables):
    def ask(way: Way) -> bytes:
        name = f"t{next(tables)}"
        answer = sql(
            way,
            f"""
            create database {name}; use {name};
            create table t (a int primary key, b longtext);
            insert into t select seq, repeat(char(65 + seq % 26), 2000) from seq_1_to_500;
            select count(*), sum(a), md5(group_concat(b)) from t;
            select * from t where a <= 300;
            drop database {name};
            """,
        )
        assert answer.count(b"\n") == 303
        return answer

    meshed.same(mesh.ways, mesh.direct, ask)


def test_a_greeting_is_not_held_back(mesh, mail):
    for way in [mesh.direct, *mesh.ways]:
        begun = time.monotonic()
        with way.connection(MAIL) as stream:
            assert stream.recv(100) == b"220 mail.test ESMTP\r\n", way.name
            assert time.monotonic() - begun < GREETING_SECONDS, way.name
            stream.sendall(b"EHLO test\r\n")
            assert stream.recv(100) == b"250 ok\r\n"
            stream.sendall(b"DATA\r\n")
            assert stream.recv(100) == b"354 end with a dot\r\n"
            stream.sendall(b"Subject: x\r\n" + b"y" * 70000 + b"\r\n.\r\n")
            assert stream.recv(100) == b"250 ok\r\n"
            stream.sendall(b"QUIT\r\n")
            assert engine.received(stream) == b"221 bye\r\n"
    assert {len(text) for text in mail.mail} == {70014}
    assert len(mail.mail) == 4


def test_who_speaks_first_is_measured_as_opaque(mesh):
    sql(mesh.through, "select 1")
    opened = mesh.client.metric("tcp_open_total", 'direction="outbound"', f':{MARIADB}"')
    requests = mesh.client.metric("request_total", f':{MARIADB}"')
    assert opened >= 1
    assert requests == 0
    assert re.search(rf"target_port=\"{MARIADB}\"|:{MARIADB}\"", mesh.client.ask("/metrics")[1])
