"""The engine as a process: exit codes, certification, admin server, end."""

import datetime
import json
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

import engine
import grpc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from engine import IDENTITY, SECONDS
from fake_control import FakeControl, opaque_server, open_server
from network import Pair, pair

from mesh_proxy.init.namespace import entered

pytestmark = [pytest.mark.netns, pytest.mark.timeout(60)]


@pytest.fixture(scope="module")
def spaces() -> Iterator[Pair]:
    with pair() as spaces:
        engine.redirect(spaces.app)
        yield spaces


@pytest.fixture
def control(spaces: Pair) -> Iterator[FakeControl]:
    control = FakeControl()
    control.say("WatchPort", "4191", open_server())
    with entered(spaces.app.path):
        control.start()
    try:
        yield control
    finally:
        control.stop()


@pytest.fixture
def token(tmp_path):
    path = tmp_path / "token"
    path.write_text("first\n")
    return path


@pytest.fixture
def variables(control, token):
    return engine.environment(control, token)


@pytest.fixture
def start(spaces, variables, tmp_path):
    variables["LINKERD2_PROXY_INBOUND_PORTS"] = str(engine.WORKLOAD)

    def start(**changes: str):
        changed = {f"LINKERD2_PROXY_{name}": value for name, value in changes.items()}
        return engine.running(spaces.app, variables | changed, tmp_path / "log")

    return start


@pytest.fixture
def held(spaces, control):
    """A way to hold a connection from outside to the application open."""
    control.say("WatchPort", str(engine.WORKLOAD), opaque_server())
    listener = spaces.app.listener(engine.WORKLOAD)
    listener.settimeout(SECONDS)

    @contextmanager
    def held(proxy: engine.Engine) -> Iterator[tuple[socket.socket, socket.socket]]:
        proxy.wait_ready()
        control.wait_stream("WatchPort", str(engine.WORKLOAD))
        with closing(spaces.peer.connection(engine.APP[4], engine.WORKLOAD)) as stream:
            application, _ = listener.accept()
            with application:
                application.sendall(b"hello")
                assert stream.recv(5) == b"hello"
                yield stream, application

    with closing(listener):
        yield held


class TestStart:
    @pytest.mark.parametrize(
        "name, value, says",
        [
            ("LINKERD2_PROXY_INBOUND_PORTS", "80,http", "not a port"),
            ("LINKERD2_PROXY_OUTBOUND_CONNECT_TIMEOUT", "1 second", "ms, s, m, h or d"),
            ("LINKERD2_PROXY_IDENTITY_DISABLED", "1", "mandatory"),
            ("LINKERD2_PROXY_POLICY_WORKLOAD", "", "must be set"),
        ],
    )
    def test_an_invalid_variable_is_named_on_one_line(self, spaces, variables, name, value, says):
        done = engine.run_once(spaces.app, variables | {name: value})
        assert done.returncode == 64
        (line,) = done.stderr.splitlines()
        assert name in line
        assert says in line

    def test_a_port_that_is_taken_is_named(self, spaces, variables):
        with closing(spaces.app.listener(4143)):
            done = engine.run_once(spaces.app, variables)
        assert done.returncode == 1
        assert "cannot listen on [::]:4143" in done.stderr.splitlines()[-1]


class TestIdentity:
    def test_the_request_asks_for_one_name_with_a_fresh_p256_key(self, start, control):
        with start() as proxy:
            proxy.wait_ready()
        (request,) = control.script.certified
        assert request.identity == IDENTITY
        assert request.token == b"first"
        csr = x509.load_der_x509_csr(request.certificate_signing_request)
        assert csr.is_signature_valid
        assert isinstance(csr.public_key().curve, ec.SECP256R1)
        (extension,) = csr.extensions
        assert list(extension.value) == [x509.DNSName(IDENTITY)]
        assert not list(csr.subject)

    def test_until_certified_it_lives_is_not_ready_and_can_be_stopped(self, start, control):
        control.refuse_to_certify(grpc.StatusCode.FAILED_PRECONDITION, "the token is not yours")
        with start() as proxy:
            engine.until("live", proxy.is_up)
            control.wait("asked", lambda script: len(script.certified) >= 2)
            assert proxy.ask("/ready")[0] == 503
            proxy.wait_log("the token is not yours")
            assert proxy.stop() == 0

    def test_it_is_ready_soon_after_the_services_return(self, start, control, spaces):
        control.stop()
        with start() as proxy:
            engine.until("live", proxy.is_up)
            engine.until("tried", lambda: proxy.metric("control_connects_total", "identity") >= 3)
            with entered(spaces.app.path):
                control.start()
            proxy.wait_ready(seconds=3)

    def test_it_renews_with_the_token_of_that_moment_and_another_key(self, start, control, token):
        control.script.life = datetime.timedelta(seconds=3)
        with start(IDENTITY_MIN_REFRESH="1s") as proxy:
            proxy.wait_ready()
            token.write_text("second")
            control.wait("renewed", lambda script: len(script.certified) >= 2)
            engine.until(
                "installed",
                lambda: proxy.metric("control_identity_cert_refreshes_total", 'result="ok"') >= 2,
            )
            first, second = control.script.certified[:2]
            assert second.token == b"second"
            assert first.certificate_signing_request != second.certificate_signing_request
            expires = proxy.metric("control_identity_cert_expiration_timestamp_seconds")
            assert expires > time.time()

    def test_a_certificate_of_somebody_else_is_refused(self, start, control):
        leaf = control.authority.leaf
        control.authority.leaf = lambda key, _, life: leaf(key, "other.example", life)
        with start() as proxy:
            engine.until("live", proxy.is_up)
            refused = "control_identity_cert_refreshes_total", 'result="error"'
            engine.until("refused", lambda: proxy.metric(*refused) >= 1)
            assert proxy.ask("/ready")[0] == 503
            proxy.wait_log("the certificate is for other.example")


