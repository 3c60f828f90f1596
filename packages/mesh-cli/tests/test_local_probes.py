import asyncio
from concurrent import futures

import grpc
import msgspec
import pytest

from mesh_cli.local.probes.check import ProbeFailed, Subject, check
from mesh_cli.local.probes.health import ProbeHealth, eager_delays
from mesh_core.resources import Container, Probe


def container(**fields) -> Container:
    return msgspec.convert(
        {"name": "a", "ports": [{"name": "http", "containerPort": 1}], **fields}, Container
    )


def probe(**fields) -> Probe:
    return msgspec.convert(fields, Probe)


def subject(run=None, **fields) -> Subject:
    return Subject(container(**fields), "127.0.0.1", run or no_command)


async def no_command(argv):
    raise AssertionError(argv)


def test_thresholds_count_in_a_row():
    health = ProbeHealth(probe(failureThreshold=2, successThreshold=2), healthy=False)
    assert [health.observe(ok) for ok in (True, False, True, True, False, True, False, False)] == [
        False,
        False,
        False,
        True,
        True,
        True,
        True,
        False,
    ]


@pytest.mark.parametrize("period", [1, 10, 60])
def test_eager_tries_are_frequent_and_end(period):
    delays = eager_delays(period)
    assert sum(delays) < max(period, 10)
    assert delays[0] < 0.1
    assert max(delays) <= 0.3


async def serve(answer: bytes):
    async def handle(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    return server, server.sockets[0].getsockname()[1]


@pytest.mark.parametrize(
    "answer, failure",
    [
        (b"HTTP/1.1 200 OK\r\n\r\n", None),
        (b"HTTP/1.1 302 Found\r\n\r\n", None),
        (b"HTTP/1.1 503 No\r\n\r\n", "HTTP status 503"),
        (b"SSH-2.0-x\r\n", "not HTTP"),
        (b"", "not HTTP"),
        (b"HTTP/1.1 " + b"2" * 5000 + b" OK\r\n", "not HTTP"),
        (b"x" * 200_000, "no end"),
    ],
)
async def test_http(answer, failure):
    server, port = await serve(answer)
    async with server:
        asking = check(probe(httpGet={"port": port, "path": "/x"}), subject(), 5)
        if failure is None:
            await asking
        else:
            with pytest.raises(ProbeFailed, match=failure):
                await asking


async def test_a_named_port_that_is_not_there():
    with pytest.raises(ProbeFailed, match="no port named 'metrics'"):
        await check(probe(httpGet={"port": "metrics"}), subject(), 5)


async def test_tcp_and_time_outs():
    async def silent(reader, writer):
        await reader.read()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        await check(probe(tcpSocket={"port": port}), subject(), 5)
        with pytest.raises(ProbeFailed, match=r"no answer within 0\.05 s"):
            await check(probe(httpGet={"port": port}), subject(), 0.05)
    with pytest.raises(ProbeFailed, match="111"):
        await check(probe(tcpSocket={"port": port}), subject(), 5)


async def test_exec():
    async def run(argv):
        return {"ok": 0}.get(argv[0], 3)

    await check(probe(exec={"command": ["ok"]}), subject(run), 5)
    with pytest.raises(ProbeFailed, match="bad ended with 3"):
        await check(probe(exec={"command": ["bad"]}), subject(run), 5)


class Health(grpc.GenericRpcHandler):
    """grpc.health.v1 with bytes: SERVING for "good", NOT_SERVING for the rest."""

    def service(self, details):
        if details.method != "/grpc.health.v1.Health/Check":
            return None
        return grpc.unary_unary_rpc_method_handler(
            lambda request, _: b"\x08\x01" if request == b"\x0a\x04good" else b"\x08\x02"
        )


@pytest.fixture
def health_port():
    server = grpc.server(futures.ThreadPoolExecutor(2))
    server.add_generic_rpc_handlers((Health(),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield port
    server.stop(None).wait()


async def test_grpc_against_a_real_server(health_port):
    await check(probe(grpc={"port": health_port, "service": "good"}), subject(), 5)
    with pytest.raises(ProbeFailed, match="not SERVING"):
        await check(probe(grpc={"port": health_port, "service": "bad"}), subject(), 5)


async def test_grpc_against_a_server_without_health():
    server = grpc.server(futures.ThreadPoolExecutor(2))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    with pytest.raises(ProbeFailed, match="does not answer"):
        await check(probe(grpc={"port": port}), subject(), 5)
    server.stop(None).wait()


async def test_grpc_against_something_else():
    server, port = await serve(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    async with server:
        with pytest.raises(ProbeFailed, match=r"not an HTTP/2 server|closed"):
            await check(probe(grpc={"port": port}), subject(), 5)
