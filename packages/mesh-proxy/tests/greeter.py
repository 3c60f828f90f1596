"""A server that speaks first, so that a client knows which one it has reached."""

import socket
import threading

from network import Namespace


class Greeter:
    """A server that says its name to whoever connects and then echoes."""

    def __init__(self, space: Namespace, port: int) -> None:
        self.name = str(port).encode()
        self.listener = space.listener(port)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                stream, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=[stream], daemon=True).start()

    def _serve(self, stream: socket.socket) -> None:
        with stream:
            try:
                stream.sendall(self.name)
                while data := stream.recv(4096):
                    stream.sendall(data)
            except OSError:
                return

    def close(self) -> None:
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
