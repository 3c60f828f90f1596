"""HTTP/2 frames as they stand on the wire (RFC 9113 §6), right or wrong: nothing is checked.

Field blocks are HPACK (RFC 7541) without Huffman coding.
"""

import functools
import itertools
import socket
import struct
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS = 0, 1, 2, 3, 4
PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = 6, 7, 8, 9
END_STREAM, ACK, END_HEADERS = 1, 1, 4

NO_ERROR, PROTOCOL_ERROR, INTERNAL_ERROR, FLOW_CONTROL_ERROR = 0, 1, 2, 3
STREAM_CLOSED, FRAME_SIZE_ERROR, REFUSED_STREAM, CANCEL = 5, 6, 7, 8
COMPRESSION_ERROR, ENHANCE_YOUR_CALM = 9, 11

HEADER_TABLE_SIZE, ENABLE_PUSH, MAX_CONCURRENT_STREAMS = 1, 2, 3
INITIAL_WINDOW_SIZE, MAX_FRAME_SIZE = 4, 5
LARGEST_WINDOW = (1 << 31) - 1
WINDOW = 65_535
"""Of a stream and of the connection, before anything is said (RFC 9113 §6.9.2)."""
FOREVER = 3600.0
"""Longer than any test, in seconds."""
_HEAD = 9


@dataclass(frozen=True)
class Frame:
    kind: int
    flags: int
    stream: int
    payload: bytes

    @property
    def code(self) -> int:
        """The error of RST_STREAM or GOAWAY."""
        offset = 4 if self.kind == GOAWAY else 0
        return int.from_bytes(self.payload[offset : offset + 4], "big")

    @property
    def ends(self) -> bool:
        return self.kind in (DATA, HEADERS) and bool(self.flags & END_STREAM)


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    return (
        len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload
    )


def settings(values: Mapping[int, int] | None = None) -> bytes:
    pairs = (values or {}).items()
    return frame(SETTINGS, 0, 0, b"".join(struct.pack("!HI", *pair) for pair in pairs))


def settings_ack() -> bytes:
    return frame(SETTINGS, ACK, 0)


def headers(stream: int, block: bytes, *, end: bool = True, whole: bool = True) -> bytes:
    """`end`: there is no content; `whole`: no CONTINUATION follows."""
    return frame(HEADERS, END_STREAM * end | END_HEADERS * whole, stream, block)


def continuation(stream: int, block: bytes, *, whole: bool = False) -> bytes:
    return frame(CONTINUATION, END_HEADERS * whole, stream, block)


def data(stream: int, payload: bytes, *, end: bool = False) -> bytes:
    return frame(DATA, END_STREAM * end, stream, payload)


def reset(stream: int, code: int = CANCEL) -> bytes:
    return frame(RST_STREAM, 0, stream, code.to_bytes(4, "big"))


def window_update(stream: int, credit: int) -> bytes:
    return frame(WINDOW_UPDATE, 0, stream, credit.to_bytes(4, "big"))


def ping(payload: bytes = b"12345678", *, ack: bool = False) -> bytes:
    return frame(PING, ACK * ack, 0, payload)


def priority(stream: int, depends_on: int = 0) -> bytes:
    return frame(PRIORITY, 0, stream, depends_on.to_bytes(4, "big") + b"\x10")


def goaway(last: int, code: int = NO_ERROR) -> bytes:
    return frame(GOAWAY, 0, 0, struct.pack("!II", last, code))


def number(value: int, bits: int, first: int = 0) -> bytes:
    """An integer with a prefix of `bits` bits beside those of `first` (RFC 7541 §5.1)."""
    most = (1 << bits) - 1
    if value < most:
        return bytes([first | value])
    coded = bytearray([first | most])
    value -= most
    while value >= 128:
        coded.append(value % 128 | 128)
        value //= 128
    coded.append(value)
    return bytes(coded)


def text(value: bytes) -> bytes:
    return number(len(value), 7) + value


def literal(name: bytes, value: bytes) -> bytes:
    """A field that the table does not keep."""
    return b"\0" + text(name) + text(value)


def kept(name: bytes, value: bytes) -> bytes:
    """A field that the dynamic table keeps, as its newest entry."""
    return b"\x40" + text(name) + text(value)


def indexed(index: int) -> bytes:
    """A field of the table; 62 is the newest of the dynamic one."""
    return number(index, 7, 0x80)


def table_size(size: int) -> bytes:
    """A change of the dynamic table's size, as it may stand at a block's beginning."""
    return number(size, 5, 0x20)


def fields(values: Mapping[str, str]) -> bytes:
    return b"".join(literal(name.encode(), value.encode()) for name, value in values.items())


def request(path: str = "/", method: str = "GET", authority: str = "api.test") -> bytes:
    """The block of an ordinary request."""
    return fields({":method": method, ":scheme": "http", ":path": path, ":authority": authority})


