"""A TCP server: echoes, or greets first and then echoes.

`python -m e2e_apps.tcp PORT [GREETING]`
"""

import asyncio
import signal
import sys

GREETING = " ".join(sys.argv[2:]).encode()


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Greet, return every byte, and close when the peer has finished."""
    try:
        if GREETING:
            writer.write(GREETING + b"\r\n")
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        writer.write_eof()
    except ConnectionError:
        pass
    finally:
        writer.close()


async def serve(port: int) -> None:
    """Serve until SIGTERM."""
    server = await asyncio.start_server(echo, ["0.0.0.0", "::"], port)
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    await stopped.wait()
    server.close()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
