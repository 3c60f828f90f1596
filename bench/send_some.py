"""Sends so many requests one after the other on one connection, run by path: `HOST PORT COUNT`."""

import http.client
import sys

PATIENCE = 60.0


def main() -> None:
    """Each has to be answered 200."""
    host, port, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    connection = http.client.HTTPConnection(host, port, timeout=PATIENCE)
    for _ in range(count):
        connection.request("GET", "/")
        answer = connection.getresponse()
        answer.read()
        if answer.status != http.HTTPStatus.OK:
            sys.exit(f"status {answer.status}: {answer.headers}")


if __name__ == "__main__":
    main()
