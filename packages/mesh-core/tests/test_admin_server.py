"""The admin endpoints, over real sockets."""

import errno
import http.client
import socket
from ipaddress import IPv4Address, IPv6Address

import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge

from mesh_core.authority import Authority
from mesh_core.service import (
    AdminServer,
    Heartbeat,
    Readiness,
    ServiceError,
    admin_server,
    grpc_target,
    listen,
)

ANY = Authority(IPv4Address("0.0.0.0"))
LOOPBACK = Authority(IPv4Address("127.0.0.1"))


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def readiness():
    return Readiness()


@pytest.fixture
def registry():
    return CollectorRegistry()


@pytest.fixture
def server(clock, readiness, registry):
    Counter("things", "Things that happened.", registry=registry).inc(3)
    server = AdminServer(LOOPBACK, readiness, Heartbeat(clock), registry)
    server.start()
    yield server
    server.close()


def get(server: AdminServer, path: str, method: str = "GET") -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)
    try:
        connection.request(method, path)
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


def test_ping_is_pong(server):
    assert get(server, "/ping") == (200, "pong\n")
    assert get(server, "/ping?x=1") == (200, "pong\n")
    assert get(server, "/ping", "HEAD") == (200, "")


def test_ready_says_what_it_waits_for(server, readiness):
    assert get(server, "/ready") == (200, "ready\n")
    readiness.require("caches")
    readiness.require("issuer")
    assert get(server, "/ready") == (503, "not ready: caches, issuer\n")
    readiness.met("caches")
    readiness.met("caches")
    readiness.met("issuer")
    assert get(server, "/ready") == (200, "ready\n")


def test_a_stalled_loop_is_neither_live_nor_ready(server, clock):
    assert get(server, "/live") == (200, "live\n")
    clock.now += 7
    assert get(server, "/live") == (503, "event loop stalled for 7.0 s\n")
    assert get(server, "/ready")[0] == 503
    assert get(server, "/ping")[0] == 200


def test_metrics_have_no_created_series(server):
    status, text = get(server, "/metrics")
    assert status == 200
    assert "things_total 3.0" in text


def test_a_service_has_pages_of_its_own(clock, readiness, registry):
    pages = {}
    server = AdminServer(LOOPBACK, readiness, Heartbeat(clock), registry, pages)
    server.start()
    try:
        assert get(server, "/things.json")[0] == 404
        pages["/things.json"] = lambda: b'{"things": 3}'
        assert get(server, "/things.json") == (200, '{"things": 3}')
        assert get(server, "/")[1].endswith("/metrics, /things.json\n")
    finally:
        server.close()


def test_other_paths_and_methods(server):
    assert get(server, "/none")[0] == 404
    assert get(server, "/ping", "POST")[0] == 501


def test_a_failure_of_ours_is_an_answer_and_a_line_in_the_log(server, registry, caplog):
    Gauge("broken", "Cannot be read.", registry=registry).set_function(lambda: 1 / 0)
    status, text = get(server, "/metrics")
    assert (status, text) == (500, "failed; the log says why\n")
    assert "ZeroDivisionError" in caplog.text
    assert get(server, "/ping")[0] == 200


def test_garbage_ends_only_its_own_connection(server):
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as connection:
        try:
            connection.sendall(b"\x16\x03\x01garbage\r\n\r\n" + b"x" * 100_000)
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(65536):
                pass
        except OSError as ended:
            # The server may have ended it before all of this was sent; a time-out is no end.
            if ended.errno not in {errno.ECONNRESET, errno.EPIPE, errno.ENOTCONN}:
                raise
    assert get(server, "/ping")[0] == 200


def test_silent_clients_do_not_pile_up(server):
    silent = [
        socket.create_connection(("127.0.0.1", server.port), timeout=5)
        for _ in range(admin_server.MAX_CONNECTIONS)
    ]
    try:
        # A probe goes on to be answered: the oldest of them makes room.
        assert get(server, "/ping")[0] == 200
        assert silent[0].recv(1) == b""
        assert get(server, "/ping")[0] == 200
        silent[-1].settimeout(0.05)
        with pytest.raises(TimeoutError):
            silent[-1].recv(1)
    finally:
        for connection in silent:
            connection.close()


def test_a_wildcard_is_both_families():
    if not socket.has_dualstack_ipv6():
        pytest.skip("no IPv6 here")
    with listen(ANY) as listener:
        port = listener.getsockname()[1]
        for host in ("127.0.0.1", "::1"):
            socket.create_connection((host, port), timeout=5).close()


def test_one_address_is_one_address():
    with listen(Authority(IPv6Address("::1"))) as listener:
        assert listener.getsockname()[0] == "::1"


def test_an_address_in_use_is_one_clear_line():
    with listen(LOOPBACK) as listener:
        address = Authority(LOOPBACK.host, listener.getsockname()[1])
        with pytest.raises(ServiceError, match=rf"cannot listen on {address}: Address already"):
            listen(address)


def test_a_name_is_no_address_to_listen_on():
    with pytest.raises(ServiceError, match="must be an IP address"):
        listen(Authority("localhost", 80))


@pytest.mark.parametrize(
    "address, target",
    [
        ("0.0.0.0:80", "[::]:80"),
        ("[::]", "[::]:0"),
        ("127.0.0.1", "127.0.0.1:0"),
        ("[::1]:80", "[::1]:80"),
        ("localhost:80", "localhost:80"),
    ],
)
def test_grpc_servers_listen_as_others_do(address, target):
    assert grpc_target(Authority.parse(address)) == target
