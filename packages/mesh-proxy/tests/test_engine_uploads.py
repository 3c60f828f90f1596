"""Large uploads, one after the other, to an application that answers only at their end."""

import hashlib
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import engine
import meshed
import pytest
from meshed import SERVICE, Mesh
from network import Pair
from raw_server import RawServer

pytestmark = [pytest.mark.netns, pytest.mark.timeout(90)]

PORT = 8080
PIECE = bytes(range(256)) * 256
PIECES = 640
"""Together 40 MiB: more than the windows of a stream and of the connection."""


class Digesting(RawServer):
    """Answers with the digest of the content, once it is whole."""

    def _serve(self, stream: socket.socket) -> None:
        with stream, suppress(OSError), stream.makefile("rb") as reader:
            while line := reader.readline():
                length = 0
                while line not in (b"\r\n", b""):
                    if found := re.match(rb"(?i)content-length: *(\d+)", line):
                        length = int(found[1])
                    line = reader.readline()
                digest = hashlib.sha256()
                while length:
                    data = reader.read1(min(length, 65536))
                    digest.update(data)
                    length -= len(data)
                text = digest.hexdigest().encode()
                stream.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 64\r\n\r\n" + text)


@pytest.fixture
def mesh(spaces: Pair, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Mesh]:
    variables = {"LINKERD2_PROXY_MESH_HTTP2": request.param}
    with (
        closing(Digesting(spaces.peer.listener(PORT))),
        meshed.running(spaces, tmp_path, variables) as mesh,
    ):
        mesh.declare(PORT)
        yield mesh


@pytest.mark.parametrize("mesh", ["own", "crate"], indirect=True)
def test_each_arrives_whole(mesh):
    expected = hashlib.sha256(PIECE * PIECES).hexdigest().encode()
    head = f"POST / HTTP/1.1\r\nHost: web\r\nContent-Length: {len(PIECE) * PIECES}\r\n\r\n"

    def upload(stream: socket.socket) -> None:
        with suppress(OSError):
            stream.sendall(head.encode())
            for _ in range(PIECES):
                stream.sendall(PIECE)

    for _ in range(3):
        with mesh.spaces.app.connection(SERVICE, PORT) as stream:
            stream.settimeout(2 * engine.SECONDS)
            threading.Thread(target=upload, args=[stream], daemon=True).start()
            answer = b""
            while not answer.endswith(expected):
                data = stream.recv(4096)
                assert data, answer
                answer += data
