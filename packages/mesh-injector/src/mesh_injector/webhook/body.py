"""Request bodies, within bounds: their size, their time, and all of them together."""

import asyncio

from starlette.requests import Request

from mesh_injector.webhook.errors import BodyTooLarge, BodyTooSlow, TooBusy, WrongContentType

MAX_BYTES = 3 * 1024 * 1024
"""What an API server takes for one request; a body of exactly this size is still read."""
MAX_BUFFERED_BYTES = 48 * 1024 * 1024
"""All unfinished bodies together: more would be the pod's memory, and so the end of all others."""
SMALL_BYTES = 64 * 1024
"""A body up to here is read nevertheless, which is nearly every review: a few who send large ones
slowly cannot keep all others out. With 1,024 connections that is 64 MiB more at worst."""
BODY_SECONDS = 5.0


class Bodies:
    """Reads the bodies of one server."""

    def __init__(
        self,
        *,
        max_bytes: int = MAX_BYTES,
        max_buffered: int = MAX_BUFFERED_BYTES,
        seconds: float = BODY_SECONDS,
    ) -> None:
        """Begin with nothing buffered."""
        self._max_bytes = max_bytes
        self._max_buffered = max_buffered
        self._seconds = seconds
        self._buffered = 0

    async def read(self, request: Request) -> bytes:
        """Read a JSON body; raises a RequestRefused."""
        _check_type(request)
        declared = request.headers.get("content-length", "")
        if declared.isdecimal() and int(declared) > self._max_bytes:
            raise BodyTooLarge(self._limit(f"{declared} bytes"))
        body = bytearray()
        try:
            async with asyncio.timeout(self._seconds):
                await self._receive(request, body)
        except TimeoutError as error:
            raise BodyTooSlow(
                f"the body did not arrive within {self._seconds:g} s; {len(body)} bytes did"
            ) from error
        finally:
            self._buffered -= len(body)
        return bytes(body)

    async def _receive(self, request: Request, body: bytearray) -> None:
        async for chunk in request.stream():
            body += chunk
            self._buffered += len(chunk)
            if len(body) > self._max_bytes:
                raise BodyTooLarge(self._limit(f"more than {self._max_bytes} bytes"))
            if self._buffered > self._max_buffered and len(body) > SMALL_BYTES:
                raise TooBusy("too many bytes are being received at once; try again")

    def _limit(self, size: str) -> str:
        return f"the body has {size}; at most {self._max_bytes} are read"


def _check_type(request: Request) -> None:
    kind = request.headers.get("content-type", "")
    if kind.partition(";")[0].strip().lower() != "application/json":
        raise WrongContentType(f"Content-Type is {kind[:100]!r}; send application/json")
    encoding = request.headers.get("content-encoding", "identity")
    if encoding != "identity":
        raise WrongContentType(f"Content-Encoding is {encoding[:100]!r}; send the body as it is")
