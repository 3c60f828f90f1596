"""Two pods with an engine each: what one application sends reaches the other, as it should."""

import http.client
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import engine
import pytest
from engine import IDENTITY
from fake_control import FakeControl, detect_policy, meshed, open_server, profile
from network import APP, PEER, Namespace, Pair, pair

from mesh_proxy.init.namespace import entered

pytestmark = [pytest.mark.netns, pytest.mark.timeout(60)]

SERVER_IDENTITY = "api.shop.serviceaccount.identity.linkerd.cluster.local"
SERVICE, PORT = "10.200.0.1", 8080
NAME = "api.shop.svc.cluster.local"


class Echo(BaseHTTPRequestHandler):
    """Answers with what it has seen."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        seen = "".join(f"{name.lower()}: {value}\n" for name, value in self.headers.items())
        answer = f"{self.request_version} {self.path}\n{seen}\n".encode() + body
        self.send_response(200)
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        """Keep quiet."""


class Server(ThreadingHTTPServer):
    """An application in a pod."""

    def __init__(self, space: Namespace) -> None:
        self.listener = space.listener(PORT)
        super().__init__(("", PORT), Echo, bind_and_activate=False)
        self.socket.close()
        self.socket = self.listener
        threading.Thread(target=self.serve_forever, args=[0.05], daemon=True).start()

    def close(self) -> None:
        self.shutdown()
        self.server_close()


def request(space: Namespace, headers: dict[str, str], body: bytes) -> tuple[int, str]:
    with entered(space.path):
        connection = http.client.HTTPConnection(SERVICE, PORT, timeout=engine.SECONDS)
        connection.connect()
    with closing(connection):
        connection.request("POST", "/a?b=c", body, headers)
        response = connection.getresponse()
        return response.status, response.read().decode()


@dataclass(frozen=True)
class Pods:
    """The client's engine, the server's, and what tells the client where to go."""

    client: engine.Engine
    server: engine.Engine
    control: FakeControl


@pytest.fixture(scope="module")
def spaces() -> Iterator[Pair]:
    with pair() as spaces, closing(Server(spaces.peer)):
        for space in (spaces.app, spaces.peer):
            engine.redirect(space)
        yield spaces


@pytest.fixture
def pods(spaces, tmp_path) -> Iterator["Pods"]:
    client = FakeControl()
    client.say("GetProfile", f"{SERVICE}:{PORT}", profile(NAME))
    client.say("Watch", f"{SERVICE}:{PORT}", detect_policy(f"{NAME}:{PORT}"))
    client.say("Get", f"{NAME}:{PORT}", meshed(f"{PEER[4]}:{PORT}", SERVER_IDENTITY))
    server = FakeControl(client.authority)
    server.say("WatchPort", str(PORT), open_server())
    token = tmp_path / "token"
    token.write_text("token")
    with ExitStack() as stack:
        engines = []
        for space, control, identity, addresses in (
            (spaces.app, client, IDENTITY, APP),
            (spaces.peer, server, SERVER_IDENTITY, PEER),
        ):
            with entered(space.path):
                stack.enter_context(control.running())
            variables = engine.environment(control, token, identity, addresses)
            log = tmp_path / f"{identity}.log"
            engines.append(stack.enter_context(engine.running(space, variables, log)))
        for proxy in engines:
            proxy.wait_ready()
        yield Pods(*engines, client)


def test_a_request_is_secured_unchanged_and_measured_on_both_sides(spaces, pods):
    spoofed = {"l5d-client-id": "admin.example", "x-mine": "kept"}
    status, answer = request(spaces.app, spoofed, b"hello")
    assert status == 200
    head, body = answer.split("\n\n", 1)
    assert head.startswith("HTTP/1.1 /a?b=c\n")
    assert body == "hello"
    fields = dict(line.split(": ", 1) for line in head.splitlines()[1:])
    assert fields["l5d-client-id"] == IDENTITY
    assert fields["x-mine"] == "kept"
    assert fields["host"] == f"{SERVICE}:{PORT}"
    assert not any(name.startswith("l5d-orig") for name in fields)

    client, server = pods.client, pods.server
    out = 'direction="outbound"', 'tls="true"', f'server_id="{SERVER_IDENTITY}"'
    into = 'direction="inbound"', 'tls="true"', f'client_id="{IDENTITY}"'
    for proxy, labels in ((client, out), (server, into)):
        succeeded = "response_total", 'classification="success"', 'status_code="200"', *labels
        engine.until("measured", lambda ask=proxy, what=succeeded: ask.metric(*what) == 1)
        assert proxy.metric("request_total", *labels) == 1
        assert proxy.metric("response_latency_ms_count", *labels) == 1
        assert proxy.metric("tcp_open_total", *labels) >= 1
    assert client.metric("request_total", f'authority="{NAME}:{PORT}"') == 1


def test_a_server_that_is_somebody_else_gets_nothing(spaces, pods):
    address = f"{PEER[4]}:{PORT}"
    pods.control.say("Get", f"{NAME}:{PORT}", meshed(address, "other.example"))
    status, _ = request(spaces.app, {}, b"secret")
    assert status in (502, 504)
    assert pods.server.metric("request_total") == 0
    assert pods.client.metric("response_total", 'classification="success"') == 0
