"""What both ends of an exchange of HTTP/1 see, told so that only differences that matter show."""

import re
import socket
import ssl
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

_OF_ONE_HOP = {b"connection", b"keep-alive", b"te", b"transfer-encoding", b"date"}
"""Fields that concern one connection, or say when an answer was given."""

_SECONDS = 10.0


@dataclass(frozen=True)
class Say:
    """These bytes are sent."""

    what: bytes


@dataclass(frozen=True)
class Hear:
    """Bytes are read until these have come, behind those that were heard before."""

    what: bytes


@dataclass(frozen=True)
class Wait:
    """So many seconds nothing is done: the other side must bear it."""

    seconds: float


@dataclass(frozen=True)
class End:
    """The other side's end of the connection is read."""


@dataclass(frozen=True)
class Finish:
    """No more is sent."""


Step = Say | Hear | Wait | End | Finish


@dataclass
class Part:
    """One end of a connection, which does its steps and keeps what it hears."""

    stream: socket.socket
    heard: bytes = b""
    _read: int = 0

    def play(self, steps: Sequence[Step]) -> None:
        self.stream.settimeout(_SECONDS)
        for step in steps:
            self._do(step)

    def _do(self, step: Step) -> None:
        match step:
            case Say(what):
                self.stream.sendall(what)
            case Hear(what):
                while (found := self.heard.find(what, self._read)) < 0:
                    if not self._more():
                        raise AssertionError(f"{what!r} has not come, but {self.heard!r}")
                self._read = found + len(what)
            case Wait(seconds):
                threading.Event().wait(seconds)
            case End():
                while self._more():
                    pass
            case Finish():
                self.stream.shutdown(socket.SHUT_WR)

    def _more(self) -> bool:
        data = self.stream.recv(65536)
        self.heard += data
        return bool(data)


@dataclass
class Take:
    """One exchange on the server's side."""

    steps: Sequence[Step]
    heard: bytes = b""
    problem: Exception | None = None
    _done: threading.Event = field(default_factory=threading.Event)

    def play(self, stream: socket.socket) -> None:
        part = Part(stream)
        with stream:
            try:
                part.play(self.steps)
            except (OSError, AssertionError) as problem:
                if not part.heard:
                    return  # a connection made ahead, and not used
                self.problem = problem
        self.heard = part.heard
        self._done.set()

    def finished(self) -> bytes:
        """What the server was sent, once its part is played."""
        assert self._done.wait(_SECONDS), "the server has not come to its end"
        assert self.problem is None, self.problem
        return self.heard


class Script:
    """A server that plays the part it was last given on each connection, over TLS if told how."""

    def __init__(self, listener: socket.socket, tls: ssl.SSLContext | None = None) -> None:
        self._listener = listener
        self._tls = tls
        self._take = Take(())
        threading.Thread(target=self._accept, daemon=True).start()

    def expect(self, steps: Sequence[Step]) -> Take:
        """What the next connections' part is."""
        self._take = Take(steps)
        return self._take

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                stream, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=[stream], daemon=True).start()

    def _serve(self, stream: socket.socket) -> None:
        take = self._take
        if self._tls is not None:
            stream = self._tls.wrap_socket(stream, server_side=True)
        take.play(stream)


@dataclass(frozen=True)
class Message:
    """A request or response."""

    start: bytes
    fields: tuple[bytes, ...]
    content: bytes | None
    """None where there is none and none can be."""
    trailers: tuple[bytes, ...] = ()


def messages(data: bytes, asked: Sequence[bytes] = ()) -> Iterator[Message]:
    """All messages in what one end has heard; `asked` are the methods of the requests that
    responses belong to. After a switch of protocols the rest stands as content."""
    methods = iter(asked)
    while data:
        head, end, data = data.partition(b"\r\n\r\n")
        assert end, head
        start, *lines = head.split(b"\r\n")
        fields = [_named(line) for line in lines]
        measure = dict(fields)
        status = int(start.split(b" ")[1]) if start.startswith(b"HTTP/") else None
        interim = status is not None and status // 100 == 1 and status != 101
        method = b"" if interim else next(methods, b"") if status else start.split(b" ")[0]
        content, trailers, data = _content(data, measure, status, method)
        shown = tuple(sorted(b": ".join(one) for one in fields if _counts(one[0])))
        # Each hop has a version of its own (RFC 9110 section 2.5).
        told = start.partition(b" ")[2] if status else start
        yield Message(told, shown, content, trailers)


def _content(
    data: bytes, measure: dict[bytes, bytes], status: int | None, method: bytes
) -> tuple[bytes | None, tuple[bytes, ...], bytes]:
    if (
        status == 101
        or (status is None and b"upgrade" in measure)
        or (method == b"CONNECT" and (status is None or status // 100 == 2))
    ):
        return data, (), b""
    if (method == b"HEAD" and status) or status in (204, 304) or (status and status < 200):
        return None, (), data
    if measure.get(b"transfer-encoding", b"").lower() == b"chunked":
        return _chunks(data)
    if (length := measure.get(b"content-length")) is not None:
        return data[: int(length)], (), data[int(length) :]
    return (data, (), b"") if status else (b"", (), data)


def _chunks(data: bytes) -> tuple[bytes, tuple[bytes, ...], bytes]:
    content = b""
    while True:
        line, end, data = data.partition(b"\r\n")
        assert end, line
        size = int(line.split(b";")[0], 16)
        if not size:
            break
        content += data[:size]
        data = data[size + 2 :]
    trailers = []
    while True:
        line, end, data = data.partition(b"\r\n")
        assert end, line
        if not line:
            return content, tuple(sorted(b": ".join(_named(one)) for one in trailers)), data
        trailers.append(line)


def _named(line: bytes) -> tuple[bytes, bytes]:
    name, _, value = line.partition(b":")
    return name.lower(), value.strip()


def _counts(name: bytes) -> bool:
    return name not in _OF_ONE_HOP and not re.match(rb"l5d-|content-length$", name)
