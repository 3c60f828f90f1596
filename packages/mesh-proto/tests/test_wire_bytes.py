"""The bytes of a few messages, by hand, so that an encoding is checked and not only a schema.

The Rust side checks the same bytes in `crates/wire/tests/wire_bytes.rs`.
"""

from __future__ import annotations

import pytest
from google.protobuf.message import Message

from mesh_proto.pb import destination_pb2, header_pb2, net_pb2

HEADER = header_pb2.Header(
    port=8080, session_protocol=header_pb2.SessionProtocol(http2=header_pb2.SessionProtocol.Http2())
)
GATEWAY_HEADER = header_pb2.Header(port=80, name="web.shop")
ADDRESS = net_pb2.TcpAddress(ip=net_pb2.IPAddress(ipv4=0x0A4D0002), port=4143)
REVISION = destination_pb2.Update(
    no_endpoints=destination_pb2.NoEndpoints(exists=True), mesh_revision=7
)


@pytest.mark.parametrize(
    ("message", "encoded"),
    [
        (HEADER, "08 903f 1a02 1200"),
        (GATEWAY_HEADER, "08 50 1208 7765622e73686f70"),
        (ADDRESS, "0a05 0d 02004d0a 10 af20"),
        (REVISION, "1a02 0801 c0a907 07"),
    ],
    ids=["header", "gateway header", "address", "revision"],
)
def test_encoding(message: Message, encoded: str) -> None:
    assert message.SerializeToString(deterministic=True) == bytes.fromhex(encoded)
    assert type(message).FromString(bytes.fromhex(encoded)) == message


def test_a_peer_that_does_not_know_revisions_keeps_the_rest() -> None:
    stock = destination_pb2.Update(no_endpoints=destination_pb2.NoEndpoints(exists=True))
    update = destination_pb2.Update.FromString(stock.SerializeToString())
    assert update.mesh_revision == 0
    assert update.no_endpoints.exists
