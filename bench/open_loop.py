"""A load generator with a fixed pace, run by path: `HOST PORT CONNECTIONS RATE SECONDS`.

Requests fall due at equal distances, and each latency counts from that moment, whether or not a
connection was free: a proxy that stalls delays what falls due meanwhile, and a generator that
waits for answers would never see it (coordinated omission). Prints p50, p99 and p99.9 in µs, and
how many requests were answered.
"""

import collections
import json
import math
import select
import socket
import sys
import time

REQUEST = b"GET / HTTP/1.1\r\nHost: bench\r\n\r\n"
SPIN = 0.0002
"""Seconds before a request is due in which it is polled for: sleeping would be too coarse."""
WARM_SECONDS = 0.5
"""How long the load runs before it is measured."""
PATIENCE = 5.0
"""Seconds for the last answers."""


class Connection:
    """One connection, and what is under way on it."""

    def __init__(self, host: str, port: int) -> None:
        """Connect, and learn how long an answer is: all are alike."""
        self.stream = socket.create_connection((host, port), timeout=PATIENCE)
        self.stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.due = 0.0
        self.received = 0
        self.stream.sendall(REQUEST)
        self.length = self._first_answer()
        self.stream.setblocking(False)

    def _first_answer(self) -> int:
        data = b""
        while True:
            part = self.stream.recv(65536)
            if not part:
                raise ConnectionError("the connection ended before an answer")
            data += part
            head, end, body = data.partition(b"\r\n\r\n")
            if end and len(body) >= body_length(head):
                return len(data)

    def send(self, due: float) -> None:
        """Send the request that was due then."""
        self.due, self.received = due, 0
        self.stream.send(REQUEST)

    def receive(self) -> bool:
        """Read what is there; whether the answer is complete."""
        part = self.stream.recv(65536)
        if not part:
            raise ConnectionError("the connection ended within an answer")
        self.received += len(part)
        return self.received >= self.length


def body_length(head: bytes) -> int:
    """The length of an answer's body; anything but 200 is an error."""
    first, *fields = head.split(b"\r\n")
    if b" 200 " not in first + b" ":
        raise ConnectionError(first.decode())
    for name, _, value in (line.partition(b":") for line in fields):
        if name.lower() == b"content-length":
            return int(value)
    raise ConnectionError("an answer without a length")


def percentile(ordered: list[float], percent: float) -> float:
    """The nearest rank (no value is made up)."""
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


def drive(connections: list[Connection], rate: int, seconds: float) -> list[float]:
    """Send at the pace; the latencies in seconds, in order."""
    poll = select.epoll()
    by_number = {connection.stream.fileno(): connection for connection in connections}
    for number in by_number:
        poll.register(number, select.EPOLLIN)
    free = collections.deque(connections)
    start = time.perf_counter() + 0.01
    total, next_number = int(rate * seconds), 0
    taken: list[float] = []
    while len(taken) < total:
        now = time.perf_counter()
        if now > start + seconds + PATIENCE:
            raise TimeoutError(f"{total - len(taken)} requests were not answered")
        while next_number < total and free and start + next_number / rate <= now:
            free.popleft().send(start + next_number / rate)
            next_number += 1
        for number, _ in poll.poll(pause(start + next_number / rate - now, bool(free))):
            connection = by_number[number]
            if connection.receive():
                taken.append(time.perf_counter() - connection.due)
                free.append(connection)
    return sorted(taken)


def pause(left: float, anyone_free: bool) -> float:
    """How long to wait for answers: until shortly before the next request is due."""
    if not anyone_free:
        return 0.1
    return min(0.1, left - SPIN) if left > SPIN else 0


def main() -> None:
    """Measure."""
    host, port = sys.argv[1], int(sys.argv[2])
    count, rate, seconds = int(sys.argv[3]), int(sys.argv[4]), float(sys.argv[5])
    connections = [Connection(host, port) for _ in range(count)]
    drive(connections, rate, WARM_SECONDS)
    taken = drive(connections, rate, seconds)
    found = {f"p{percent:g}": percentile(taken, percent) * 1e6 for percent in (50, 99, 99.9)}
    print(json.dumps({**found, "answered": len(taken)}))


if __name__ == "__main__":
    main()
