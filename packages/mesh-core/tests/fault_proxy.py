"""A proxy in front of a real API server that does what networks and servers do at their worst."""

import asyncio
import contextlib
import json
import socket
import ssl
import struct
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
from aiohttp import web


@dataclass(frozen=True)
class Request:
    """What a client asked: `verb` is list, watch or the method in lower case."""

    verb: str
    path: str
    query: dict[str, str]

    @property
    def kind(self) -> str:
        return self.path.rpartition("/")[2]


@dataclass
class Fault:
    """What the proxy does instead of, or with, the next `times` requests of a verb and kind."""

    verb: str
    kind: str
    status: int = 0
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    query: dict[str, str] = field(default_factory=dict)
    hang: bool = False
    cut: bool = False
    items: Callable[[dict[str, str]], web.Response] | None = None
    only_with: str = ""
    times: int = 1

    def applies(self, request: Request) -> bool:
        """Say whether this request is to suffer; `only_with` names a parameter that it has."""
        if self.times <= 0 or self.only_with not in {"", *request.query}:
            return False
        return (request.verb, request.kind) == (self.verb, self.kind)


@dataclass
class OpenWatch:
    """A watch under way, which a test may hurt."""

    request: Request
    response: web.StreamResponse
    transport: asyncio.Transport
    silent: bool = False

    async def say(self, data: bytes) -> None:
        await self.response.write(data)

    def end(self) -> None:
        """End the connection in the middle of the answer."""
        self.transport.close()

    def reset(self) -> None:
        raw = self.transport.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()


class FaultProxy:
    """Forwards everything, until told otherwise."""

    def __init__(self, url: str, authority: Path, token: str) -> None:
        self.upstream = url
        self.token = token
        self.requests: list[Request] = []
        self.faults: list[Fault] = []
        self.watches: list[OpenWatch] = []
        self._tls = ssl.create_default_context(cafile=authority)
        self._runner: web.ServerRunner | None = None
        self._port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def kubeconfig(self, path: Path) -> Path:
        """Write a kubeconfig that leads through the proxy."""
        named = [{"name": "x", "cluster": {"server": self.url}}]
        document = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "x",
            "clusters": named,
            "users": [{"name": "x", "user": {"token": self.token}}],
            "contexts": [{"name": "x", "context": {"cluster": "x", "user": "x"}}],
        }
        path.write_text(json.dumps(document))
        return path

    def inject(self, verb: str, kind: str, **what: object) -> Fault:
        fault = Fault(verb, kind, **what)  # type: ignore[arg-type]
        self.faults.append(fault)
        return fault

    def count(self, verb: str, kind: str) -> int:
        """How often something was asked for."""
        return sum((each.verb, each.kind) == (verb, kind) for each in self.requests)

    def watch(self, kind: str) -> OpenWatch | None:
        """The newest open watch of a kind."""
        return next((each for each in reversed(self.watches) if each.request.kind == kind), None)

    async def start(self) -> None:
        """Listen, at the same port as before."""
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=self._tls, limit=0),
            timeout=aiohttp.ClientTimeout(total=None),
            auto_decompress=False,
        )
        self._runner = web.ServerRunner(web.Server(self._serve), shutdown_timeout=0.01)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port, reuse_address=True)
        await site.start()
        self._port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Go away: connections end, new ones are refused."""
        runner, self._runner = self._runner, None
        if runner is not None:
            for watch in list(self.watches):
                watch.end()
            await runner.cleanup()
            await self._session.close()

    async def _serve(self, raw: web.BaseRequest) -> web.StreamResponse:
        query = dict(raw.query)
        verb = "watch" if "watch" in query else "list" if _is_list(raw) else raw.method.lower()
        request = Request(verb, raw.path, query)
        self.requests.append(request)
        try:
            return await self._answer(raw, request, query)
        except (aiohttp.ClientError, ConnectionError):  # as without a proxy
            if raw.transport is not None:  # else the client was the one who went
                raw.transport.close()
            return web.Response()

    async def _answer(
        self, raw: web.BaseRequest, request: Request, query: dict[str, str]
    ) -> web.StreamResponse:
        fault = next((each for each in self.faults if each.applies(request)), None)
        if fault is None:
            return await self._forward(raw, request, query)
        fault.times -= 1
        if fault.hang:
            await asyncio.Event().wait()
        if fault.items is not None:
            return fault.items(query)
        if fault.status:
            return web.Response(status=fault.status, body=fault.body, headers=fault.headers)
        return await self._forward(raw, request, {**query, **fault.query}, cut=fault.cut)

    async def _forward(
        self, raw: web.BaseRequest, request: Request, query: dict[str, str], *, cut: bool = False
    ) -> web.StreamResponse:
        headers = {name: raw.headers[name] for name in _PASSED if name in raw.headers}
        url = f"{self.upstream}{raw.path}"
        body = await raw.read()
        async with self._session.request(
            raw.method, url, params=query, data=body, headers=headers
        ) as answer:
            if request.verb == "watch" and answer.status == 200:
                return await self._relay(raw, request, answer)
            data = await answer.read()
            kind = {"Content-Type": answer.headers.get("Content-Type", "")}
            if not cut:
                return web.Response(status=answer.status, body=data, headers=kind)
            half = web.StreamResponse(headers={**kind, "Content-Length": str(len(data))})
            await half.prepare(raw)
            await half.write(data[: len(data) // 2])
            raw.transport.close()
            return half

    async def _relay(
        self, raw: web.BaseRequest, request: Request, answer: aiohttp.ClientResponse
    ) -> web.StreamResponse:
        response = web.StreamResponse()
        response.enable_chunked_encoding()
        await response.prepare(raw)
        watch = OpenWatch(request, response, raw.transport)
        self.watches.append(watch)
        try:
            async for chunk in answer.content.iter_any():
                if not watch.silent:
                    await response.write(chunk)
        finally:
            self.watches.remove(watch)
        return response


_PASSED = ("Authorization", "Content-Type", "Accept")


def _is_list(raw: web.BaseRequest) -> bool:
    # Collections have an odd number of parts below the version, objects an even one.
    parts = raw.path.strip("/").split("/")
    below = parts[2:] if parts[0] == "api" else parts[3:]
    return raw.method == "GET" and len(below) % 2 == 1 and below[0] != "version"


@contextlib.asynccontextmanager
async def fault_proxy(url: str, authority: Path, token: str) -> AsyncIterator[FaultProxy]:
    proxy = FaultProxy(url, authority, token)
    await proxy.start()
    try:
        yield proxy
    finally:
        await proxy.stop()


class LoopWatch:
    """Measures how long one callback kept the event loop at most, in seconds of its CPU.

    Not of the clock: what else the machine does is not the loop's fault.
    """

    def __init__(self) -> None:
        self.longest = 0.0

    async def run(self) -> None:
        while True:
            before = time.thread_time()
            await asyncio.sleep(0)
            self.longest = max(self.longest, time.thread_time() - before)
