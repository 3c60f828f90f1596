"""The engine follows the control plane, does without it, and finds it again."""

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing

import engine
import pytest
from fake_control import FakeControl, endpoints, opaque_policy, opaque_server, open_server, profile
from greeter import Greeter
from network import APP, PEER, Pair, pair

from mesh_proxy.init.namespace import entered

pytestmark = [pytest.mark.netns, pytest.mark.timeout(60)]

SERVICE = "10.200.0.1"
"""A ClusterIP: no machine has it, the default route leads to the peer."""
PORT = 7000
PATH = f"web.shop.svc.cluster.local:{PORT}"
A, B = 7001, 7002
RECOVERY = 2.0 + 0.5
"""Seconds in which a control plane that is back is followed, and for which the machine may be busy
with other things."""
LONG = 4.0
"""Seconds after which attempts to come back are as rare as they get."""


@pytest.fixture(scope="module")
def spaces() -> Iterator[Pair]:
    with pair() as spaces, ExitStack() as stack:
        engine.redirect(spaces.app)
        for port in (A, B):
            stack.enter_context(closing(Greeter(spaces.peer, port)))
        yield spaces


@pytest.fixture
def control(spaces: Pair) -> Iterator[FakeControl]:
    control = FakeControl()
    control.say("WatchPort", "4191", open_server())
    publish(control, SERVICE, A)
    with entered(spaces.app.path):
        control.start()
    try:
        yield control
    finally:
        control.stop()


@pytest.fixture
def proxy(spaces, control, tmp_path) -> Iterator[engine.Engine]:
    token = tmp_path / "token"
    token.write_text("token")
    variables = engine.environment(control, token) | {
        "LINKERD2_PROXY_OUTBOUND_DISCOVERY_IDLE_TIMEOUT": "1s",
        "LINKERD2_PROXY_OUTBOUND_TCP_FAILFAST_TIMEOUT": "1s",
    }
    with engine.running(spaces.app, variables, tmp_path / "log") as proxy:
        proxy.wait_ready()
        yield proxy


def publish(control: FakeControl, address: str, *ports: int, path: str = PATH) -> None:
    """A Service at `address` with the peer's `ports` as its endpoints."""
    control.say("GetProfile", f"{address}:{PORT}", profile(path.split(":")[0]))
    control.say("Watch", f"{address}:{PORT}", opaque_policy(path))
    control.say("Get", path, endpoints(*(f"{PEER[4]}:{port}" for port in ports)))


def lands(spaces: Pair, address: str = SERVICE, port: int = PORT) -> bytes:
    """The name of the server that answers a new connection; empty if it is refused."""
    with closing(spaces.app.connection(address, port)) as stream:
        try:
            return stream.recv(16)
        except ConnectionResetError:
            return b""


def lands_on(spaces: Pair, port: int, address: str = SERVICE) -> bool:
    return lands(spaces, address) == str(port).encode()


def stop(control: FakeControl, proxy: engine.Engine) -> None:
    control.stop()
    gone = ("control_connected", "policy"), ("control_connected", "destination")
    engine.until("noticed", lambda: not any(proxy.metric(*metric) for metric in gone))


def restart(control: FakeControl, spaces: Pair) -> None:
    with entered(spaces.app.path):
        control.start()


def test_connections_go_where_the_policy_says_and_follow_its_endpoints(spaces, control, proxy):
    assert lands(spaces) == b"7001"
    control.wait_stream("Get", PATH)
    publish(control, SERVICE, B)
    engine.until("followed", lambda: lands_on(spaces, B), seconds=2)


def test_what_the_control_plane_does_not_know_is_forwarded(spaces, proxy):
    assert lands(spaces, PEER[4], A) == b"7001"


@pytest.mark.parametrize("version", [4, 6])
def test_an_unknown_destination_of_either_family_is_forwarded(spaces, proxy, version):
    assert lands(spaces, PEER[version], B) == b"7002"


