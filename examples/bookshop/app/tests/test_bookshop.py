"""The shop without a mesh: every program as a process of its own, on loopback."""

import asyncio
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack

import grpc
import pytest
from websockets.sync.client import connect

from mesh_cli.local.programs import find_program

SECONDS = 20.0
pytestmark = pytest.mark.timeout(60)


def free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        held = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in held:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in held]


class Shop:
    """The running processes and where they listen."""

    def __init__(self, stack: ExitStack) -> None:
        names = ["web", "stock", "health", "cache", "feed", "suppliers", "shoppers", "crawler"]
        self.port = dict(zip(names, free_ports(len(names)), strict=True))
        self._stack = stack
        self.process: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, command: list[str] | None = None) -> None:
        local = {key: f"127.0.0.1:{port}" for key, port in self.port.items()}
        environment = os.environ | {
            "PORT": str(self.port[name]),
            "HEALTH_PORT": str(self.port["health"]),
            "WEB": local["web"],
            "STOCK": local["stock"],
            "CACHE": local["cache"],
            "SUPPLIERS": local["suppliers"],
            "FEED": f"ws://{local['feed']}/",
        }
        process = subprocess.Popen(
            command or [sys.executable, "-m", f"bookshop.{name}"], env=environment
        )
        self.process[name] = process
        self._stack.callback(process.wait, timeout=SECONDS)
        self._stack.callback(process.terminate)

    def get(self, name: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
        url = f"http://127.0.0.1:{self.port[name]}{path}"
        try:
            with urllib.request.urlopen(url, body, timeout=SECONDS) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def ready(self, name: str) -> bool:
        try:
            return self.get(name, "/healthz")[0] == 200
        except OSError:
            return False

    def until_ready(self, *names: str) -> None:
        deadline = time.monotonic() + SECONDS
        while not all(map(self.ready, names)):
            assert time.monotonic() < deadline, f"not ready: {[*filter(self.ready, names)]}"
            time.sleep(0.05)


@pytest.fixture(scope="module")
def shop() -> Iterator[Shop]:
    redis = find_program("redis-server", "redis-server")
    with ExitStack() as stack:
        shop = Shop(stack)
        port = str(shop.port["cache"])
        quiet = ["--save", "", "--appendonly", "no", "--loglevel", "warning"]
        shop.start("cache", [str(redis), "--port", port, *quiet])
        for name in ("stock", "suppliers", "feed", "web", "shoppers", "crawler"):
            shop.start(name)
        shop.until_ready("web", "health", "feed", "suppliers", "shoppers", "crawler")
        yield shop


def test_a_book_comes_from_stock_and_cache(shop):
    status, body = shop.get("web", "/books/2")
    assert status == 200
    assert json.loads(body).items() >= {"title": "Middlemarch", "left": 9}.items()
    seen = json.loads(body)["seen"]
    assert json.loads(shop.get("web", "/books/2")[1])["seen"] > seen


@pytest.mark.parametrize("path", ["/books/99", "/books/x", "/nowhere"])
def test_what_is_not_there_is_404(shop, path):
    assert shop.get("web", path)[0] == 404


def test_an_order_reaches_the_suppliers_and_the_feed(shop):
    with connect(f"ws://127.0.0.1:{shop.port['feed']}/", proxy=None) as feed:
        assert json.loads(feed.recv(timeout=SECONDS)) == {"hello": "reader"}
        status, body = shop.get("web", "/orders/1", b"")
        assert status == 200
        assert json.loads(body)["reordered"]
        assert json.loads(body)["sold"] >= 1
        titles = {json.loads(feed.recv(timeout=SECONDS))["sold"]}
        while "Moby-Dick" not in titles:
            titles.add(json.loads(feed.recv(timeout=SECONDS))["sold"])


def test_the_shoppers_have_no_failures(shop):
    status, body = shop.get("shoppers", "/healthz")
    assert status == 200
    assert b", 0 failed" in body


def test_stock_says_what_it_wants(shop):
    with grpc.insecure_channel(f"127.0.0.1:{shop.port['stock']}") as channel:
        count = channel.unary_unary("/bookshop.Stock/Count")
        with pytest.raises(grpc.RpcError) as caught:
            count(b"[]", timeout=SECONDS)
        assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT


def test_sigterm_finishes_what_was_begun(shop):
    """A request that is under way when the signal comes is still answered."""

    async def play() -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", shop.port["suppliers"])
        writer.write(b"POST /reorder/1 HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n1")
        await writer.drain()
        # The server has read the head when it has answered somebody who came later.
        await asyncio.to_thread(shop.get, "suppliers", "/healthz")
        shop.process["suppliers"].terminate()
        await asyncio.to_thread(closed, shop.port["suppliers"])
        writer.write(b"2")
        answer = await reader.read()
        writer.close()
        return answer

    def closed(port: int) -> None:
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), SECONDS).close()
            except ConnectionRefusedError:
                return

    answer = asyncio.run(play())
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"connection: close" in answer
    assert shop.process["suppliers"].wait(SECONDS) == 0
