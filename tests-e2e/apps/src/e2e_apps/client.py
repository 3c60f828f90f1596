"""Clients that a scenario runs in a pod; each prints one JSON document and exits 0.

Run as `python -m e2e_apps.client KIND ARGUMENTS`; the kinds are the functions of `KINDS`.
"""

import argparse
import collections
import hashlib
import http.client
import json
import os
import socket
import sys
import threading
import time
import urllib.parse
from collections.abc import Callable, Iterator
from typing import Any

import grpc
from websockets.sync.client import connect

from e2e_apps.rpc import SERVICE

BLOCK = bytes(range(256)) * 256


def connection(url: str, timeout: float = 30) -> tuple[http.client.HTTPConnection, str]:
    """A connection to the URL's host, and the path to ask for."""
    parts = urllib.parse.urlsplit(url)
    if parts.hostname is None:
        raise SystemExit(f"{url}: no host in this URL")
    path = parts.path or "/"
    return http.client.HTTPConnection(parts.hostname, parts.port or 80, timeout=timeout), path


def get(arguments: argparse.Namespace) -> object:
    """Ask `--count` times over one kept-alive connection."""
    client, path = connection(arguments.url)
    headers = dict(field.split(":", 1) for field in arguments.header)
    answers = []
    for _ in range(arguments.count):
        client.request(arguments.method, path, headers=headers)
        answer = client.getresponse()
        answers.append(describe(answer, answer.read()))
    return answers


def describe(answer: http.client.HTTPResponse, body: bytes) -> dict[str, object]:
    """Status, header fields and body of an answer."""
    return {
        "status": answer.status,
        "headers": {name.lower(): value for name, value in answer.getheaders()},
        "bytes": len(body),
        "sha256": hashlib.sha256(body).hexdigest(),
        "body": body.decode(errors="replace") if len(body) < 65536 else None,
    }


def blocks(count: int) -> Iterator[bytes]:
    """The first `count` of the known bytes."""
    while count > 0:
        yield BLOCK[:count]
        count -= len(BLOCK)


def upload(arguments: argparse.Namespace) -> object:
    """Send `--size` known bytes, chunked or with a length; say what the server saw."""
    client, path = connection(arguments.url, timeout=300)
    headers = {} if arguments.chunked else {"content-length": str(arguments.size)}
    client.request("POST", path, blocks(arguments.size), headers, encode_chunked=arguments.chunked)
    seen = json.loads(client.getresponse().read())
    sent = hashlib.sha256()
    for block in blocks(arguments.size):
        sent.update(block)
    return {"sent": {"bytes": arguments.size, "sha256": sent.hexdigest()}, "seen": seen}


class Load:
    """Requests at a steady rate from several threads; counts what came of them."""

    def __init__(self, url: str, rate: float, threads: int) -> None:
        """Ask `url` about `rate` times a second in total."""
        self._url = url
        self._interval = threads / rate
        self._threads = threads
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self.outcomes: collections.Counter[str] = collections.Counter()
        self.pods: collections.Counter[str] = collections.Counter()
        self.last: dict[str, float] = {}
        """When each pod last answered, seconds since the epoch."""
        self.failures: list[float] = []
        """When requests failed, seconds since the epoch."""

    def run(self, seconds: float) -> dict[str, object]:
        """Ask for so long, or until standard input ends if `seconds` is 0."""
        started = time.time()
        workers = [threading.Thread(target=self._work) for _ in range(self._threads)]
        for worker in workers:
            worker.start()
        if seconds:
            self._stop.wait(seconds)
        else:
            sys.stdin.read()
        self._stop.set()
        for worker in workers:
            worker.join()
        return {
            "outcomes": dict(self.outcomes),
            "pods": dict(self.pods),
            "last": self.last,
            "failures": self.failures,
            "seconds": time.time() - started,
        }

    def _work(self) -> None:
        client, path = connection(self._url, timeout=10)
        due = time.monotonic()
        while not self._stop.wait(max(0.0, due - time.monotonic())):
            due = max(due + self._interval, time.monotonic() - 1)
            try:
                client.request("GET", path)
                answer = client.getresponse()
                body = answer.read()
                outcome = str(answer.status)
                if outcome != "200":
                    outcome += " " + (answer.getheader("l5d-proxy-error") or "")
                pod = json.loads(body)["pod"] if answer.status == 200 and body else ""
            except (OSError, http.client.HTTPException) as error:
                outcome, pod = f"{type(error).__name__}: {error}", ""
                client.close()
            self._count(outcome, pod)

    def _count(self, outcome: str, pod: str) -> None:
        with self._lock:
            self.outcomes[outcome] += 1
            if outcome != "200":
                self.failures.append(time.time())
            if pod:
                self.pods[pod] += 1
                self.last[pod] = time.time()


def load(arguments: argparse.Namespace) -> object:
    """Keep asking at a rate; say how each request ended and who answered."""
    return Load(arguments.url, arguments.rate, arguments.threads).run(arguments.seconds)


