"""Ways that lead back to where they come from: refused as such, and nothing goes in circles."""

import ssl
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress

import engine
import fake_control
import hostile
import meshed
import pytest
from engine import IDENTITY
from fake_control import endpoints, opaque_policy, open_server
from hostile import ALPN, between_proxies, framed
from meshed import LOOPBACK, SERVER_IDENTITY, Mesh, Way
from network import APP, PEER, Pair
from raw_server import RawServer

from mesh_proto.pb import destination_pb2, header_pb2

pytestmark = [pytest.mark.netns, pytest.mark.timeout(60), pytest.mark.fault(10)]

PORT = 8080
INBOUND, OUTBOUND = 4143, 4140
OWN = "10.200.0.8"
"""A service of the client's own pod."""
LOST = "10.200.0.9"
"""A service whose endpoint is what a test says."""
OWN_NAME, LOST_NAME = (f"{name}.shop.svc.cluster.local:{PORT}" for name in ("own", "lost"))
FAR = "web.far.svc.cluster.local"
"""What gateways are asked for."""
GATEWAYS = {"LINKERD2_PROXY_INBOUND_GATEWAY_SUFFIXES": "far.svc.cluster.local."}
KEPT = b"GET / HTTP/1.1\r\nHost: web\r\n\r\n"
REQUEST = b"GET / HTTP/1.1\r\nHost: web\r\nConnection: close\r\n\r\n"
LISTENERS = [
    f"{LOOPBACK}:{OUTBOUND}",
    f"[::1]:{OUTBOUND}",
    f"{LOOPBACK}:{INBOUND}",
    f"{APP[4]}:{INBOUND}",
    f"[{APP[6]}]:{INBOUND}",
    f"0.0.0.0:{INBOUND}",
    f"[::ffff:{APP[4]}]:{INBOUND}",
]
CROWD = 20
"""Clients that are led astray at the same time."""
BUSY_SECONDS = 1.0
"""Of the processor, for a crowd."""


@pytest.fixture(scope="module")
def applications(spaces: Pair) -> Iterator[dict[str, RawServer]]:
    with ExitStack() as stack:
        yield {
            side: stack.enter_context(closing(RawServer(space.listener(PORT))))
            for side, space in (("own", spaces.app), ("other", spaces.peer))
        }


@pytest.fixture(scope="module")
def mesh(
    spaces: Pair, applications: dict[str, RawServer], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Mesh]:
    del applications  # they listen
    with meshed.running(spaces, tmp_path_factory.mktemp("loops"), GATEWAYS) as mesh:
        mesh.declare(PORT)
        own = meshed.meshed(f"{APP[4]}:{PORT}", IDENTITY)
        meshed.lead(mesh.asked, f"{OWN}:{PORT}", OWN_NAME, own)
        for control in (mesh.asked, mesh.told):
            control.say("WatchPort", str(INBOUND), open_server())
        yield mesh


@pytest.fixture(autouse=True)
def good_client(mesh: Mesh) -> Iterator[None]:
    """Neither proxy is busy once the test is over, nor has a good client noticed anything."""
    with ExitStack() as stack:
        for proxy in (mesh.client, mesh.server):
            stack.enter_context(hostile.harmless(proxy, mesh.through, PORT, KEPT, b"ok"))
        yield


def crowd(way: Way, port: int = PORT) -> list[bytes]:
    """The answers to clients that ask at the same time; empty where the connection is reset."""
    with ExitStack() as stack:
        streams = []
        for _ in range(CROWD):
            with suppress(ConnectionError):
                stream = stack.enter_context(way.connection(port))
                stream.sendall(REQUEST)
                streams.append(stream)
        return [b""] * (CROWD - len(streams)) + [engine.received(stream) for stream in streams]


@contextmanager
def bounded(proxy: engine.Engine) -> Iterator[None]:
    """What happens inside costs so little of the processor that nothing goes round in circles."""
    before = hostile.busy_seconds(proxy)
    yield
    assert hostile.busy_seconds(proxy) - before < BUSY_SECONDS


@contextmanager
def refused(proxy: engine.Engine, direction: str, reason: str, count: int = 1) -> Iterator[None]:
    """So many connections are refused inside, for this reason."""
    family, label = f"{direction}_tcp_errors_total", f'error="{reason}"'
    before = proxy.metric(family, label)
    yield
    engine.until(reason, lambda: proxy.metric(family, label) == before + count)


def own(mesh: Mesh, address: str) -> Way:
    return Way("the pod itself", mesh.spaces.app, address)


def test_a_pod_reaches_itself_by_its_service(mesh, applications):
    applications["own"].heard.clear()
    assert own(mesh, OWN).answer(PORT, REQUEST).startswith(b"HTTP/1.1 200")
    assert len(applications["own"].heard) == 1


@pytest.mark.parametrize("listener", LISTENERS)
def test_requests_that_are_led_to_the_proxy_itself_are_refused_at_once(mesh, listener):
    """The first one, those beside it, and those that come later."""
    meshed.lead(mesh.asked, f"{LOST}:{PORT}", LOST_NAME, endpoints(listener))
    for _ in range(2):
        with bounded(mesh.client):
            for answer in crowd(own(mesh, LOST)):
                assert answer.startswith(b"HTTP/1.1 508")
                assert b"l5d-proxy-error: self_connection" in answer


