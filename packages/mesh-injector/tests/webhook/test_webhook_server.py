"""The server, over real sockets and TLS: garbage, limits, certificates that change."""

import asyncio
import contextlib
import http.client
import io
import json
import socket
import ssl
from collections.abc import Callable

import aiohttp
import pytest
from reviews import PROXY, body, containers, patched, pod
from serving_certificates import make_pair

from mesh_injector.webhook.body import MAX_BYTES, SMALL_BYTES
from mesh_injector.webhook.errors import CertificateRefused
from mesh_injector.webhook.limits import Limits

JSON = {"Content-Type": "application/json"}


async def post(http: aiohttp.ClientSession, data, **options) -> tuple[int, object]:
    options = {"headers": JSON, **options}
    data = io.BytesIO(data) if isinstance(data, bytes) else data
    async with http.post("/", data=data, **options) as answer:
        assert answer.content_type == "application/json"
        return answer.status, await answer.read()


async def refused(http: aiohttp.ClientSession, data, **options) -> tuple[int, str]:
    status, answer = await post(http, data, **options)
    said = json.loads(answer)
    assert (said["kind"], said["status"], said["code"]) == ("Status", "Failure", status)
    return status, said["message"]


async def serves(http: aiohttp.ClientSession) -> bool:
    status, answer = await post(http, body(pod()))
    return status == 200 and PROXY in containers(patched(pod(), answer))


async def until(condition: Callable[[], object], seconds: float = 5.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - the condition is not ours to signal
            await asyncio.sleep(0.01)


def deep(prefix: bytes, depth: int, suffix: bytes = b"") -> bytes:
    return prefix + b"[" * depth + b"]" * depth + suffix


POD_OBJECT = (
    b'{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":'
    b'{"uid":"1","namespace":"shop","kind":{"version":"v1","kind":"Pod"},"object":'
)


@pytest.mark.fault(67)
@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"", "the body is empty"),
        (b"aaaaaa", "the body is not valid JSON"),
        (b"{}", "not an AdmissionReview: Object missing required field `apiVersion`"),
        (b"[]", "not an AdmissionReview"),
        (b"null", "not an AdmissionReview"),
        (b"\xff\xfe\x00", "the body is not valid JSON"),
        (b'{"apiVersion":"\xff","kind":"x"}', "the body is not valid JSON"),
        (b'{"apiVersion":"v1","kind":"Pod"}', "'v1' 'Pod' is not known here"),
        (
            b'{"apiVersion":"admission.k8s.io/v2","kind":"AdmissionReview","request":{}}',
            "missing required field `uid`",
        ),
        (
            b'{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview"}',
            "the AdmissionReview has no request",
        ),
        (
            b'{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":null}',
            "the AdmissionReview has no request",
        ),
        (POD_OBJECT + b"null}}", "the AdmissionReview's request has no object"),
        (POD_OBJECT.replace(b'"1"', b'""') + b"{}}}", "an empty uid"),
        (POD_OBJECT + b'{"metadata":{"name":"\xff"}}}}', "the request's object is not valid JSON"),
        (POD_OBJECT[:-9], "the body is not valid JSON"),
        (deep(b"", 1_000_000), "not an AdmissionReview"),
        (deep(b'{"x":', 500_000, b"}"), "the body is nested too deeply"),
        (deep(POD_OBJECT, 100_000, b"}}"), "the body is nested too deeply"),
        (b"[" * 2_000_000, "not an AdmissionReview"),
    ],
    ids=range(19),
)
async def test_garbage_is_told_what_is_wrong_with_it(http, data, complaint):
    status, message = await refused(http, data)
    assert status == 400
    assert complaint in message
    assert await serves(http)


@pytest.mark.fault(67)
async def test_a_body_of_exactly_the_limit_is_read(http):
    whole = body(pod())
    filled = whole + b" " * (MAX_BYTES - len(whole))
    status, answer = await post(http, filled)
    assert status == 200
    assert PROXY in containers(patched(pod(), answer))
    status, message = await refused(http, filled + b" ")
    assert status == 413
    assert message == "the body has 3145729 bytes; at most 3145728 are read"
    assert await serves(http)


@pytest.mark.fault(67)
@pytest.mark.parametrize(
    ("headers", "complaint"),
    [
        ({"Content-Type": "text/plain"}, "Content-Type is 'text/plain'; send application/json"),
        ({"Content-Type": "application/yaml"}, "send application/json"),
        ({**JSON, "Content-Encoding": "gzip"}, "Content-Encoding is 'gzip'"),
    ],
)
async def test_only_plain_json_is_taken(http, headers, complaint):
    status, message = await refused(http, body(pod()), headers=headers)
    assert status == 415
    assert complaint in message


async def test_a_type_with_parameters_is_json_too(http):
    headers = {"Content-Type": "Application/JSON; charset=utf-8"}
    assert (await post(http, body(pod()), headers=headers))[0] == 200


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/", 405), ("POST", "/mutate", 404), ("DELETE", "/x", 404), ("PUT", "/", 405)],
)
async def test_other_methods_and_paths(http, method, path, status):
    async with http.request(method, path) as answer:
        assert answer.status == status
        said = await answer.json()
    assert (said["kind"], said["message"]) == ("Status", "POST an AdmissionReview to /")


