"""An origin of bulk data, run by path: `GET /N` answers N bytes, any other body is drained.

It sends from a file without copying, so that it costs little beside what is measured.
"""

import contextlib
import os
import socket
import sys
import threading

CHUNK = 1 << 20
LIMIT = 64 << 10
"""Longest head that is read."""


def head_of(connection: socket.socket) -> tuple[bytes, int]:
    """Read one request's head; with how many bytes of its body came along. Empty at the end."""
    data = b""
    while b"\r\n\r\n" not in data:
        part = connection.recv(LIMIT)
        if not part or len(data) > LIMIT:
            return b"", 0
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    return head, len(body)


def content_length(head: bytes) -> int:
    """The length of the request's body."""
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


def drain(connection: socket.socket, count: int) -> None:
    """Drop so many bytes; the kernel does not even copy them (MSG_TRUNC, tcp(7))."""
    room = bytearray(CHUNK)
    while count > 0:
        dropped = connection.recv_into(room, min(count, CHUNK), socket.MSG_TRUNC)
        if not dropped:
            raise ConnectionError("the client ended within its body")
        count -= dropped


def serve(connection: socket.socket, zeros: int) -> None:
    """Answer requests until the client ends."""
    with connection, contextlib.suppress(OSError):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while True:
            head, received = head_of(connection)
            if not head:
                return
            method, path, _ = head.split(b" ", 2)
            drain(connection, content_length(head) - received)
            left = int(path[1:] or b"0") if method == b"GET" else 0
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % left)
            while left > 0:
                left -= os.sendfile(connection.fileno(), zeros, 0, min(left, CHUNK))


def accept(listener: socket.socket, zeros: int) -> None:
    """Serve every connection in a thread of its own."""
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=serve, args=(connection, zeros), daemon=True).start()


def main() -> None:
    """Serve on the ports given; says `ready` when they are open."""
    zeros = os.memfd_create("zeros")
    os.truncate(zeros, CHUNK)
    for port in map(int, sys.argv[1:]):
        listener = socket.create_server(("", port), backlog=128)
        threading.Thread(target=accept, args=(listener, zeros)).start()
    print("ready", flush=True)


if __name__ == "__main__":
    main()
