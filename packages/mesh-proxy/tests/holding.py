"""An application that keeps requests waiting until it is told to answer."""

import socket
import threading
from contextlib import suppress

from raw_server import RawServer


class Holding(RawServer):
    """Each connection carries one request; it is answered once `release` is set."""

    def __init__(self, listener: socket.socket) -> None:
        self.release = threading.Event()
        self.waiting = threading.Semaphore(0)
        """Released by every request that has come."""
        # All come at once.
        listener.listen(2048)
        super().__init__(listener)

    def _serve(self, stream: socket.socket) -> None:
        with stream, suppress(OSError):
            head = b""
            while b"\r\n\r\n" not in head:
                data = stream.recv(4096)
                if not data:
                    return
                head += data
            self.waiting.release()
            self.release.wait(30)
            stream.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone")

    def close(self) -> None:
        self.release.set()
        super().close()
