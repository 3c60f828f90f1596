"""The cluster's DNS server: UDP and TCP, in the mesh's own net namespace."""

import asyncio
import contextlib
import logging
import socket
import struct
from collections.abc import Sequence
from typing import cast

import dns.exception
import dns.flags
import dns.message
import dns.opcode
import dns.rcode
import dns.rdatatype
import dns.rrset

from mesh_cli.local.dns_zone import Zone
from mesh_cli.local.links import Address
from mesh_cli.local.sandbox import inside

PORT = 53
TTL_SECONDS = 5
_MAX_UDP, _MAX_QUERY, _MAX_TCP_CLIENTS = 1232, 4096, 64
_FORWARD_TIMEOUT, _IDLE_TIMEOUT = 3.0, 10.0
log = logging.getLogger(__name__)


def answer(zone: Zone, query: dns.message.Message) -> dns.message.Message | None:
    """The reply from the zone; None for a name that is not the cluster's (pure)."""
    reply = dns.message.make_response(query, recursion_available=True)
    if query.opcode() != dns.opcode.QUERY or len(query.question) != 1:
        reply.set_rcode(dns.rcode.NOTIMP)
        return reply
    question = query.question[0]
    name = question.name.to_text(omit_final_dot=True).lower()
    if not zone.covers(name):
        return None
    reply.flags |= dns.flags.AA
    kind = dns.rdatatype.to_text(question.rdtype)
    records = zone.lookup(name, kind)
    if records is None:
        reply.set_rcode(dns.rcode.NXDOMAIN)
        return reply
    by_kind: dict[str, list[str]] = {}
    for record in records:
        by_kind.setdefault(record.kind, []).append(record.value)
    for found, values in by_kind.items():
        reply.answer.append(
            dns.rrset.from_text_list(question.name, TTL_SECONDS, "IN", found, values)
        )
    return reply


class DnsServer:
    """Answers from a zone that the controllers replace whenever objects change."""

    def __init__(self, addresses: Sequence[Address], forward: str | None, network: int) -> None:
        """`forward` is a server that gets every other name, asked from the namespace `network`."""
        self._zone = Zone()
        self._addresses = addresses
        self._forward = forward
        self._network = network
        self._transports: list[asyncio.DatagramTransport] = []
        self._servers: list[asyncio.Server] = []
        self._clients = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Listen on every address."""
        loop = asyncio.get_running_loop()
        for address in self._addresses:
            transport, _ = await loop.create_datagram_endpoint(
                lambda: _Datagrams(self), local_addr=(str(address), PORT)
            )
            self._transports.append(transport)
            self._servers.append(await asyncio.start_server(self._serve_tcp, str(address), PORT))

    def replace(self, zone: Zone) -> None:
        """Answer from another zone from now on."""
        self._zone = zone

    def close(self) -> None:
        """Stop listening."""
        for transport in self._transports:
            transport.close()
        for server in self._servers:
            server.close()

    async def reply(self, data: bytes, *, limit: int) -> bytes | None:
        """The answer to one query; None where it deserves none (not DNS at all)."""
        try:
            query = dns.message.from_wire(data)
        except dns.exception.DNSException:
            return _format_error(data)
        if query.flags & dns.flags.QR:
            return None  # a response: answering could make two servers talk for ever
        found = answer(self._zone, query)
        if found is None:
            return await self._elsewhere(data, query)
        return _to_wire(found, min(limit, max(query.payload, 512)) if limit < 65535 else limit)

    async def _elsewhere(self, data: bytes, query: dns.message.Message) -> bytes:
        if self._forward is not None:
            with contextlib.suppress(OSError, TimeoutError):
                return await _ask(self._forward, data, self._network)
        reply = dns.message.make_response(query, recursion_available=True)
        reply.set_rcode(dns.rcode.SERVFAIL if self._forward else dns.rcode.NXDOMAIN)
        return reply.to_wire()

    def datagram(self, transport: asyncio.DatagramTransport, data: bytes, peer: object) -> None:
        """Answer one UDP query; at once when it needs no other server."""

        async def respond() -> None:
            if reply := await self.reply(data, limit=_MAX_UDP):
                transport.sendto(reply, peer)  # type: ignore[arg-type]

        task = asyncio.get_running_loop().create_task(respond())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve_tcp(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._clients += 1
        try:
            while self._clients <= _MAX_TCP_CLIENTS:
                async with asyncio.timeout(_IDLE_TIMEOUT):
                    (length,) = struct.unpack("!H", await reader.readexactly(2))
                    if not 12 <= length <= _MAX_QUERY:
                        return
                    data = await reader.readexactly(length)
                    reply = await self.reply(data, limit=65535)
                    if reply is None:
                        return
                    writer.write(struct.pack("!H", len(reply)) + reply)
                    await writer.drain()
        except (asyncio.IncompleteReadError, TimeoutError, OSError):
            return
        finally:
            self._clients -= 1
            writer.close()


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, server: DnsServer) -> None:
        self._server = server

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Not isinstance: the loop's own transports are no subclasses of it in Python 3.11.
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: object) -> None:
        if len(data) <= _MAX_QUERY:
            self._server.datagram(self._transport, data, addr)


def _format_error(data: bytes) -> bytes | None:
    """FORMERR for something with a query's header; nothing for anything shorter."""
    if len(data) < 12 or data[2] & 0x80:
        return None
    return data[:2] + b"\x80\x01" + bytes(8)


def _to_wire(reply: dns.message.Message, limit: int) -> bytes:
    try:
        return reply.to_wire(max_size=limit)
    except dns.exception.TooBig:
        reply.answer.clear()
        reply.flags |= dns.flags.TC
        return reply.to_wire(max_size=limit)


async def _ask(server: str, data: bytes, network: int) -> bytes:
    """Ask another server over UDP, from another net namespace."""
    loop = asyncio.get_running_loop()
    family = socket.AF_INET6 if ":" in server else socket.AF_INET
    with inside(network):
        upstream = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    with upstream:
        await loop.sock_connect(upstream, (server, PORT))
        await loop.sock_sendall(upstream, data)
        async with asyncio.timeout(_FORWARD_TIMEOUT):
            while True:
                reply = await loop.sock_recv(upstream, 65535)
                if reply[:2] == data[:2]:
                    return reply