def test_a_destination_is_asked_for_once_and_forgotten_when_unused(spaces, control, proxy):
    for _ in range(5):
        assert lands(spaces) == b"7001"
    assert control.script.opened["Watch", f"{SERVICE}:{PORT}"] == 1
    gone = {("Watch", f"{SERVICE}:{PORT}"), ("GetProfile", f"{SERVICE}:{PORT}"), ("Get", PATH)}
    control.wait(
        "forgotten", lambda script: not any(script.streams[stream] for stream in gone), seconds=5
    )
    assert lands(spaces) == b"7001"
    assert control.script.opened["Watch", f"{SERVICE}:{PORT}"] == 2


def status(proxy: engine.Engine) -> dict[tuple[str, str], dict[str, object]]:
    """What the admin port tells of each stream, by call and target."""
    code, text = proxy.ask("/control.json")
    assert code == 200
    return {(one["call"], one["target"]): one for one in json.loads(text)["streams"]}


def test_each_control_stream_says_how_it_is(spaces, control, proxy):
    assert lands(spaces) == b"7001"
    control.wait_stream("Get", PATH)
    told = status(proxy)["Watch", f"{SERVICE}:{PORT}"]
    assert told["connected"]
    assert told["opened"] == 1
    assert told["revision"] == control.script.said["Watch", f"{SERVICE}:{PORT}"].number
    assert float(str(told["seconds_since_answer"])) < engine.SECONDS
    stop(control, proxy)
    gone = status(proxy)["WatchPort", "4191"]
    assert not gone["connected"]
    assert gone["problem"]
    services = json.loads(proxy.ask("/control.json")[1])["services"]
    assert {one["service"]: one["connected"] for one in services}["policy"] is False


def test_streams_beyond_the_services_limit_get_more_connections(spaces, control, tmp_path):
    control.stop()
    control.streams = 2
    others = [f"10.200.1.{number}" for number in range(1, 6)]
    for number, address in enumerate(others):
        publish(control, address, A, path=f"s{number}.shop.svc.cluster.local:{PORT}")
    with entered(spaces.app.path):
        control.start()
    token = tmp_path / "token"
    token.write_text("token")
    variables = engine.environment(control, token)
    with engine.running(spaces.app, variables, tmp_path / "log") as proxy, ExitStack() as stack:
        proxy.wait_ready()
        for address in others:
            stream = stack.enter_context(closing(spaces.app.connection(address, PORT)))
            assert stream.recv(16) == b"7001"
        assert proxy.metric("control_connects_total", 'service="policy"', 'result="ok"') >= 3
        told = status(proxy)
        assert all(told["Watch", f"{address}:{PORT}"]["connected"] for address in others)


class TestWithoutControlPlane:
    def test_known_destinations_go_on_and_changes_are_followed_on_return(
        self, spaces, control, proxy
    ):
        with closing(spaces.app.connection(SERVICE, PORT)) as stream:
            assert stream.recv(16) == b"7001"
            stop(control, proxy)
            stream.sendall(b"still here")
            assert stream.recv(16) == b"still here"
            assert lands(spaces) == b"7001"
            assert proxy.ask("/ready")[0] == 200
            publish(control, SERVICE, B)
            restart(control, spaces)
            engine.until("followed", lambda: lands_on(spaces, B), seconds=RECOVERY)

    def test_a_long_absence_is_followed_as_soon_as_a_short_one(self, spaces, control, proxy):
        assert lands(spaces) == b"7001"
        for port in (B, A, B):
            stop(control, proxy)
            attempts = proxy.metric("control_connects_total", 'service="policy"', 'result="error"')
            time.sleep(LONG)
            tried = proxy.metric("control_connects_total", 'service="policy"', 'result="error"')
            assert tried > attempts
            publish(control, SERVICE, port)
            restart(control, spaces)
            engine.until("followed", lambda: lands_on(spaces, port), seconds=RECOVERY)  # noqa: B023

    def test_an_unused_destination_is_remembered_and_marked(self, spaces, control, proxy):
        assert lands(spaces) == b"7001"
        control.wait(
            "forgotten", lambda script: not script.streams["Watch", f"{SERVICE}:{PORT}"], seconds=5
        )
        stop(control, proxy)
        assert lands(spaces) == b"7001"
        assert proxy.metric("control_discovery_stale") == 1
        publish(control, SERVICE, B)
        restart(control, spaces)
        engine.until("followed", lambda: lands_on(spaces, B), seconds=RECOVERY)
        assert proxy.metric("control_discovery_stale") == 0

    def test_an_unknown_destination_is_refused_in_time_and_known_on_return(
        self, spaces, control, proxy
    ):
        stop(control, proxy)
        begun = time.monotonic()
        assert lands(spaces, "10.200.0.2") == b""
        assert time.monotonic() - begun < 3
        proxy.wait_log("out of reach")
        publish(control, "10.200.0.2", A)
        restart(control, spaces)
        engine.until("known", lambda: lands_on(spaces, A, "10.200.0.2"), seconds=RECOVERY + 1)


