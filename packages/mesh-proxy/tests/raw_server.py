"""An application that keeps every byte that it is sent, and says 200 to each request of HTTP/1."""

import re
import socket
import threading
from contextlib import suppress

_LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")
_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class RawServer:
    """Content is understood by its length alone."""

    def __init__(self, listener: socket.socket) -> None:
        self.heard: list[bytes] = []
        self._listener = listener
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                stream, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=[stream], daemon=True).start()

    def _serve(self, stream: socket.socket) -> None:
        left = b""
        with stream, suppress(OSError):
            while data := stream.recv(65536):
                self.heard.append(data)
                left += data
                while (rest := _behind(left)) is not None:
                    left = rest
                    stream.sendall(_ANSWER)

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


def _behind(data: bytes) -> bytes | None:
    """What follows the first request; None if that is not whole."""
    head, end, rest = data.partition(b"\r\n\r\n")
    if not end:
        return None
    found = _LENGTH.search(head)
    length = int(found[1]) if found else 0
    return rest[length:] if len(rest) >= length else None