class Peer:
    """One end of a connection. A thread of its own reads what comes, and answers nothing."""

    def __init__(self, stream: socket.socket, *, reads: bool = True, preface: bytes = b"") -> None:
        """`preface` is what the other end says before its first frame."""
        self.stream = stream
        self.frames: list[Frame] = []
        self.content = 0
        """Bytes of DATA that have come."""
        self.ended = False
        self._changed = threading.Condition()
        self._buffer = b""
        self._preface = preface
        if reads:
            threading.Thread(target=self._read, daemon=True).start()

    def send(self, *parts: bytes) -> bool:
        """Send it all; False if the other end has hung up."""
        try:
            self.stream.sendall(b"".join(parts))
        except OSError:
            return False
        return True

    def wait(self, what: str, condition: Callable[[], object], seconds: float = 10.0) -> None:
        """Wait until the condition holds for what has come."""
        with self._changed:
            if not self._changed.wait_for(condition, seconds):
                raise AssertionError(f"not within {seconds} s: {what}; {self.frames[-20:]}")

    def of(self, kind: int, stream: int | None = None) -> list[Frame]:
        """The frames of a kind that have come."""
        known = list(self.frames)
        return [it for it in known if it.kind == kind and stream in (None, it.stream)]

    def wait_end(self, stream: int, seconds: float = 10.0) -> None:
        """Wait until the stream has ended, well or not."""
        self.wait(f"the end of stream {stream}", lambda: self.has_ended(stream), seconds)

    def has_ended(self, stream: int) -> bool:
        own = [it for it in self.frames if it.stream == stream]
        return any(it.ends or it.kind == RST_STREAM for it in own)

    def wait_hang_up(self, seconds: float = 10.0) -> int | None:
        """Wait until the other end has hung up; its reason, if it has given one."""
        self.wait("hang-up", lambda: self.ended, seconds)
        return self.said_goodbye()

    def said_goodbye(self) -> int | None:
        """The last reason of GOAWAY."""
        said = self.of(GOAWAY)
        return said[-1].code if said else None

    def close(self) -> None:
        # A close alone would leave the reading thread where it is.
        with suppress(OSError):
            self.stream.shutdown(socket.SHUT_RDWR)
        self.stream.close()

    def take(self, count: int) -> bytes:
        """Exactly so many bytes, or fewer at the end. For the reading thread."""
        while len(self._buffer) < count:
            part = self.stream.recv(65536)
            if not part:
                break
            self._buffer += part
        taken, self._buffer = self._buffer[:count], self._buffer[count:]
        return taken

    def _read(self) -> None:
        # It may hang up in the middle, and so may this end.
        with suppress(OSError, ValueError):
            self.take(len(self._preface))
            while len(head := self.take(_HEAD)) == _HEAD:
                payload = self.take(int.from_bytes(head[:3], "big"))
                stream = int.from_bytes(head[5:], "big") & LARGEST_WINDOW
                self._note(Frame(head[3], head[4], stream, payload))
        with self._changed:
            self.ended = True
            self._changed.notify_all()

    def _note(self, seen: Frame) -> None:
        with self._changed:
            if seen.kind == DATA:
                self.content += len(seen.payload)
                seen = Frame(seen.kind, seen.flags, seen.stream, seen.payload[:1000])
            self.frames.append(seen)
            self._changed.notify_all()


def _more(peer: Peer, than: int) -> bool:
    return peer.ended or len(peer.frames) > than


class Server:
    """Accepts connections, says its settings, and leaves the rest to a script.

    The script gets each connection and the stream of every request whose head has come.
    """

    def __init__(
        self,
        listener: socket.socket,
        answer: Callable[[Peer, int], None],
        said: Mapping[int, int] | None = None,
        *,
        wrap: Callable[[socket.socket], socket.socket] = lambda stream: stream,
        preface: bytes = PREFACE,
    ) -> None:
        """`wrap` makes a connection of what was accepted, `preface` is as long as what comes
        first on it."""
        self.peers: list[Peer] = []
        self._wrap, self._preface = wrap, preface
        self._listener, self._answer, self._said = listener, answer, said
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                stream, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=[stream], daemon=True).start()

    def _serve(self, stream: socket.socket) -> None:
        try:
            peer = Peer(self._wrap(stream), preface=self._preface)
        except OSError:
            return  # its TLS has failed
        self.peers.append(peer)
        peer.send(settings(self._said), settings_ack())
        for count in itertools.count():
            peer.wait("a frame", functools.partial(_more, peer, count), FOREVER)
            if len(peer.frames) <= count:
                return
            if (seen := peer.frames[count]).kind == HEADERS:
                self._answer(peer, seen.stream)

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for peer in self.peers:
            peer.close()
