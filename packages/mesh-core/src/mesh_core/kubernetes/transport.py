"""Requests to one API server over HTTP, with credentials that may change."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from typing import NoReturn

import aiohttp

from mesh_core.kubernetes.connection import Connection, Source
from mesh_core.kubernetes.errors import (
    SilentError,
    TruncatedError,
    UnauthorizedError,
    UnreachableError,
)
from mesh_core.kubernetes.rate_limit import RateLimit
from mesh_core.kubernetes.status import error_of, read_status

CONNECT_SECONDS = 10.0
REQUEST_SECONDS = 30.0
RELOAD_SECONDS = 5.0
"""How long after finding the connection it is not looked for again."""
_STOPPED = 300
_MAX_RETRY_AFTER = 60.0

Query = Mapping[str, str | int]
_NETWORK = (aiohttp.ClientError, OSError, TimeoutError)


class Transport:
    """Sends requests and maps everything that can go wrong to `KubernetesError`."""

    def __init__(
        self, source: Source, connection: Connection, user_agent: str, limit: RateLimit
    ) -> None:
        """Use `connection`, and ask `source` for a new one when it is refused."""
        self._source = source
        self._connection = connection
        self._user_agent = user_agent
        self._limit = limit
        self._session = self._open(connection)
        self._retired: aiohttp.ClientSession | None = None
        self._reloading = asyncio.Lock()
        self._loaded_at = asyncio.get_running_loop().time()
        self._closed = False

    @property
    def connection(self) -> Connection:
        """The connection in use now."""
        return self._connection

    async def close(self) -> None:
        """Close all connections; requests under way fail."""
        self._closed = True
        await self._session.close()
        if self._retired is not None:
            await self._retired.close()

    async def request(
        self,
        method: str,
        path: str,
        *,
        query: Query | None = None,
        body: bytes | None = None,
        content_type: str = "application/json",
        accept: str = "application/json",
        seconds: float = REQUEST_SECONDS,
        what: str = "",
    ) -> bytes:
        """Send one request and give the body of its answer; `what` is its name in errors."""
        what = what or f"{method.lower()} {path}"
        await self._take_turn()
        headers = {"Accept": accept}
        headers |= {"Content-Type": content_type} if body is not None else {}
        timeout = aiohttp.ClientTimeout(total=seconds, sock_connect=CONNECT_SECONDS)
        opening = self._answer(method, path, query, body, headers, timeout, what)
        async with opening as answer:
            try:
                return await answer.read()
            except _NETWORK as error:
                self._fail(error, what)

    @contextlib.asynccontextmanager
    async def stream(
        self, path: str, query: Query, *, accept: str, silence: float, what: str
    ) -> AsyncIterator[AsyncIterator[bytes]]:
        """Open a watch and give its octets as they come; `silence` in seconds ends it."""
        await self._take_turn()
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS, sock_read=silence)
        opening = self._answer("GET", path, query, None, {"Accept": accept}, timeout, what)
        async with opening as answer, contextlib.aclosing(self._chunks(answer, what)) as chunks:
            yield chunks

    async def _chunks(
        self, answer: aiohttp.ClientResponse, what: str
    ) -> AsyncGenerator[bytes, None]:
        try:
            async for chunk in answer.content.iter_any():
                yield chunk
        except _NETWORK as error:
            self._fail(error, what)

    @contextlib.asynccontextmanager
    async def _answer(
        self,
        method: str,
        path: str,
        query: Query | None,
        body: bytes | None,
        headers: Mapping[str, str],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 - aiohttp's own kind of it
        what: str,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """Send, once more with fresh credentials when they were refused."""
        for last in (False, True):
            session, authorization = self._session, self._connection.authorization()
            identity = {"Authorization": authorization} if authorization else {}
            try:
                answer = await session.request(
                    method,
                    f"{self._connection.server}{path}",
                    params=query,
                    data=body,
                    headers={**headers, **identity},
                    timeout=timeout,
                    allow_redirects=False,
                    proxy=self._connection.proxy,
                    server_hostname=self._connection.server_name,
                )
            except _NETWORK as error:
                if isinstance(error, aiohttp.ClientSSLError) and not last and await self._reload():
                    continue
                self._fail(error, what)
            async with answer:
                try:
                    await self._check(answer, what)
                except UnauthorizedError:
                    if last or not await self._reload():
                        raise
                    continue
                try:
                    yield answer
                finally:
                    _abandon(answer)
                return

    async def _check(self, answer: aiohttp.ClientResponse, what: str) -> None:
        if answer.status < _STOPPED:
            return
        try:
            body = await answer.read()
        except _NETWORK as error:
            self._fail(error, what)
        wait = _retry_after(answer.headers.get("Retry-After", ""))
        raise error_of(read_status(answer.status, body), what, wait)

    def _fail(self, error: Exception, what: str) -> NoReturn:
        server = self._connection.server
        if isinstance(error, aiohttp.ClientPayloadError):
            msg = f"cannot {what}: the answer of {server} ended in its middle"
            raise TruncatedError(msg) from error
        if isinstance(error, aiohttp.ClientConnectorCertificateError):
            msg = (
                f"cannot {what}: the certificate of {server} is not trusted "
                f"({error.certificate_error}); check the CA in the kubeconfig or ServiceAccount"
            )
            raise UnreachableError(msg) from error
        if isinstance(error, TimeoutError):
            msg = f"cannot {what}: {server} does not answer in time"
            raise SilentError(msg) from error
        if isinstance(error, aiohttp.ClientResponseError):
            msg = f"cannot {what}: {server} does not speak HTTP: {error.message}"
            raise TruncatedError(msg) from error
        msg = f"cannot {what}: cannot reach {server}: {error or type(error).__name__}"
        raise UnreachableError(msg) from error

    async def _take_turn(self) -> None:
        wait = self._limit.take(asyncio.get_running_loop().time())
        if wait:
            await asyncio.sleep(wait)

    async def _reload(self) -> bool:
        """Find the connection anew; False when that was done just now.

        What is under way with the old one may end: its session is closed with the next reload.
        """
        async with self._reloading:
            now = asyncio.get_running_loop().time()
            if self._closed or now - self._loaded_at < RELOAD_SECONDS:
                return False
            self._loaded_at = now
            self._connection = await self._source()
            expired, self._retired = self._retired, self._session
            self._session = self._open(self._connection)
        if expired is not None:
            await expired.close()
        return True

    def _open(self, connection: Connection) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            # A watch holds a connection of its own for minutes, so there is no limit.
            connector=aiohttp.TCPConnector(limit=0, ssl=_tls(connection)),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={
                "User-Agent": self._user_agent,
                # Compressing costs the server more than a cluster's network would.
                "Accept-Encoding": "identity",
            },
            read_bufsize=1 << 18,
        )


def _tls(connection: Connection) -> ssl.SSLContext | bool:
    return True if connection.tls is None else connection.tls


def _abandon(answer: aiohttp.ClientResponse) -> None:
    """End the connection of an answer that was not read to its end, such as a watch.

    At once: the polite end of TLS would go on behind the back of whoever closes the client.
    """
    connection = answer.connection
    if connection is not None and connection.protocol is not None:
        connection.protocol.abort()


def _retry_after(text: str) -> float:
    """Read the header's seconds; its other form, a date, is as good as absent."""
    return min(float(text), _MAX_RETRY_AFTER) if text.isdecimal() else 0.0
