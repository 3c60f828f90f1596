"""One `grpc.health.v1.Health/Check` call over HTTP/2, by hand.

A probe is one tiny unary call. The grpc library would cost the supervisor 30 MB and
threads, and it does not like processes that fork. Response headers need no decoding: an
answer of SERVING is a data frame, and anything else is a failure.
"""

import asyncio
import struct

_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_DATA, _HEADERS, _RESET, _SETTINGS, _PING, _GOAWAY = 0, 1, 3, 4, 6, 7
_END_STREAM, _END_HEADERS, _ACK = 1, 4, 1
_STREAM = 1
_SERVING = b"\x08\x01"
_MAX_FRAME = 1 << 14


class GrpcProbeError(Exception):
    """The server did not say SERVING."""


def frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    """Encode one HTTP/2 frame (RFC 9113 §4.1)."""
    return struct.pack("!I", len(payload))[1:] + struct.pack("!BBI", kind, flags, stream) + payload


def _literal(name: bytes, value: bytes) -> bytes:
    # Literal field without indexing, new name, no Huffman code (RFC 7541 §6.2.2).
    return b"\0" + bytes([len(name)]) + name + bytes([len(value)]) + value


def request(authority: str, service: str) -> bytes:
    """Everything that the client sends before the answer."""
    fields = (
        (b":method", b"POST"),
        (b":scheme", b"http"),
        (b":path", b"/grpc.health.v1.Health/Check"),
        (b":authority", authority.encode()[:100]),
        (b"content-type", b"application/grpc"),
        (b"te", b"trailers"),
    )
    encoded = service.encode()[:100]
    message = b"\x0a" + bytes([len(encoded)]) + encoded if encoded else b""
    head = b"".join(_literal(name, value) for name, value in fields)
    return (
        _PREFACE
        + frame(_SETTINGS, 0, 0, b"")
        + frame(_HEADERS, _END_HEADERS, _STREAM, head)
        + frame(_DATA, _END_STREAM, _STREAM, b"\0" + struct.pack("!I", len(message)) + message)
    )


async def check(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, authority: str, service: str
) -> None:
    """Ask once; raises GrpcProbeError unless the answer is SERVING."""
    writer.write(request(authority, service))
    while True:
        try:
            header = await reader.readexactly(9)
            length = int.from_bytes(header[:3])
            if length > _MAX_FRAME:
                raise GrpcProbeError("not an HTTP/2 server")
            payload = await reader.readexactly(length)
        except asyncio.IncompleteReadError:
            raise GrpcProbeError("the server closed the connection") from None
        kind, flags = header[3], header[4]
        if kind == _SETTINGS and not flags & _ACK:
            writer.write(frame(_SETTINGS, _ACK, 0, b""))
        elif kind == _PING and not flags & _ACK:
            writer.write(frame(_PING, _ACK, 0, payload))
        elif kind == _DATA:
            if payload[5:] == _SERVING:
                return
            raise GrpcProbeError("the service is not SERVING")
        elif kind in (_RESET, _GOAWAY) or (kind == _HEADERS and flags & _END_STREAM):
            raise GrpcProbeError("the server does not answer grpc.health.v1.Health/Check")
