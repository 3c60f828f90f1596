"""Questions to the admin server of the pod's proxy, over loopback."""

import socket
import time

_ADDRESS = "127.0.0.1"
# A status line is shorter; whoever sends more without one speaks something else.
_STATUS_LINE_BYTES = 1024


class NoAnswer(Exception):
    """The admin server gave no HTTP answer; the text says what happened instead."""


def ask(port: int, method: str, path: str, seconds: float) -> int:
    """Return the status of the answer, within `seconds` (NoAnswer)."""
    place = f"{_ADDRESS}:{port}"
    deadline = time.monotonic() + seconds
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as stream:
            stream.settimeout(seconds)
            stream.connect((_ADDRESS, port))
            stream.sendall(
                f"{method} {path} HTTP/1.1\r\nhost: {place}\r\ncontent-length: 0\r\n"
                "connection: close\r\n\r\n".encode()
            )
            line = _first_line(stream, deadline)
    except TimeoutError:
        raise NoAnswer(f"{place} does not answer") from None
    except ConnectionRefusedError:
        raise NoAnswer(f"nothing listens on {place}") from None
    except OSError as error:
        raise NoAnswer(f"{place}: {error.strerror}") from error
    status = _status(line)
    if status is None:
        raise NoAnswer(f"{place} answers, but not with HTTP")
    return status


def _first_line(stream: socket.socket, deadline: float) -> bytes:
    received = b""
    while b"\n" not in received and len(received) < _STATUS_LINE_BYTES:
        remaining = deadline - time.monotonic()
        if remaining <= 0:
            raise TimeoutError
        stream.settimeout(remaining)
        part = stream.recv(_STATUS_LINE_BYTES)
        if not part:
            break
        received += part
    return received.partition(b"\n")[0]


def _status(line: bytes) -> int | None:
    """Read `HTTP/1.1 200 OK` (RFC 9112 §4)."""
    version, _, rest = line.partition(b" ")
    code = rest[:3]
    if not version.startswith(b"HTTP/1.") or len(code) != 3 or not code.isdigit():
        return None
    return int(code)
