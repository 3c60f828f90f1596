"""How commands talk to the supervisor: JSON lines over a unix stream socket.

A request is one line; descriptors may come with its first byte. Answers are lines too: any
number of `{"notice": …}`, then one `{"result": …}` or `{"error": …}`.
"""

import array
import json
import socket
from collections.abc import Sequence
from typing import Any

MAX_REQUEST = 1 << 20
MAX_DESCRIPTORS = 3
Document = dict[str, Any]


def encode(document: Document) -> bytes:
    """One line."""
    return json.dumps(document, separators=(",", ":")).encode() + b"\n"


def send(connection: socket.socket, document: Document, descriptors: Sequence[int] = ()) -> None:
    """Send a request with its descriptors (blocking)."""
    data = encode(document)
    sent = socket.send_fds(connection, [data], list(descriptors)) if descriptors else 0
    if sent < len(data):
        # Not otherwise: an answer may have come already, with the connection's end.
        connection.sendall(data[sent:])


def receive_descriptors(connection: socket.socket, size: int) -> tuple[bytes, list[int]]:
    """Read once; returns data and the descriptors that came with it."""
    numbers = array.array("i")
    space = socket.CMSG_SPACE(MAX_DESCRIPTORS * numbers.itemsize)
    data, ancillary, _, _ = connection.recvmsg(size, space, socket.MSG_CMSG_CLOEXEC)
    for level, kind, content in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            numbers.frombytes(content[: len(content) - len(content) % numbers.itemsize])
    return data, list(numbers)
