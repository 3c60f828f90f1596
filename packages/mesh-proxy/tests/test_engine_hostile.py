"""Peers that mean no good: what they cost while they are there, and that it ends with them."""

import http.client
import signal
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from pathlib import Path

import engine
import pytest
from engine import IDENTITY, SECONDS, WORKLOAD
from fake_control import FakeControl, open_server
from network import APP, Namespace, Pair, pair
from test_engine_stock import Client, Server

from mesh_proxy.init.namespace import entered

pytestmark = [pytest.mark.netns, pytest.mark.timeout(90)]

INBOUND = 4143
CONNECTIONS = 300
"""Of each kind."""
ESTABLISHED = "01"
"""As `/proc/net/tcp` writes it."""
KIB_PER_CONNECTION = 40
KIB_LEFT = 4096
"""Memory that may be in use afterwards beside what was before: caches of a busy proxy."""


def hello(name: str) -> bytes:
    """The first message of a TLS client that wants `name`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    with pytest.raises(ssl.SSLWantReadError):
        context.wrap_bio(incoming, outgoing, server_hostname=name).do_handshake()
    return outgoing.read()


_HELLO = hello(IDENTITY)
_SETTINGS = bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])
KINDS = {
    "nothing": (INBOUND, b""),
    "half a hello": (INBOUND, _HELLO[: len(_HELLO) // 2]),
    "a hello": (INBOUND, _HELLO),
    "half a hello to the application": (WORKLOAD, _HELLO[:100]),
    "half a head": (WORKLOAD, b"GET / HTTP/1.1\r\nx: " + b"x" * 10_000),
    "HTTP/2 without a request": (WORKLOAD, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + _SETTINGS),
}
"""What a peer sends before it falls silent, and to which port."""


def crowd(space: Namespace, kind: str, count: int) -> list[socket.socket]:
    """Connections that have sent what their kind sends."""
    port, first = KINDS[kind]
    with ExitStack() as stack:
        streams = []
        for _ in range(count):
            streams.append(stack.enter_context(space.connection(APP[4], port)))
            streams[-1].sendall(first)
        stack.pop_all()
    return streams


def resident_kib(proxy: engine.Engine) -> int:
    """The engine's own memory, in KiB."""
    lines = Path(f"/proc/{proxy.process.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon"))


def descriptors(proxy: engine.Engine) -> int:
    return len(list(Path(f"/proc/{proxy.process.pid}/fd").iterdir()))


def accepted(proxy: engine.Engine) -> int:
    """Connections from elsewhere that the engine holds. Those to its admin server do not count:
    it closes the last ones of the start whenever it likes."""
    folder = Path(f"/proc/{proxy.process.pid}")
    with suppress(FileNotFoundError):  # a descriptor was closed meanwhile
        held = {link.readlink().name for link in (folder / "fd").iterdir()}
        lines = [
            line.split()
            for table in ("tcp", "tcp6")
            for line in (folder / "net" / table).read_text().splitlines()[1:]
        ]
        return sum(
            fields[1].endswith(f":{INBOUND:04X}") and f"socket:[{fields[9]}]" in held
            for fields in lines
            if fields[3] == ESTABLISHED
        )
    return 0


@pytest.fixture(scope="module")
def spaces() -> Iterator[Pair]:
    with pair() as spaces, closing(Server(spaces.app, WORKLOAD)):
        engine.redirect(spaces.app)
        yield spaces


@pytest.fixture
def detect() -> str:
    """How long a client may take to say what it wants."""
    return "3s"


@pytest.fixture
def proxy(spaces, tmp_path, detect) -> Iterator[engine.Engine]:
    control = FakeControl()
    for port in (engine.ADMIN, WORKLOAD):
        control.say("WatchPort", str(port), open_server())
    token = tmp_path / "token"
    token.write_text("token")
    with entered(spaces.app.path), control.running():
        variables = engine.environment(control, token) | {
            "LINKERD2_PROXY_LOG": "warn",
            "LINKERD2_PROXY_INBOUND_DETECT_TIMEOUT": detect,
        }
        with engine.running(spaces.app, variables, tmp_path / "log") as proxy:
            proxy.wait_ready()
            yield proxy


def test_fault_01_crowds_are_cheap_harm_nobody_and_leave_nothing_behind(spaces, proxy):
    with closing(Client(spaces.peer, APP[4], WORKLOAD)) as visitor:
        assert visitor.ask().endswith(f":{WORKLOAD}")
        before, open_before = resident_kib(proxy), descriptors(proxy)
        with ExitStack() as stack:
            for kind in KINDS:
                for stream in crowd(spaces.peer, kind, CONNECTIONS):
                    stack.enter_context(stream)
            engine.until("accepted", lambda: descriptors(proxy) > open_before + CONNECTIONS)
            begun = time.monotonic()
            assert visitor.ask().endswith(f":{WORKLOAD}")
            assert proxy.ask("/ready")[0] == 200
            took = time.monotonic() - begun
            grown = resident_kib(proxy) - before
        crowded = CONNECTIONS * len(KINDS)
        print(f"{grown / crowded:.1f} KiB a connection, an answer and readiness in {took:.3f} s")
        assert grown < KIB_PER_CONNECTION * crowded
        engine.until("closed", lambda: descriptors(proxy) <= open_before + 4)
        engine.until("given back", lambda: resident_kib(proxy) < before + KIB_LEFT)
        assert visitor.ask().endswith(f":{WORKLOAD}")


@pytest.mark.parametrize("detect", ["60s"])
@pytest.mark.parametrize("kind", ["nothing", "half a hello", "a hello", "half a head"])
def test_whoever_has_not_said_what_he_wants_does_not_hold_up_the_end(spaces, proxy, kind):
    with ExitStack() as stack:
        for stream in crowd(spaces.peer, kind, 5):
            stack.enter_context(stream)
        engine.until("accepted", lambda: accepted(proxy) == 5)
        begun = time.monotonic()
        assert proxy.stop(signal.SIGTERM) == 0
        print(f"ended after {time.monotonic() - begun:.2f} s")


def test_readiness_is_answered_beside_a_crowd_at_the_admin_port(spaces, proxy):
    with ExitStack() as stack:
        for _ in range(CONNECTIONS):
            stack.enter_context(spaces.peer.connection(APP[4], engine.ADMIN)).sendall(b"GET /me")
        assert proxy.ask("/ready")[0] == 200
        assert proxy.ask("/live")[0] == 200
        with entered(spaces.peer.path):
            scrape = http.client.HTTPConnection(APP[4], engine.ADMIN, timeout=SECONDS)
            scrape.connect()
        with closing(scrape):
            scrape.request("GET", "/metrics")
            assert scrape.getresponse().status == 200
