"""An application that keeps requests waiting until it is told to answer."""

import socket
import threading
from contextlib import suppress


class Holding:
    """Each connection carries one request; it is answered once `release` is set."""

    def __init__(self, listener: socket.socket) -> None:
        self.release = threading.Event()
        self.waiting = threading.Semaphore(0)
        """Released by every request that has come."""
        self._listener = listener
        # All come at once.
        listener.listen(2048)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                stream, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=[stream], daemon=True).start()

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
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
