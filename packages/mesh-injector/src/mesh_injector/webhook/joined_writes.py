"""A transport that sends what is written in one go.

uvicorn writes the head and the body of an answer one after the other. Over TLS that is two
records, two system calls and two packets, a quarter of all the time that an admission takes.
"""

import asyncio
from typing import Any


class JoinedWrites(asyncio.Transport):
    """Passes everything on, writes at the end of the loop's turn in which they were made."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        """Write to `transport`."""
        super().__init__()
        self._transport = transport
        self._loop = loop
        self._parts: list[bytes] = []

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send `data`, together with what follows it at once."""
        if not self._parts:
            self._loop.call_soon(self._flush)
        self._parts.append(bytes(data))

    def close(self) -> None:
        """Send what was written and close."""
        self._flush()
        self._transport.close()

    def abort(self) -> None:
        """Close at once; what was not sent yet is lost."""
        self._parts.clear()
        self._transport.abort()

    def is_closing(self) -> bool:
        """Say whether it is closed or about to be."""
        return self._transport.is_closing()

    def pause_reading(self) -> None:
        """Stop giving data to the protocol."""
        self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Give data to the protocol again."""
        self._transport.resume_reading()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Tell about the connection."""
        return self._transport.get_extra_info(name, default)

    def _flush(self) -> None:
        parts, self._parts = self._parts, []
        if parts and not self._transport.is_closing():
            self._transport.write(b"".join(parts))