def test_a_control_plane_that_is_replaced_gracefully_is_followed(spaces, control, proxy):
    assert lands(spaces) == b"7001"
    with entered(spaces.app.path):
        control.hand_over(grace=20)
    other, path = "10.200.0.3", f"other.shop.svc.cluster.local:{PORT}"
    publish(control, other, B, path=path)
    engine.until("new look-ups", lambda: lands_on(spaces, B, other), seconds=RECOVERY)
    publish(control, SERVICE, B)
    engine.until("old streams", lambda: lands_on(spaces, B), seconds=2)


class TestFaults:
    def test_fault_50_a_repeated_revision_is_dropped_and_the_stream_opened_again(
        self, spaces, control, proxy
    ):
        assert lands(spaces) == b"7001"
        key = ("Get", PATH)
        control.wait_stream(*key)
        repeated = control.script.said[key].number
        control.say(*key, endpoints(f"{PEER[4]}:{B}"), number=repeated)
        control.wait("again", lambda script: script.opened[key] >= 2)
        engine.until("followed", lambda: lands_on(spaces, B))
        assert proxy.metric("control_revision_rejected_total", 'call="Get"') == 1

    def test_a_policy_that_makes_no_sense_changes_nothing(self, spaces, control, proxy):
        assert lands(spaces) == b"7001"
        control.say("Watch", f"{SERVICE}:{PORT}", type(opaque_policy(PATH))())
        engine.until(
            "seen", lambda: proxy.metric("control_message_rejected_total", 'call="Watch"') == 1
        )
        assert lands(spaces) == b"7001"

    def test_a_server_that_ends_every_stream_is_not_asked_in_a_loop(self, spaces, control, proxy):
        assert lands(spaces) == b"7001"
        control.script.limit = 1
        key = ("Watch", f"{SERVICE}:{PORT}")
        control.say(*key, opaque_policy(PATH))
        control.wait("again", lambda script: script.opened[key] >= 4)
        before = control.script.opened[key]
        time.sleep(1)
        assert control.script.opened[key] - before < 20
        assert lands(spaces) == b"7001"

    def test_a_change_of_the_inbound_policy_is_followed(self, spaces, control, proxy):
        port = A
        with closing(Greeter(spaces.app, port)):
            control.say("WatchPort", str(port), opaque_server())
            assert answers(spaces, port)
            nobody = opaque_server()
            del nobody.authorizations[:]
            control.say("WatchPort", str(port), nobody)
            engine.until("denied", lambda: not answers(spaces, port), seconds=2)
            control.say("WatchPort", str(port), opaque_server())
            engine.until("allowed", lambda: answers(spaces, port), seconds=2)


def answers(spaces: Pair, port: int) -> bool:
    """Whether a connection from outside reaches the application."""
    try:
        with closing(spaces.peer.connection(APP[4], port)) as stream:
            return stream.recv(4) == str(port).encode()
    except ConnectionResetError:
        return False
