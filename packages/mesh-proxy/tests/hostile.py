"""Peers that mean no good, and the good client beside them."""

import datetime
import os
import select
import socket
import ssl
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import engine
import frames
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from engine import SECONDS
from fake_control import Authority
from frames import Peer
from meshed import SERVER_IDENTITY, Mesh, Way

from mesh_proto.pb import header_pb2

IDENTITY = "mallory.shop.serviceaccount.identity.linkerd.cluster.local"
ALPN = "transport.l5d.io/v1"
INBOUND = 4143
TRANSPORT_PREFACE = ALPN.encode() + b"\r\n\r\n"
_ANY_STRENGTH = "DEFAULT@SECLEVEL=0"
"""For keys that openssl would not use by itself."""
_GROWTH_KIB = 64 * 1024
"""More memory than this, in KiB, must no attack cost."""
_CALM_SECONDS = 5.0
"""How long after an attack the proxy may still be busy."""
_BUSY = 0.3
"""Cores that count as busy."""
_SLACK_SECONDS = 1.5
"""Beside twice the usual time: how long the machine's other work may hold up a good client."""


def credentials(
    authority: Authority,
    folder: Path,
    *names: str,
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | None = None,
) -> Path:
    """A PEM file with the key and the chain of somebody of the mesh."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    life = datetime.timedelta(hours=1)
    leaf = authority.leaf_of_several(key.public_key(), list(names), life)
    file = folder / f"{names[0]}.pem"
    encoding = serialization.Encoding.PEM
    file.write_bytes(
        key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + b"".join(one.public_bytes(encoding) for one in (leaf, *authority.intermediates))
    )
    return file


def client_context(authority: Authority, certificate: Path, *alpn: str) -> ssl.SSLContext:
    context = ssl.create_default_context(cadata=authority.pem)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.set_ciphers(_ANY_STRENGTH)
    context.load_cert_chain(certificate)
    context.set_alpn_protocols(alpn)
    return context


def server_context(
    authority: Authority, certificate: Path, *, alpn: str | None = ALPN
) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.set_ciphers(_ANY_STRENGTH)
    context.load_cert_chain(certificate)
    context.load_verify_locations(cadata=authority.pem)
    context.verify_mode = ssl.CERT_REQUIRED
    if alpn:
        context.set_alpn_protocols([alpn])
    return context


def framed(message: bytes, length: int | None = None) -> bytes:
    """A transport header's message as it stands on the wire, with a length that may be wrong."""
    length = len(message) if length is None else length
    return TRANSPORT_PREFACE + length.to_bytes(4, "big") + message


def transport_header(port: int) -> bytes:
    """What another proxy says first, for HTTP/2 to the port."""
    header = header_pb2.Header(port=port)
    header.session_protocol.http2.SetInParent()
    return framed(header.SerializeToString())


def between_proxies(mesh: Mesh, folder: Path, *alpn: str, port: int = INBOUND) -> ssl.SSLSocket:
    """A connection as of another proxy to the servers' one, with nothing said but the handshake."""
    authority = mesh.told.authority
    context = client_context(authority, credentials(authority, folder, IDENTITY), *alpn)
    stream = mesh.stranger.connection(port)
    return context.wrap_socket(stream, server_hostname=SERVER_IDENTITY)


def plaintext(stream: ssl.SSLSocket) -> socket.socket:
    """A socket for what the TLS connection carries, to be written and read side by side.

    One thread alone may use a TLS connection at a time, so one here does all of that.
    """
    inside, outside = socket.socketpair()
    threading.Thread(target=_carry, args=[stream, inside], daemon=True).start()
    outside.settimeout(SECONDS)
    return outside


def _carry(stream: ssl.SSLSocket, plain: socket.socket) -> None:
    """Carry bytes both ways until either side ends; what cannot be written is read no further."""
    outgoing: bytes | None = None
    incoming: bytes | None = None
    deaf = False
    with stream, plain, suppress(OSError):
        stream.setblocking(False)
        plain.setblocking(False)
        while True:
            if not incoming and (incoming := _some(stream)) == b"":
                return
            if not outgoing and (outgoing := _some(plain)) == b"":
                return
            try:
                outgoing = None if deaf else _rest(stream, outgoing)
            except OSError:
                deaf = True  # what it has said before it hung up is still to be read
            incoming = _rest(plain, incoming)
            reads = [it for it, full in ((stream, incoming), (plain, outgoing)) if not full]
            writes = [it for it, full in ((stream, outgoing), (plain, incoming)) if full]
            if not stream.pending() or incoming:
                select.select(reads, writes, [], 1.0)


