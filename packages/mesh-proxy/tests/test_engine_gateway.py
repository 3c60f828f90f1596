"""A gateway passes on what other clusters send, to names of its own cluster and nowhere else."""

import os
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import engine
import grpc_server
import meshed
import pytest
from fake_control import detect_policy, endpoints, opaque_policy, open_server
from meshed import SERVER_IDENTITY, SERVICE, Mesh
from network import PEER, Pair
from raw_server import RawServer

from mesh_proto.pb import inbound_pb2

pytestmark = [pytest.mark.netns, pytest.mark.timeout(90)]

FAR = "web.far.svc.cluster.local"
"""What the gateway is asked for; it knows a server by that name."""
PORT, APPLICATION, GRPC = 8080, 8090, 50051
SUFFIXES = {"LINKERD2_PROXY_INBOUND_GATEWAY_SUFFIXES": "far.svc.cluster.local."}


@pytest.fixture(scope="module")
def server(spaces: Pair) -> Iterator[RawServer]:
    with closing(RawServer(spaces.peer.listener(APPLICATION))) as server:
        yield server


@pytest.fixture(scope="module")
def gateway(
    spaces: Pair, server: RawServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Mesh]:
    del server  # it listens
    folder = tmp_path_factory.mktemp("gateway")
    with meshed.running(spaces, folder, SUFFIXES) as mesh:
        mesh.told.say("WatchPort", "4143", open_server())
        know(mesh, PORT, APPLICATION)
        know(mesh, GRPC, GRPC)
        for port in (PORT, GRPC):
            mesh.declare(port)
            ask_for(mesh, port, f"{FAR}:{port}")
        yield mesh


def know(mesh: Mesh, port: int, application: int) -> None:
    """Tell the gateway where a name of its cluster leads."""
    name = f"{FAR}:{port}"
    meshed.lead(mesh.told, name, name, endpoints(f"{PEER[4]}:{application}"))


def ask_for(mesh: Mesh, port: int, name: str) -> None:
    """Tell the client's proxy that the service lies behind the gateway, and by which name."""
    path = f"{meshed.NAME}:{port}"
    update = meshed.meshed(f"{PEER[4]}:4143", SERVER_IDENTITY)
    (endpoint,) = update.add.addrs
    endpoint.authority_override.authority_override = name
    mesh.asked.say("Get", path, update)


def request(mesh: Mesh, *fields: str, port: int = PORT) -> bytes:
    lines = ["GET /x?y HTTP/1.1", f"Host: web:{port}", *fields, "", ""]
    with mesh.spaces.app.connection(SERVICE, port) as stream:
        stream.sendall("\r\n".join(lines).encode())
        answer = b""
        while b"\r\n\r\n" not in answer:
            data = stream.recv(4096)
            assert data, answer
            answer += data
        return answer


@pytest.fixture(autouse=True)
def nothing_heard(server: RawServer) -> None:
    server.heard.clear()


def test_a_request_goes_on_to_the_name_and_says_where_it_has_been(gateway, server):
    answer = request(gateway, "l5d-client-id: somebody")
    assert answer.startswith(b"HTTP/1.1 200")
    assert b"l5d-" not in answer
    (heard,) = server.heard
    head = heard.decode().lower()
    assert head.startswith("get /x?y http/1.1\r\n")
    assert f"host: {FAR}:{PORT}\r\n" in head
    element = f'by={SERVER_IDENTITY};for={engine.IDENTITY};host="{FAR}:{PORT}";proto=https'
    assert f"forwarded: {element}\r\n" in head
    assert "somebody" not in head


def test_what_was_forwarded_before_is_kept(gateway, server):
    request(gateway, "Forwarded: by=first;for=_hidden")
    head = server.heard[0].decode().lower()
    assert head.index("forwarded: by=first;for=_hidden") < head.index(f"by={SERVER_IDENTITY}")