class TestAdmin:
    @pytest.fixture
    def proxy(self, start):
        with start(SHUTDOWN_ENDPOINT_ENABLED="true") as proxy:
            proxy.wait_ready()
            yield proxy

    def test_metrics_name_the_process_and_the_certificate(self, proxy):
        status, text = proxy.ask("/metrics")
        assert status == 200
        for family in (
            "process_resident_memory_bytes",
            "process_cpu_seconds_total",
            "process_open_fds",
            "process_start_time_seconds",
            "proxy_build_info",
            "control_identity_cert_expiration_timestamp_seconds",
            "tcp_open_total",
            "request_total",
        ):
            assert f"# TYPE {family} " in text
        assert proxy.metric("control_connected", 'service="policy"') == 1

    def test_the_environment_and_the_log_level_are_for_the_pod_itself(self, proxy, spaces):
        values = json.loads(proxy.ask("/env.json?LINKERD2_PROXY_IDENTITY_LOCAL_NAME&NONE")[1])
        assert values == {"LINKERD2_PROXY_IDENTITY_LOCAL_NAME": IDENTITY, "NONE": None}
        assert proxy.ask("/proxy-log-level", "PUT", "warn,linkerd=trace")[0] == 204
        assert proxy.ask("/proxy-log-level")[1] == "warn,linkerd=trace\n"
        assert proxy.ask("/proxy-log-level", "PUT", "loud")[0] == 400
        for path in ("/env.json", "/proxy-log-level"):
            assert proxy.ask(path, Host="rebound.example")[0] == 403
        with closing(spaces.peer.connection(engine.APP[4], engine.ADMIN)) as stream:
            stream.sendall(b"GET /env.json HTTP/1.0\r\n\r\n")
            assert engine.received(stream).startswith(b"HTTP/1.0 403")

    def test_shutdown_ends_the_process(self, proxy):
        assert proxy.ask("/shutdown")[0] == 405
        assert proxy.ask("/shutdown", "POST")[0] == 200
        assert proxy.process.wait(SECONDS) == 0


class TestEnd:
    def test_an_idle_proxy_ends_at_once(self, start):
        with start() as proxy:
            proxy.wait_ready()
            begun = time.monotonic()
            assert proxy.stop() == 0
            assert time.monotonic() - begun < 2

    def test_shutdown_is_not_there_unless_enabled(self, start):
        with start() as proxy:
            proxy.wait_ready()
            assert proxy.ask("/shutdown", "POST")[0] == 404

    @pytest.mark.parametrize("again", [signal.SIGTERM, signal.SIGINT])
    def test_an_open_connection_is_waited_for_until_the_second_signal(self, start, held, again):
        with start() as proxy, held(proxy):
            proxy.process.send_signal(signal.SIGTERM)
            proxy.wait_log("stopping")
            with pytest.raises(engine.subprocess.TimeoutExpired):
                proxy.process.wait(0.3)
            assert proxy.stop(again) == 0

    def test_an_open_connection_is_cut_after_the_grace_period(self, start, held):
        with start(SHUTDOWN_GRACE_PERIOD="200ms") as proxy, held(proxy):
            assert proxy.stop() == 0
            proxy.wait_log("grace period is over")

    def test_the_end_of_the_last_connection_is_the_end(self, start, held):
        with start() as proxy, held(proxy) as ends:
            proxy.process.send_signal(signal.SIGTERM)
            proxy.wait_log("stopping")
            for end in ends:
                end.close()
            assert proxy.process.wait(SECONDS) == 0
            proxy.wait_log("stopped")