def test_endpoints_beside_the_proxy_itself_are_used(mesh, applications):
    applications["own"].heard.clear()
    both = endpoints(f"{APP[4]}:{INBOUND}", f"{APP[4]}:{PORT}")
    meshed.lead(mesh.asked, f"{LOST}:{PORT}", LOST_NAME, both)
    way = own(mesh, LOST)
    engine.until("both are known", lambda: way.answer(PORT, REQUEST).startswith(b"HTTP/1.1 200"))
    for _ in range(20):
        assert way.answer(PORT, REQUEST).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("listener", LISTENERS)
def test_bytes_that_are_led_to_the_proxy_itself_are_refused_at_once(mesh, listener):
    policy = opaque_policy(LOST_NAME)
    meshed.lead(mesh.asked, f"{LOST}:{PORT}", LOST_NAME, endpoints(listener), policy=policy)
    with refused(mesh.client, "outbound", "loop", CROWD), bounded(mesh.client):
        assert not any(crowd(own(mesh, LOST)))


@pytest.mark.parametrize(
    ("address", "port", "direction", "reason"),
    [
        (LOOPBACK, OUTBOUND, "outbound", "loop"),
        ("::1", OUTBOUND, "outbound", "loop"),
        (LOOPBACK, INBOUND, "inbound", "wrong_destination"),
        (APP[4], INBOUND, "inbound", "tls_garbage"),
        (APP[6], INBOUND, "inbound", "tls_garbage"),
    ],
)
def test_who_connects_to_a_listener_of_the_own_proxy_is_refused(
    mesh, address, port, direction, reason
):
    with refused(mesh.client, direction, reason, CROWD), bounded(mesh.client):
        # At most an alert.
        assert all(len(answer) < 16 for answer in crowd(own(mesh, address), port))


@pytest.mark.parametrize("port", [INBOUND, OUTBOUND])
@pytest.mark.parametrize("address", [PEER[4], PEER[6]])
def test_who_asks_for_a_listener_of_another_proxy_is_refused(mesh, applications, address, port):
    """Through their own proxy, and to whoever is redirected from there."""
    applications["other"].heard.clear()
    with bounded(mesh.client), bounded(mesh.server):
        for group in (0, mesh.stranger.group):
            way = Way("to a listener", mesh.spaces.app, address, group)
            for answer in crowd(way, port):
                assert answer.startswith(b"HTTP/1.1 502") or len(answer) < 16


@pytest.mark.parametrize("port", [INBOUND, OUTBOUND])
def test_a_header_that_names_a_listener_is_refused(mesh, tmp_path, port):
    """The outbound one listens on loopback only: from elsewhere, nobody is there."""
    reason = "loop" if port == INBOUND else "connect_refused"
    header = framed(header_pb2.Header(port=port).SerializeToString())
    with (
        refused(mesh.server, "inbound", reason),
        bounded(mesh.server),
        between_proxies(mesh, tmp_path, ALPN) as stream,
    ):
        stream.sendall(header + REQUEST)
        with suppress(ssl.SSLError):
            assert engine.received(stream) == b""


@pytest.fixture
def in_a_circle(mesh: Mesh) -> Iterator[Way]:
    """Each of two gateways is told that the other one leads to the name."""
    name = f"{FAR}:{PORT}"
    path = f"far.{LOST_NAME}"
    meshed.lead(mesh.asked, f"{LOST}:{PORT}", path, behind_gateway(PEER[4], SERVER_IDENTITY, name))
    meshed.lead(mesh.asked, name, name, behind_gateway(PEER[4], SERVER_IDENTITY, name))
    meshed.lead(mesh.told, name, name, behind_gateway(APP[4], IDENTITY, name))
    yield own(mesh, LOST)
    for control in (mesh.asked, mesh.told):
        control.say("Get", name, endpoints())


def behind_gateway(address: str, identity: str, name: str) -> destination_pb2.Update:
    update = fake_control.meshed(f"{address}:{INBOUND}", identity)
    (endpoint,) = update.add.addrs
    endpoint.authority_override.authority_override = name
    return update


def test_requests_between_gateways_end_at_the_first_one_they_have_passed(mesh, in_a_circle):
    with bounded(mesh.client), bounded(mesh.server):
        for answer in crowd(in_a_circle):
            assert answer.startswith(b"HTTP/1.1 508")
            assert b"gateway_loop" in answer


def test_bytes_between_gateways_end_after_so_many_of_them(mesh, in_a_circle):
    """They say nothing of where they have been, so that gateways count how many they were."""
    mesh.asked.say("Watch", f"{LOST}:{PORT}", opaque_policy(f"far.{LOST_NAME}"))
    engine.until("the policy is in force", lambda: not any(crowd(in_a_circle)))
    with (
        refused(mesh.server, "inbound", "gateway_loop", CROWD),
        bounded(mesh.client),
        bounded(mesh.server),
    ):
        assert not any(crowd(in_a_circle))
