"""What clients are told while the proxy lacks a certificate, or the control plane's word."""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

import engine
import grpc
import pytest
from engine import Engine
from fake_control import FakeControl, detect_policy, endpoints, meshed, profile
from meshed import NAME, SERVER_IDENTITY, SERVICE, UNMESHED
from network import PEER, Pair, pair
from raw_server import RawServer

from mesh_proxy.init.namespace import entered

pytestmark = [pytest.mark.netns, pytest.mark.timeout(60)]

PORT = 8080
PATH, PLAIN = f"{NAME}:{PORT}", f"plain.{NAME}:{PORT}"
UNKNOWN = "10.200.0.9"
FAILFAST = 1
Start = Callable[..., AbstractContextManager[Engine]]


@pytest.fixture(scope="module")
def spaces() -> Iterator[Pair]:
    with pair() as spaces:
        engine.redirect(spaces.app)
        yield spaces


@pytest.fixture(autouse=True)
def application(spaces: Pair) -> Iterator[RawServer]:
    with closing(RawServer(spaces.peer.listener(PORT))) as application:
        yield application


@pytest.fixture
def control(spaces: Pair) -> Iterator[FakeControl]:
    control = FakeControl()
    for address, path in ((SERVICE, PATH), (UNMESHED, PLAIN)):
        control.say("GetProfile", f"{address}:{PORT}", profile(path.rpartition(":")[0]))
        control.say("Watch", f"{address}:{PORT}", detect_policy(path))
    control.say("Get", PATH, meshed(f"{PEER[4]}:{PORT}", SERVER_IDENTITY))
    # Past the servers' proxy, of which there is none here.
    control.say("Get", PLAIN, endpoints(f"{PEER[4]}:{PORT}"))
    with entered(spaces.app.path):
        control.start()
    yield control
    control.stop()


@pytest.fixture
def start(spaces: Pair, control: FakeControl, tmp_path: Path) -> Start:
    token = tmp_path / "token"
    token.write_text("token")

    @contextmanager
    def start(**changes: str) -> Iterator[Engine]:
        changes |= {
            "OUTBOUND_DISABLE_INFORMATIONAL_HEADERS": "false",
            "OUTBOUND_HTTP_FAILFAST_TIMEOUT": f"{FAILFAST}s",
            "OUTBOUND_TCP_FAILFAST_TIMEOUT": f"{FAILFAST}s",
        }
        settings = engine.environment(control, token)
        settings |= {f"LINKERD2_PROXY_{name}": value for name, value in changes.items()}
        with engine.running(spaces.app, settings, tmp_path / "log") as proxy:
            engine.until("live", proxy.is_up)
            yield proxy

    return start


def ask(spaces: Pair, address: str, *fields: str) -> tuple[int, str]:
    """The status of the answer, and the reason that the proxy gives."""
    lines = ["GET /x HTTP/1.1", "Host: web", "Connection: close", *fields, "", ""]
    with spaces.app.connection(address, PORT) as stream:
        stream.sendall("\r\n".join(lines).encode())
        head = engine.received(stream).decode().partition("\r\n\r\n")[0]
    found = dict(line.split(": ", 1) for line in head.split("\r\n")[1:])
    return int(head[9:12] or 0), found.get("l5d-proxy-error", "").partition(":")[0]


def test_without_a_certificate_the_endpoint_is_not_reached(spaces, control, start, application):
    control.refuse_to_certify(grpc.StatusCode.FAILED_PRECONDITION, "not yet")
    with start() as proxy:
        control.wait("asked", lambda script: bool(script.certified))
        assert ask(spaces, SERVICE) == (503, "not_certified")
        assert not application.heard
        # What needs no certificate is carried.
        assert ask(spaces, UNMESHED) == (200, "")
        control.refuse_to_certify(None)
        proxy.wait_ready()
        # Nobody speaks TLS at the servers' proxy's port.
        assert ask(spaces, SERVICE)[1] != "not_certified"


class Mute:
    """A control plane that has taken the question and does not answer."""

    def __init__(self) -> None:
        self.asked = threading.Event()

    def stream(self, context: grpc.ServicerContext) -> Iterator[object]:
        over = threading.Event()
        context.add_callback(over.set)
        self.asked.set()
        over.wait(engine.SECONDS)
        return
        yield


def test_endpoints_that_the_control_plane_does_not_tell(spaces, control, start):
    mute = Mute()
    control.deltas[PATH] = mute
    with start() as proxy:
        proxy.wait_ready()
        assert ask(spaces, SERVICE) == (504, "discovery_timeout")
        assert mute.asked.is_set()
        assert ask(spaces, UNMESHED) == (200, "")


class TestWithoutControlPlane:
    def test_a_name_that_nobody_knows(self, spaces, control, start):
        with start(INGRESS_MODE="true") as proxy:
            proxy.wait_ready()
            assert ask(spaces, PEER[4]) == (200, "")
            control.stop()
            to = f"l5d-dst-override: other.shop.svc.cluster.local:{PORT}"
            assert ask(spaces, PEER[4], to) == (504, "discovery_timeout")
            assert ask(spaces, PEER[4]) == (200, "")

    def test_an_address_that_nobody_knows(self, spaces, control, start):
        with start() as proxy:
            proxy.wait_ready()
            assert ask(spaces, UNMESHED) == (200, "")
            control.stop()
            # Not even whether it speaks HTTP: the connection is reset.
            assert ask(spaces, UNKNOWN) == (0, "")
            why = 'error="discovery"'
            assert proxy.metric("outbound_tcp_errors_total", why) == 1
            assert ask(spaces, UNMESHED) == (200, "")