async def test_a_fault_of_ours_is_one_answer(http, admission, monkeypatch, caplog):
    async def fail(_):
        return 1 / 0

    monkeypatch.setattr(admission, "_judge", fail)
    status, message = await refused(http, body(pod()))
    assert (status, message) == (500, "the injector failed; its log has the reason")
    assert "ZeroDivisionError" in caplog.text
    monkeypatch.undo()
    assert await serves(http)


async def test_a_hundred_reviews_at_once(http):
    answers = await asyncio.gather(
        *(post(http, body(pod(f"web-{number}"))) for number in range(15))
    )
    assert {status for status, _ in answers} == {200}


# What aiohttp would not send.


async def connect(server, trusting) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection("localhost", server.port, ssl=trusting)


async def read_all(reader: asyncio.StreamReader, seconds: float = 5.0) -> bytes:
    async with asyncio.timeout(seconds):
        with contextlib.suppress(ConnectionError):
            return await reader.read()
    return b""


async def close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(ConnectionError, ssl.SSLError):
        await writer.wait_closed()


MEGABYTE = b"x" * 1024 * 1024


async def send_until_refused(writer: asyncio.StreamWriter, piece: bytes, count: int) -> int:
    """Give how many pieces could be sent."""
    with contextlib.suppress(ConnectionError, ssl.SSLError):
        for sent in range(count):
            writer.write(piece)
            await writer.drain()
            if writer.is_closing():
                return sent
    return count


@pytest.mark.fault(67)
@pytest.mark.parametrize("framing", ["Content-Length: 104857600", "Transfer-Encoding: chunked"])
async def test_a_hundred_megabytes_are_answered_before_they_are_here(
    server, trusting, http, bodies, framing
):
    reader, writer = await connect(server, trusting)
    writer.write(HEAD + framing.encode() + b"\r\n\r\n")
    chunked = b"100000\r\n" + MEGABYTE + b"\r\n"
    piece = chunked if "chunked" in framing else MEGABYTE
    sending = asyncio.create_task(send_until_refused(writer, piece, 100))
    async with asyncio.timeout(5):
        head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 413 ")
    assert bodies._buffered == 0
    await sending
    await close(writer)
    assert await serves(http)


HEAD = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"


@pytest.mark.parametrize(
    ("sent", "status", "complaint"),
    [
        (b"\x16\x03\x01 not HTTP\r\n\r\n", 400, "Invalid HTTP request"),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 400, "Invalid HTTP request"),
        (HEAD + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n", 400, "Invalid HTTP"),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", 400, "Invalid HTTP request"),
        (b"GET / HTTP/1.1\r\nX: " + b"x" * 300_000, 431, "head is larger than 65536 bytes"),
        (HEAD + b"Content-Length: 50\r\n\r\n{", 408, "did not arrive within 0.5 s; 1 bytes did"),
    ],
    ids=range(6),
)
async def test_bad_http_is_told_so_and_ended(server, trusting, http, sent, status, complaint):
    reader, writer = await connect(server, trusting)
    writer.write(sent)
    answer = await read_all(reader)
    await close(writer)
    head, _, said = answer.partition(b"\r\n\r\n")
    assert f" {status} ".encode() in head
    assert b"application/json" in head
    assert complaint in json.loads(said)["message"]
    assert await serves(http)


@pytest.mark.parametrize(
    "sent",
    [b"", b"\r\n", b"POST / HT", HEAD],
    ids=range(4),
)
async def test_a_silent_client_is_not_waited_for(server, trusting, http, sent):
    """Neither before its first request, nor within a head."""
    reader, writer = await connect(server, trusting)
    writer.write(sent)
    assert await read_all(reader) == b""
    await close(writer)
    assert await serves(http)
    await until(lambda: server.connections <= 1)


async def test_stray_bytes_behind_a_request_are_no_request(server, trusting, http):
    reader, writer = await connect(server, trusting)
    writer.write(HEAD + b"Content-Length: 0\r\n\r\n")
    async with asyncio.timeout(5):
        assert b" 400 " in await reader.readline()
        await reader.readuntil(b'is empty; send an AdmissionReview"}')
    writer.write(b"\r\n")
    assert await read_all(reader) == b"", "and the deadline is a head's, not an idle connection's"
    await close(writer)
    assert await serves(http)


async def test_a_connection_without_a_handshake_ends(server, http):
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as connection:
        connection.setblocking(False)
        async with asyncio.timeout(5):
            loop = asyncio.get_running_loop()
            with contextlib.suppress(ConnectionError):
                assert await loop.sock_recv(connection, 1) == b""
    assert await serves(http)


async def test_plaintext_is_not_spoken(server, http):
    def ask():
        connection = http_client(server.port)
        with contextlib.closing(connection):
            connection.request("POST", "/", body(pod()), JSON)
            connection.getresponse()

    with pytest.raises((ConnectionError, http_error())):
        await asyncio.to_thread(ask)
    assert await serves(http)


