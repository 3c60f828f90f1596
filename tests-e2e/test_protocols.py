"""Every protocol through the mesh gives what a direct connection gives."""

import pytest
from scenario import Mesh


def test_http1_keeps_its_connection_alive(mesh: Mesh) -> None:
    answers = mesh.run("client", "get", "http://web/whoami", "--count", "50")
    assert [answer["status"] for answer in answers] == [200] * 50


@pytest.mark.parametrize("path", ["/bytes/300000", "/chunked/300000", "/bytes/0", "/status/503"])
def test_answers_are_what_a_direct_connection_gives(mesh: Mesh, path: str) -> None:
    def seen(client: str, server: str) -> list[object]:
        answer = mesh.get(client, f"http://{server}{path}")
        return [answer["status"], answer["bytes"], answer["sha256"]]

    assert seen("client", "web") == seen("plain-client", "plain")


@pytest.mark.parametrize("framing", [["--chunked"], []])
def test_an_upload_arrives_whole(mesh: Mesh, framing: list[str]) -> None:
    size = str(20_000_000)
    result = mesh.run("client", "upload", "http://web/digest", "--size", size, *framing)
    assert result["seen"] == result["sent"]


def test_a_gibibyte_arrives_whole(mesh: Mesh) -> None:
    arguments = ("http://web/digest", "--size", str(1 << 30))
    result = mesh.run("client", "upload", *arguments, timeout=120)
    assert result["seen"] == result["sent"]


def test_grpc_with_every_kind_of_streaming(mesh: Mesh) -> None:
    result = mesh.run("client", "rpc", "rpc:8081")
    assert result["collect"] == "abc"
    assert result["repeat"] == 10
    assert result["converse"] == ["1", "2"]
    assert result["failing"] == {"answers": ["1"], "code": "ABORTED", "details": "asked to fail"}


def test_a_websocket(mesh: Mesh) -> None:
    result = mesh.run("client", "websocket", "ws://web/ws")
    assert result == {"text": "hello", "large": True, "ping": True}


def test_redis_pipelining(mesh: Mesh) -> None:
    result = mesh.run("client", "pipeline", "redis:6379", "--count", "10000")
    assert result == {"answers": 10_000, "bytes": 50_000}


def test_tcp_with_half_close(mesh: Mesh) -> None:
    result = mesh.run("client", "tcp", "greeter:7001", "--send", "hello")
    assert result["received"] == "hello"


@pytest.mark.fault(4)
def test_a_server_that_speaks_first_is_not_delayed(mesh: Mesh) -> None:
    mesh.run("client", "tcp", "greeter:7000")
    result = mesh.run("client", "tcp", "greeter:7000")
    assert result["greeting"] == "220 mail.example ESMTP\r\n"
    assert result["first_byte_seconds"] < 2  # the detection timeout would be 10