def _some(source: socket.socket) -> bytes | None:
    """What has come; None if nothing has, and empty at the end."""
    try:
        return source.recv(65536)
    except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
        return None


def _rest(sink: socket.socket, data: bytes | None) -> bytes | None:
    """What could not be written yet."""
    if not data:
        return None
    try:
        return data[sink.send(data) :] or None
    except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
        return data


@dataclass(frozen=True)
class Attacker:
    """Somebody who speaks HTTP/2 with a proxy, from one of the places where people stand."""

    mesh: Mesh
    place: str
    folder: Path

    @property
    def proxy(self) -> engine.Engine:
        """Whose connection it is."""
        return self.mesh.client if self.place == "application" else self.mesh.server

    @contextmanager
    def connected(
        self, port: int, settings: dict[int, int] | None = None, *, reads: bool = True
    ) -> Iterator[Peer]:
        """A connection with its preface and settings sent."""
        peer = self._open(port, reads=reads)
        try:
            assert peer.send(frames.PREFACE, frames.settings(settings))
            yield peer
        finally:
            peer.close()

    def _open(self, port: int, *, reads: bool) -> Peer:
        if self.place == "application":
            return Peer(self.mesh.through.connection(port), reads=reads)
        if self.place == "stranger":
            return Peer(self.mesh.stranger.connection(port), reads=reads)
        stream = between_proxies(self.mesh, self.folder, ALPN)
        assert stream.selected_alpn_protocol() == ALPN
        peer = Peer(plaintext(stream), reads=reads)
        assert peer.send(transport_header(port))
        return peer


class GoodClient:
    """Asks one request after the other on a connection that it keeps."""

    def __init__(self, way: Way, port: int, request: bytes, answer_end: bytes) -> None:
        self._request, self._answer_end = request, answer_end
        self._stream = way.connection(port)
        self._stream.settimeout(SECONDS)
        self._over = threading.Event()
        self.seconds: list[float] = []
        self.failure: str | None = None

    def ask(self) -> float:
        """How long the answer takes, in seconds."""
        begun = time.monotonic()
        self._stream.sendall(self._request)
        answer = b""
        while not answer.endswith(self._answer_end):
            part = self._stream.recv(65536)
            assert part, "the good client's connection was closed"
            answer += part
        assert answer.startswith(b"HTTP/1.1 200 "), answer[:100]
        return time.monotonic() - begun

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Ask all the time."""
        thread = threading.Thread(target=self._ask_on, daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._over.set()
            thread.join(SECONDS)
        assert self.failure is None, self.failure

    def _ask_on(self) -> None:
        try:
            while not self._over.is_set():
                self.seconds.append(self.ask())
                # Neither load of its own nor always in step.
                self._over.wait(0.002)
        except (OSError, AssertionError) as error:
            self.failure = f"{type(error).__name__}: {error}"

    def close(self) -> None:
        self._stream.close()


def p99(seconds: list[float]) -> float:
    return statistics.quantiles(seconds, n=100)[-1] if len(seconds) > 1 else seconds[0]


@contextmanager
def harmless(
    proxy: engine.Engine, way: Way, port: int, request: bytes, answer_end: bytes
) -> Iterator[None]:
    """What happens inside costs little memory, ends when it ends, and disturbs no good client."""
    good = GoodClient(way, port, request, answer_end)
    try:
        usual = p99([good.ask() for _ in range(100)])
        before = resident_kib(proxy)
        with good.asking():
            yield
            grown = resident_kib(proxy) - before
        beside = p99(good.seconds)
        print(f"p99 {usual * 1e3:.1f} -> {beside * 1e3:.1f} ms, {grown} KiB more")
        assert grown < _GROWTH_KIB
        assert beside < 2 * usual + _SLACK_SECONDS
        engine.until("calm", lambda: cores(proxy) < _BUSY, _CALM_SECONDS)
        assert proxy.is_up()
    finally:
        good.close()


def resident_kib(proxy: engine.Engine) -> int:
    """The engine's own memory, in KiB."""
    lines = Path(f"/proc/{proxy.process.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon"))


def cores(proxy: engine.Engine, seconds: float = 0.1) -> float:
    """How many cores the engine uses now."""
    before = busy_seconds(proxy)
    time.sleep(seconds)
    return (busy_seconds(proxy) - before) / seconds


def busy_seconds(proxy: engine.Engine) -> float:
    """How long the engine has used the processor, in its own code and the kernel's."""
    fields = Path(f"/proc/{proxy.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
