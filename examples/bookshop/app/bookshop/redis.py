"""A redis client of a few lines: pipelined commands, and one subscription."""

import asyncio
from collections.abc import AsyncIterator
from typing import TypeAlias

Reply: TypeAlias = "bytes | int | None | list[Reply]"

ANSWER_SECONDS = 5.0


class RedisError(Exception):
    """redis answered with an error."""


class Redis:
    """One connection, opened when needed; commands of one task follow one another."""

    def __init__(self, authority: str) -> None:
        """Take the server as `host:port`."""
        host, _, port = authority.rpartition(":")
        self._host = host
        self._port = int(port)
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._turn = asyncio.Lock()

    async def pipeline(self, *commands: tuple[str, ...]) -> list[Reply]:
        """Send all commands at once and return their replies in order."""
        async with self._turn, asyncio.timeout(ANSWER_SECONDS):
            kept = self._streams is not None
            try:
                return await self._exchange(commands)
            except (asyncio.IncompleteReadError, ConnectionError):
                # A kept connection ends with the server behind it; the next one has another.
                if not kept:
                    raise
                return await self._exchange(commands)

    async def _exchange(self, commands: tuple[tuple[str, ...], ...]) -> list[Reply]:
        try:
            reader, writer = await self._connected()
            writer.write(b"".join(map(_encoded, commands)))
            return [await _reply(reader) for _ in commands]
        except BaseException:
            # After an error nobody knows which reply comes next: start afresh.
            self.close()
            raise

    async def subscription(self, channel: str) -> AsyncIterator[bytes]:
        """Yield what is published on the channel; the connection is then for that alone."""
        reader, writer = await self._connected()
        writer.write(_encoded(("SUBSCRIBE", channel)))
        while True:
            match await _reply(reader):
                case [b"message", _, bytes() as payload]:
                    yield payload

    def close(self) -> None:
        """Close the connection; the next command opens another."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._streams is None:
            self._streams = await asyncio.open_connection(self._host, self._port)
        return self._streams


def _encoded(command: tuple[str, ...]) -> bytes:
    parts = [part.encode() for part in command]
    body = b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts)
    return b"*%d\r\n%s" % (len(parts), body)


async def _reply(reader: asyncio.StreamReader) -> Reply:
    line = (await reader.readuntil(b"\r\n"))[:-2]
    kind, rest = line[:1], line[1:]
    match kind:
        case b"+":
            return rest
        case b"-":
            raise RedisError(rest.decode())
        case b":":
            return int(rest)
        case b"$":
            length = int(rest)
            return None if length < 0 else (await reader.readexactly(length + 2))[:-2]
        case b"*":
            return [await _reply(reader) for _ in range(int(rest))]
        case _:
            raise RedisError(f"not redis: {line[:40]!r}")