def rpc(arguments: argparse.Namespace) -> object:
    """Call each kind of method once; then `--count` unary calls over the same connection."""
    with grpc.insecure_channel(arguments.target) as channel:
        deadline = 20
        single: Any = channel.unary_unary(f"/{SERVICE}/Unary")
        collect: Any = channel.stream_unary(f"/{SERVICE}/Collect")
        repeat: Any = channel.unary_stream(f"/{SERVICE}/Repeat")
        converse: Any = channel.stream_stream(f"/{SERVICE}/Converse")
        pods: collections.Counter[str] = collections.Counter()
        for _ in range(arguments.count):
            _, call = single.with_call(b"x", timeout=deadline)
            pods[str(dict(call.trailing_metadata())["served-by"])] += 1
        failing = converse(iter([b"1", b"fail"]), timeout=deadline)
        return {
            "collect": collect(iter([b"a", b"b", b"c"]), timeout=deadline).decode(),
            "repeat": len(list(repeat(b"y" * 20_000, timeout=deadline))),
            "converse": [part.decode() for part in converse(iter([b"1", b"2"]), timeout=deadline)],
            "failing": until_error(failing),
            "pods": dict(pods),
        }


def until_error(call: Iterator[bytes]) -> dict[str, object]:
    """What a call answered before it failed, and how it failed."""
    answers: list[str] = []
    try:
        answers.extend(part.decode() for part in call)
    except grpc.RpcError as error:
        return {"answers": answers, "code": error.code().name, "details": error.details()}
    return {"answers": answers, "code": "OK", "details": ""}


def websocket(arguments: argparse.Namespace) -> object:
    """Exchange text, a large binary message and a ping."""
    with connect(arguments.url, max_size=None, compression=None) as socket_:
        socket_.send("hello")
        text = socket_.recv(timeout=20)
        large = BLOCK * 16
        socket_.send(large)
        same = socket_.recv(timeout=20) == large
        pinged = socket_.ping().wait(20)
        return {"text": text, "large": same, "ping": pinged}


def tcp(arguments: argparse.Namespace) -> object:
    """Send text, finish sending, read to the end; say how long the first byte took."""
    host, _, port = arguments.target.rpartition(":")
    started = time.monotonic()
    with socket.create_connection((host.strip("[]"), int(port)), timeout=30) as peer:
        if arguments.send:
            peer.sendall(arguments.send.encode())
            peer.shutdown(socket.SHUT_WR)
        received = first = peer.recv(65536)
        first_byte = time.monotonic() - started
        while arguments.send and (more := peer.recv(65536)):
            received += more
        return {
            "received": received.decode(errors="replace"),
            "greeting": first.decode(errors="replace"),
            "first_byte_seconds": first_byte,
        }


def pipeline(arguments: argparse.Namespace) -> object:
    """Send many redis commands at once and read all answers (RESP, redis.io/docs/reference)."""
    host, _, port = arguments.target.rpartition(":")
    count = arguments.count
    commands = b"".join(
        b"*3\r\n$3\r\nSET\r\n$%d\r\nkey%d\r\n$5\r\nvalue\r\n" % (len(b"key%d" % number), number)
        for number in range(count)
    )
    with socket.create_connection((host, int(port)), timeout=30) as peer:
        sender = threading.Thread(target=peer.sendall, args=(commands,))
        sender.start()
        received = b""
        while len(received) < 5 * count and (more := peer.recv(65536)):
            received += more
        sender.join()
    return {"answers": received.count(b"+OK\r\n"), "bytes": len(received)}


def idle(arguments: argparse.Namespace) -> object:
    """Open `--count` connections, say so, and hold them until standard input ends."""
    host, _, port = arguments.target.rpartition(":")
    held = [socket.create_connection((host, int(port)), timeout=30) for _ in range(arguments.count)]
    print(json.dumps({"open": len(held)}), flush=True)
    sys.stdin.read()
    return {"closed": len(held)}


KINDS: dict[str, Callable[[argparse.Namespace], object]] = {
    "get": get,
    "upload": upload,
    "load": load,
    "rpc": rpc,
    "websocket": websocket,
    "tcp": tcp,
    "pipeline": pipeline,
    "idle": idle,
}


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="e2e_apps.client")
    kinds = parser.add_subparsers(dest="kind", required=True)
    for kind, function in KINDS.items():
        command = kinds.add_parser(kind, help=function.__doc__)
        command.add_argument("target" if kind in {"rpc", "tcp", "pipeline", "idle"} else "url")
        command.add_argument("--count", type=int, default=1)
        command.add_argument("--header", action="append", default=[])
        command.add_argument("--method", default="GET")
        command.add_argument("--size", type=int, default=1 << 20)
        command.add_argument("--chunked", action="store_true")
        command.add_argument("--rate", type=float, default=200)
        command.add_argument("--threads", type=int, default=4)
        command.add_argument("--seconds", type=float, default=0)
        command.add_argument("--send", default="")
    return parser.parse_args()


def main() -> None:
    """Run one client and print what it found."""
    arguments = parse()
    print(json.dumps(KINDS[arguments.kind](arguments)), flush=True)
    os._exit(0)  # grpc's threads need not be waited for


if __name__ == "__main__":
    main()
