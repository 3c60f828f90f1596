"""A client of bulk data, run by path: `down|up HOST PORT BYTES`; fails unless all went over."""

import socket
import sys

CHUNK = 1 << 20


def drain(connection: socket.socket, count: int) -> None:
    """Drop so many bytes; the kernel does not even copy them (MSG_TRUNC, tcp(7))."""
    room = bytearray(CHUNK)
    while count > 0:
        dropped = connection.recv_into(room, min(count, CHUNK), socket.MSG_TRUNC)
        if not dropped:
            raise ConnectionError(f"{count} bytes are missing")
        count -= dropped


def answer(connection: socket.socket) -> int:
    """Read the head of an answer; with how many bytes of its body came along."""
    data = b""
    while b"\r\n\r\n" not in data:
        part = connection.recv(65536)
        if not part:
            raise ConnectionError("no answer")
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200"):
        raise ConnectionError(head.decode())
    return len(body)


def main() -> None:
    """Move them."""
    direction, host, port, count = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    with socket.create_connection((host, port), timeout=120) as connection:
        if direction == "down":
            connection.sendall(b"GET /%d HTTP/1.1\r\nHost: bulk\r\n\r\n" % count)
            drain(connection, count - answer(connection))
        else:
            head = b"POST / HTTP/1.1\r\nHost: bulk\r\nContent-Length: %d\r\n\r\n"
            connection.sendall(head % count)
            zeros = bytes(CHUNK)
            for _ in range(count // CHUNK):
                connection.sendall(zeros)
            connection.sendall(zeros[: count % CHUNK])
            answer(connection)


if __name__ == "__main__":
    main()
