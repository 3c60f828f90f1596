"""Holds idle connections, run by path: `HOST PORT COUNT`, until its input ends.

Each has had one request answered, so every proxy on the way has it; says `ready` then.
"""

import resource
import socket
import sys

REQUEST = b"GET / HTTP/1.1\r\nHost: bench\r\n\r\n"
PATIENCE = 30.0


def main() -> None:
    """Open them, one after another, and wait."""
    host, port, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(count + 100, hard), hard))
    held = []
    for _ in range(count):
        connection = socket.create_connection((host, port), timeout=PATIENCE)
        connection.sendall(REQUEST)
        if not connection.recv(4096).startswith(b"HTTP/1.1 200"):
            raise ConnectionError("a request was not answered")
        held.append(connection)
    print("ready", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