@pytest.mark.fault(10)
@pytest.mark.parametrize("value", [f"by={SERVER_IDENTITY}", f'for=x;By="{SERVER_IDENTITY}"'])
def test_a_request_that_has_passed_before_has_lost_its_way(gateway, server, value):
    answer = request(gateway, f"Forwarded: {value}")
    assert answer.startswith(b"HTTP/1.1 508")
    assert b"gateway_loop" in answer.lower()
    assert not server.heard


def test_names_outside_the_suffixes_are_not_found(gateway, server):
    name = "web.near.svc.cluster.local:8080"
    ask_for(gateway, PORT, name)
    try:
        engine.until("it is not found", lambda: b" 404 " in request(gateway)[:15])
        server.heard.clear()
        assert b"gateway_domain_not_found" in request(gateway).lower()
        assert not server.heard
    finally:
        ask_for(gateway, PORT, f"{FAR}:{PORT}")
        engine.until("it is found again", lambda: b" 200 " in request(gateway)[:15])


def test_the_policy_of_the_gateways_own_port_says_who_may_come(gateway, server):
    closed = inbound_pb2.Server()
    closed.CopyFrom(open_server())
    del closed.authorizations[:]
    gateway.told.say("WatchPort", "4143", closed)
    try:
        refused = lambda: request(gateway).startswith(b"HTTP/1.1 403")  # noqa: E731
        engine.until("the policy is in force", refused)
        server.heard.clear()
        assert refused()
        assert not server.heard
    finally:
        gateway.told.say("WatchPort", "4143", open_server())
        engine.until("it is open again", lambda: b"200" in request(gateway)[:15])


def test_grpc_goes_through_unchanged(gateway, spaces):
    with grpc_server.running(spaces.peer, GRPC):
        client = Path(__file__).with_name("grpc_client.py")
        answers = []
        for way in (gateway.through, gateway.direct):
            done = way.run(
                *(sys.executable, "-I", str(client), f"{way.address}:{GRPC}"),
                seconds=30,
                variables={"PATH": os.environ["PATH"]},
            )
            assert done.returncode == 0, done.stderr
            answers.append(done.stdout)
        assert answers[0] == answers[1]


@pytest.fixture
def opaque(gateway: Mesh) -> Iterator[Mesh]:
    """The client's side relays bytes."""
    path = f"{meshed.NAME}:{PORT}"
    where = f"{SERVICE}:{PORT}"
    gateway.asked.say("Watch", where, opaque_policy(path))
    yield gateway
    gateway.asked.say("Watch", where, detect_policy(path))


def exchanged(mesh: Mesh) -> bytes:
    """The answer to bytes that nobody on the way understands; empty if the connection ends."""
    with mesh.spaces.app.connection(SERVICE, PORT) as stream:
        try:
            stream.sendall(b"\x00\x01opaque\r\n\r\n")
            return stream.recv(4096)
        except ConnectionError:
            return b""


def relays(mesh: Mesh) -> bool:
    # The answer to a change of policy reaches the client's proxy in its own time.
    return exchanged(mesh).startswith(b"HTTP/1.1 200")


def test_opaque_bytes_go_on_to_the_name(opaque, server):
    engine.until("bytes arrive", lambda: relays(opaque))
    assert b"\x00\x01opaque" in b"".join(server.heard)
    assert opaque.client.metric("tcp_open_total", 'direction="outbound"') > 0


def test_opaque_bytes_to_other_names_are_refused(opaque, server):
    engine.until("bytes arrive", lambda: relays(opaque))
    ask_for(opaque, PORT, "web.near.svc.cluster.local:8080")
    try:
        engine.until("bytes are refused", lambda: exchanged(opaque) == b"")
        server.heard.clear()
        assert exchanged(opaque) == b""
        assert not server.heard
        refused = 'error="gateway_domain_not_found"'
        assert opaque.server.metric("inbound_tcp_errors_total", refused) > 0
    finally:
        ask_for(opaque, PORT, f"{FAR}:{PORT}")
