"""Servers and clients of HTTP that people run: through the mesh they see what they see directly."""

import hashlib
import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import meshed
import peer_servers
import pytest
from meshed import Mesh, Way
from network import Pair

from mesh_cli.local.programs import find_program

pytestmark = [pytest.mark.netns, pytest.mark.timeout(90)]

NGINX, NGINX_H2, HAPROXY, HAPROXY_H2 = 8080, 8081, 8082, 8083
HOST = "api.test"
_OWN_OF_A_MOMENT = {"date", "connection", "keep-alive", "transfer-encoding"}
"""Fields of an answer that say when it was given, or concern one connection only."""


_BOUNDARY = re.compile(rb"(?<!\d)\d{20}(?!\d)")
"""Between the parts of several ranges: nginx counts them."""


@pytest.fixture(scope="module")
def mesh(spaces: Pair, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mesh]:
    folder = tmp_path_factory.mktemp("http")
    ports = {
        "http1": HAPROXY,
        "http2": HAPROXY_H2,
        "nginx_http1": NGINX,
        "nginx_http2": NGINX_H2,
    }
    with ExitStack() as stack:
        stack.enter_context(peer_servers.nginx(spaces.peer, folder, NGINX, NGINX_H2))
        stack.enter_context(peer_servers.haproxy(spaces.peer, folder, ports))
        mesh = stack.enter_context(meshed.running(spaces, folder))
        for port in ports.values():
            mesh.declare(port)
        yield mesh


@dataclass(frozen=True)
class Answer:
    """What curl has got."""

    status: str
    fields: tuple[str, ...]
    body: str
    """Its digest."""


def curl(way: Way, port: int, path: str, *flags: str, stdin: bytes | None = None) -> list[Answer]:
    """What curl gets, interim answers included."""
    url = f"http://{way.address}:{port}{path}"
    program = str(find_program("curl", "curl"))
    done = way.run(program, "-sS", "-i", "-H", f"Host: {HOST}", *flags, url, stdin=stdin)
    assert done.returncode == 0, (way.name, done.stderr)
    return list(_answers(done.stdout))


def _answers(raw: bytes) -> Iterator[Answer]:
    """The heads that `curl -i` has printed, the last one with its content."""
    raw = _BOUNDARY.sub(b"boundary", raw)
    while True:
        head, _, rest = raw.partition(b"\r\n\r\n")
        status, *lines = head.decode().split("\r\n")
        fields = tuple(sorted(_named(line) for line in lines if _counts(line)))
        more = rest.startswith(b"HTTP/")
        body = b"" if more else rest
        yield Answer(status.split(" ")[1], fields, hashlib.sha256(body).hexdigest())
        if not more:
            return
        raw = rest


def _named(line: str) -> str:
    name, value = line.split(":", 1)
    return f"{name.lower()}:{value.strip()}"


def _counts(line: str) -> bool:
    return line.split(":", 1)[0].lower() not in _OWN_OF_A_MOMENT


FILES = {
    "small": ["/small.txt"],
    "empty": ["/empty.txt"],
    "big": ["/big.bin"],
    "compressed": ["/text.txt", "--compressed"],
    "range": ["/big.bin", "-r", "100-70000"],
    "ranges": ["/text.txt", "-r", "0-1,5-9"],
    "unsatisfiable": ["/small.txt", "-r", "100-"],
    "head": ["/big.bin", "-I"],
    "missing": ["/nowhere"],
    "no content": ["/gone"],
    "redirect": ["/moved"],
    "own status": ["/teapot"],
    "options": ["/method", "-X", "OPTIONS", "-H", "x-mine: kept"],
    "bytes of the target": ["/method?a=%7e&b=%2F%2f;c=[]|", "-g"],
    "dots": ["/a/../small.txt", "--path-as-is"],
}


@pytest.mark.parametrize("version", ["--http1.0", "--http1.1", "--http2-prior-knowledge"])
@pytest.mark.parametrize("case", FILES)
def test_curl_gets_from_nginx_what_it_gets_directly(mesh, case, version):
    path, *flags = FILES[case]
    port = NGINX_H2 if version.endswith("knowledge") else NGINX
    meshed.same(mesh.ways, mesh.direct, lambda way: curl(way, port, path, version, *flags))


UPLOADS = {
    "small": ([], b"a=b"),
    "told before": (["-H", "Expect: 100-continue", "--expect100-timeout", "5"], b"x" * 5000),
    "of unknown length": (["-H", "Transfer-Encoding: chunked"], b"y" * 100_000),
    "large": ([], b"z" * 4_000_000),
    "too large": ([], b"z" * 9_000_000),
    "empty": ([], b""),
}


OF_HTTP1 = {"told before", "of unknown length", "too large"}
"""In HTTP/2 nginx never says 100 and resets what is too large, and any length may be unknown."""


@pytest.mark.parametrize("version", ["--http1.1", "--http2-prior-knowledge"])
@pytest.mark.parametrize("case", UPLOADS)
def test_curl_uploads_to_nginx_as_it_does_directly(mesh, case, version):
    flags, body = UPLOADS[case]
    http2 = version.endswith("knowledge")
    if http2 and case in OF_HTTP1:
        pytest.skip("a case of HTTP/1")
    port = NGINX_H2 if http2 else NGINX

    def ask(way: Way) -> list[Answer]:
        flagged = [version, "--data-binary", "@-", *flags]
        # Whether the server says 100 before it refuses is a race of its own.
        return curl(way, port, "/upload", *flagged, stdin=body)[-1:]

    meshed.same(mesh.ways, mesh.direct, ask)


@pytest.mark.parametrize("version", ["--http1.1", "--http2-prior-knowledge"])
@pytest.mark.parametrize(
    "path", ["/small.txt", "/big.bin", "/h2/small.txt", "/h2/big.bin", "/method"]
)
def test_haproxy_passes_on_as_it_does_directly(mesh, path, version):
    port = HAPROXY_H2 if version.endswith("knowledge") else HAPROXY
    meshed.same(mesh.ways, mesh.direct, lambda way: curl(way, port, path, version))


@pytest.mark.parametrize("version", ["--http1.1", "--http2-prior-knowledge"])
def test_curl_keeps_its_connection(mesh, version):
    port = NGINX_H2 if version.endswith("knowledge") else NGINX
    for way in [mesh.direct, *mesh.ways]:
        url = f"http://{way.address}:{port}/small.txt"
        program = str(find_program("curl", "curl"))
        done = way.run(program, "-sS", "-w", "%{num_connects}\n", version, *[url] * 5)
        answers = done.stdout.decode().replace("small", "").split()
        assert answers == ["1", "0", "0", "0", "0"], way.name


@pytest.mark.parametrize("flags", [["--h1"], []], ids=["HTTP/1", "HTTP/2"])
def test_h2load_gets_every_answer(mesh, flags):
    program = str(find_program("h2load", "nghttp2-client"))
    port = NGINX if flags else NGINX_H2
    for way in mesh.ways:
        url = f"http://{way.address}:{port}/text.txt"
        load = ["-n", "400", "-c", "8", "-m", "8", "-t", "1"]
        done = way.run(program, *flags, *load, url)
        report = done.stdout.decode()
        assert re.search(r"400 succeeded, 0 failed, 0 errored, 0 timeout", report), report
        assert "status codes: 400 2xx" in report