def http_client(port: int) -> http.client.HTTPConnection:
    return http.client.HTTPConnection("127.0.0.1", port, timeout=5)


def http_error() -> type[Exception]:
    return http.client.HTTPException


@pytest.mark.parametrize("limits", [Limits(connections=5)])
async def test_who_waits_longest_makes_room_for_who_asks(server, trusting, limits, registry, http):
    assert await serves(http), "one connection that was of use stays open"
    opened = [await connect(server, trusting) for _ in range(limits.connections)]
    assert await read_all(opened[0][0]) == b""
    assert await serves(http)
    assert server.connections == limits.connections
    assert registry.get_sample_value("mesh_injector_connections_refused_total") == 1
    for _, one in opened:
        await close(one)
    await until(lambda: server.connections == 1)


@pytest.mark.parametrize("limits", [Limits(connections=5)])
async def test_where_all_are_at_work_the_newest_is_closed(server, trusting, limits, registry):
    opened = [await connect(server, trusting) for _ in range(limits.connections)]
    for _, one in opened:
        one.write(HEAD + b"Content-Length: 9\r\n\r\n")
    everybody = server._server.server_state.connections
    await until(lambda: [each.idle() for each in everybody] == [None] * limits.connections)
    reader, writer = await connect(server, trusting)
    assert await read_all(reader) == b""
    await close(writer)
    assert registry.get_sample_value("mesh_injector_connections_refused_total") == 1
    for _, one in opened:
        await close(one)
    await until(lambda: server.connections == 0)


async def test_all_bodies_together_are_bounded(server, trusting, http, bodies):
    bodies._max_buffered = 100_000
    _, writer = await connect(server, trusting)
    writer.write(HEAD + b"Content-Length: 200000\r\n\r\n" + b" " * 99_000)
    await until(lambda: bodies._buffered == 99_000)
    assert await refused(http, b" " * (SMALL_BYTES + 1)) == (
        503,
        "too many bytes are being received at once; try again",
    )
    assert await serves(http), "what is small does no harm"
    await close(writer)
    await until(lambda: bodies._buffered == 0)
    assert await serves(http)


async def test_an_old_protocol_is_refused(server, pair):
    context = ssl.create_default_context(cadata=pair.certificate.decode())
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises((ssl.SSLError, ConnectionError)):
        await connect(server, context)


async def served_certificate(server) -> bytes:
    return (
        await asyncio.to_thread(ssl.get_server_certificate, ("127.0.0.1", server.port), timeout=5)
    ).encode()


async def test_a_new_certificate_serves_the_next_handshake(server, http, certificate, pair):
    assert await serves(http)  # and this connection lives on
    assert await served_certificate(server) == pair.certificate
    renewed = make_pair()
    certificate.load(renewed.contents())
    assert await served_certificate(server) == renewed.certificate
    assert await serves(http)


@pytest.mark.parametrize("torn", ["certificate", "key", "certificate-is-none", "empty"])
async def test_a_torn_renewal_leaves_the_old_pair_in_place(server, certificate, pair, torn):
    renewed = make_pair()
    contents = {
        "certificate": {**pair.contents(), "tls.crt": renewed.certificate},
        "key": {**pair.contents(), "tls.key": renewed.key},
        "certificate-is-none": {**pair.contents(), "tls.crt": b"-----BEGIN CERTIFICATE-----"},
        "empty": {"tls.crt": b"", "tls.key": b""},
    }[torn]
    with pytest.raises(CertificateRefused) as refused:
        certificate.load(contents)
    assert "renew the Secret" in str(refused.value)
    assert await served_certificate(server) == pair.certificate
    certificate.load(renewed.contents())
    assert await served_certificate(server) == renewed.certificate


def test_an_encrypted_key_does_not_ask_on_the_terminal(certificate):
    with pytest.raises(CertificateRefused, match=r"tls\.key is encrypted"):
        certificate.load(make_pair(password=b"secret").contents())


def test_the_end_of_the_certificate_is_known(certificate, registry, caplog):
    name = "mesh_injector_certificate_expiry_timestamp_seconds"
    assert registry.get_sample_value(name) > 1e9
    certificate.load(make_pair(days=-1).contents())
    assert "the webhook's certificate expired at" in caplog.text
    caplog.clear()
    client_use = make_pair(use=ssl_client_use())
    certificate.load(client_use.contents())
    assert "API servers may refuse the webhook's certificate" in caplog.text


def ssl_client_use():
    from cryptography.x509.oid import ExtendedKeyUsageOID

    return ExtendedKeyUsageOID.CLIENT_AUTH


async def test_the_last_answer_before_the_end_says_so(server, http):
    assert await serves(http)
    stopping = asyncio.create_task(server.stop(after_seconds=0.3))
    await asyncio.sleep(0)
    async with http.post("/", data=body(pod()), headers=JSON) as answer:
        assert answer.status == 200
        assert answer.headers["Connection"] == "close"
    assert await serves(http), "new connections are taken until the delay has passed"
    await stopping
    with pytest.raises(aiohttp.ClientConnectorError):
        await serves(http)
