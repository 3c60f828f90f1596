"""The engine under a stock control plane: no revisions, raw deltas, whatever it says of routes."""

import http.client
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import engine
import pytest
from fake_control import FakeControl, detect_policy, opaque_server, open_server, profile
from network import APP, PEER, Namespace, Pair, pair
from stock_control import (
    Deltas,
    add,
    add_backend,
    add_invalid_backend,
    later,
    no_endpoints,
    remove,
    say,
)

from mesh_proto.pb import destination_pb2, inbound_pb2, outbound_pb2
from mesh_proxy.init.namespace import entered

pytestmark = [pytest.mark.netns, pytest.mark.timeout(60)]

SERVICE, PORT = "10.200.0.1", 7000
DESTINATION = f"{SERVICE}:{PORT}"
PATH = f"web.shop.svc.cluster.local:{PORT}"
A, B = f"{PEER[4]}:7001", f"{PEER[4]}:7002"
REFUSED = "504"
"""What a client gets where there is no endpoint."""


class Named(BaseHTTPRequestHandler):
    """Answers with the address that it is reached at."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = f"{PEER[4]}:{self.server.server_port}".encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Keep quiet."""


class Server(ThreadingHTTPServer):
    """An application in a pod."""

    def __init__(self, space: Namespace, port: int) -> None:
        listener = space.listener(port)
        super().__init__(("", port), Named, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        self.server_port = port
        threading.Thread(target=self.serve_forever, args=[0.05], daemon=True).start()

    def close(self) -> None:
        self.shutdown()
        self.server_close()


class Client:
    """An HTTP/1.1 connection of an application, kept alive."""

    def __init__(self, space: Namespace, address: str = SERVICE, port: int = PORT) -> None:
        self._connection = http.client.HTTPConnection(address, port, timeout=engine.SECONDS)
        with entered(space.path):
            self._connection.connect()
        self._socket = self._connection.sock

    def ask(self) -> str:
        """The body of the answer, or its status where that is an error."""
        self._connection.request("GET", "/")
        response = self._connection.getresponse()
        body = response.read().decode()
        return body if response.status == 200 else str(response.status)

    @property
    def is_the_first_connection(self) -> bool:
        return self._connection.sock is self._socket

    def close(self) -> None:
        self._connection.close()


@pytest.fixture(scope="module")
def spaces() -> Iterator[Pair]:
    with pair() as spaces, ExitStack() as stack:
        engine.redirect(spaces.app)
        for address in (A, B):
            stack.enter_context(closing(Server(spaces.peer, int(address.split(":")[1]))))
        stack.enter_context(closing(Server(spaces.app, engine.WORKLOAD)))
        yield spaces


@pytest.fixture
def deltas() -> Deltas:
    return Deltas(add(A))


@pytest.fixture
def control(spaces: Pair, deltas: Deltas) -> Iterator[FakeControl]:
    control = FakeControl()
    control.deltas[PATH] = deltas
    say(control, "WatchPort", "4191", open_server())
    say(control, "GetProfile", DESTINATION, profile(PATH.split(":")[0]))
    say(control, "Watch", DESTINATION, detect_policy(PATH))
    with entered(spaces.app.path):
        control.start()
    try:
        yield control
    finally:
        deltas.end()
        control.stop()


@pytest.fixture
def proxy(spaces, control, tmp_path) -> Iterator[engine.Engine]:
    token = tmp_path / "token"
    token.write_text("token")
    variables = engine.environment(control, token) | {
        "LINKERD2_PROXY_OUTBOUND_HTTP_FAILFAST_TIMEOUT": "1s",
        "LINKERD2_PROXY_INBOUND_PORTS": str(engine.WORKLOAD),
    }
    with engine.running(spaces.app, variables, tmp_path / "log") as proxy:
        proxy.wait_ready()
        yield proxy


@pytest.fixture
def client(spaces, proxy) -> Iterator[Client]:
    with closing(Client(spaces.app)) as client:
        yield client


def wait_for(client: Client, *expected: str) -> None:
    """Wait until the next answers are these and no others."""
    rounds = 8 * len(expected)
    engine.until(
        f"answers {expected}", lambda: {client.ask() for _ in range(rounds)} == set(expected)
    )


def rule(policy: outbound_pb2.OutboundPolicy) -> outbound_pb2.HttpRoute.Rule:
    """The rule for HTTP/1."""
    return policy.protocol.detect.http1.routes[0].rules[0]


class TestDeltas:
    def test_they_add_up(self, client, deltas):
        wait_for(client, A)
        deltas.send(add(B))
        wait_for(client, A, B)
        deltas.send(remove(A))
        wait_for(client, B)
        deltas.send(no_endpoints(exists=True))
        wait_for(client, REFUSED)
        deltas.send(add(A), add(B))
        wait_for(client, A, B)
        deltas.send(no_endpoints(exists=False))
        wait_for(client, REFUSED)
        deltas.send(add(B))
        wait_for(client, B)

    def test_what_was_removed_while_no_stream_was_open_goes(self, client, deltas):
        deltas.send(add(B))
        wait_for(client, A, B)
        deltas.end(add(B))
        wait_for(client, B)
        assert deltas.opened >= 2

    def test_what_is_known_stays_until_the_new_stream_speaks(self, client, deltas):
        wait_for(client, A)
        before = deltas.opened
        deltas.end()
        engine.until("opened again", lambda: deltas.opened > before)
        wait_for(client, A)
        deltas.send(no_endpoints(exists=True))
        wait_for(client, REFUSED)

    def test_messages_and_fields_of_later_versions_are_passed_over(self, client, deltas, proxy):
        wait_for(client, A)
        deltas.send(later(destination_pb2.Update()), later(add(B)))
        wait_for(client, A, B)
        assert proxy.metric("control_message_rejected_total", 'call="Get"') == 1


class TestRoutes:
    def test_a_share_without_a_backend_fails_alone(self, client, control):
        policy = detect_policy(PATH)
        valid = outbound_pb2.Backend()
        valid.CopyFrom(rule(policy).backends.first_available.backends[0].backend)
        rule(policy).ClearField("backends")
        add_backend(rule(policy), valid, weight=1)
        add_invalid_backend(rule(policy), weight=1)
        say(control, "Watch", DESTINATION, policy)
        wait_for(client, A, "500")
        shares = Counter(client.ask() for _ in range(200))
        assert 60 < shares["500"] < 140
        assert client.is_the_first_connection

    def test_a_backend_of_weight_0_gets_nothing(self, client, control):
        policy = detect_policy(PATH)
        valid = outbound_pb2.Backend()
        valid.CopyFrom(rule(policy).backends.first_available.backends[0].backend)
        rule(policy).ClearField("backends")
        add_invalid_backend(rule(policy), weight=0)
        add_backend(rule(policy), valid, weight=1)
        say(control, "Watch", DESTINATION, later(policy))
        assert {client.ask() for _ in range(20)} == {A}

    @pytest.mark.parametrize("message", ["Forbidden", "line\r\nbreak \N{SNOWMAN}"])
    def test_a_filter_answers_with_its_status_and_message(self, client, control, message):
        policy = detect_policy(PATH)
        failure = rule(policy).filters.add().failure_injector
        failure.status, failure.message = 403, message
        say(control, "Watch", DESTINATION, policy)
        wait_for(client, "403")

    def test_no_backend_at_all_is_an_error_of_the_configuration(self, client, control):
        policy = detect_policy(PATH)
        rule(policy).backends.empty.SetInParent()
        say(control, "Watch", DESTINATION, policy)
        wait_for(client, "500")

    def test_missing_metadata_spoils_nothing(self, client, control, proxy):
        policy = detect_policy(PATH)
        policy.ClearField("metadata")
        rule(policy).backends.first_available.backends[0].backend.ClearField("metadata")
        say(control, "Watch", DESTINATION, policy)
        engine.until("taken", lambda: client.ask() == A)
        assert proxy.metric("control_message_rejected_total") == 0

    def test_a_forward_backend_goes_where_it_says(self, client, control):
        policy = detect_policy(PATH)
        backend = rule(policy).backends.first_available.backends[0].backend
        backend.forward.CopyFrom(add(B).add.addrs[0])
        say(control, "Watch", DESTINATION, policy)
        wait_for(client, B)

    def test_an_open_connection_outlives_its_ports_becoming_opaque(self, client, control, deltas):
        wait_for(client, A)
        policy = detect_policy(PATH)
        routes = policy.protocol.detect.opaque.routes
        policy.protocol.opaque.routes.extend(list(routes))
        say(control, "Watch", DESTINATION, policy)
        deltas.send(add(B), remove(A))
        wait_for(client, B)
        assert client.is_the_first_connection


class TestProfiles:
    def test_a_pod_address_is_reached_as_its_profile_describes_it(self, spaces, proxy, control):
        """The policy service does not know addresses of pods."""
        described = destination_pb2.DestinationProfile(endpoint=add(B).add.addrs[0])
        say(control, "GetProfile", A, described)
        with closing(Client(spaces.app, PEER[4], 7001)) as client:
            assert client.ask() == B

    def test_an_address_that_nobody_knows_is_reached_as_it_is(self, spaces, proxy):
        with closing(Client(spaces.app, PEER[4], 7001)) as client:
            assert client.ask() == A

    def test_targets_of_a_service_profile_spoil_nothing(self, client, control):
        targets = profile("web.shop.svc.cluster.local")
        targets.dst_overrides.add(authority=f"other.shop.svc.cluster.local:{PORT}", weight=1)
        targets.routes.add().condition.path.regex = "/.*"
        say(control, "GetProfile", DESTINATION, later(targets))
        wait_for(client, A)


class TestInbound:
    """What a stock controller says of the pod's own port."""

    @pytest.fixture
    def visitor(self, spaces, proxy) -> Iterator[Client]:
        with closing(Client(spaces.peer, APP[4], engine.WORKLOAD)) as visitor:
            yield visitor

    def publish(self, control: FakeControl, server: inbound_pb2.Server) -> None:
        say(control, "WatchPort", str(engine.WORKLOAD), server)

    def test_one_of_several_authorizations_is_enough(self, visitor, control, proxy):
        server = later(open_server())
        server.labels.update({"group": "policy.linkerd.io", "kind": "server", "name": "web"})
        mesh = inbound_pb2.Authz()
        mesh.CopyFrom(server.authorizations[0])
        mesh.metadata.default = "mesh-only"
        mesh.authentication.meshTLS.identities.suffixes.add(parts=["cluster", "local"])
        server.authorizations.insert(0, mesh)
        self.publish(control, server)
        named = 'srv_name="web"', 'authz_name="all-unauthenticated"'
        engine.until("served", lambda: visitor.ask() == f"{PEER[4]}:{engine.WORKLOAD}")
        engine.until(
            "counted",
            lambda: visitor.ask() != "403"
            and proxy.metric("inbound_http_authz_allow_total", *named) >= 1,
        )
        del server.authorizations[1]
        self.publish(control, server)
        wait_for(visitor, "403")
        assert proxy.metric("inbound_http_authz_deny_total", 'srv_name="web"') >= 1

    def test_an_open_connection_outlives_a_change_of_protocol(self, visitor, control):
        body = f"{PEER[4]}:{engine.WORKLOAD}"
        for server in (open_server(), opaque_server(), open_server()):
            self.publish(control, server)
            wait_for(visitor, body)
        assert visitor.is_the_first_connection
        denied = opaque_server()
        del denied.authorizations[:]
        self.publish(control, denied)
        wait_for(visitor, "403")

    def test_a_server_of_a_later_kind_changes_nothing(self, visitor, control, proxy):
        server = open_server()
        server.ClearField("protocol")
        del server.authorizations[:]
        self.publish(control, server)
        rejected = "control_message_rejected_total", 'call="WatchPort"'
        engine.until("seen", lambda: proxy.metric(*rejected) == 1)
        assert visitor.ask() == f"{PEER[4]}:{engine.WORKLOAD}"
