"""What is written in one turn of the loop leaves in one piece."""

import asyncio

import pytest

from mesh_injector.webhook.joined_writes import JoinedWrites


class Sent(asyncio.Transport):
    """Remembers what reaches the connection, and in which order."""

    def __init__(self) -> None:
        super().__init__({"peername": ("192.0.2.1", 1)})
        self.calls: list[object] = []
        self.closing = False

    def write(self, data):
        self.calls.append(bytes(data))

    def close(self):
        self.closing = True
        self.calls.append("close")

    def abort(self):
        self.closing = True
        self.calls.append("abort")

    def is_closing(self):
        return self.closing

    def pause_reading(self):
        self.calls.append("pause")

    def resume_reading(self):
        self.calls.append("resume")


@pytest.fixture
async def sent():
    return Sent()


@pytest.fixture
async def joined(sent):
    return JoinedWrites(sent, asyncio.get_running_loop())


async def test_a_head_and_its_body_are_one_write(sent, joined):
    joined.write(b"head")
    joined.write(bytearray(b" and body"))
    assert sent.calls == []
    await asyncio.sleep(0)
    assert sent.calls == [b"head and body"]
    joined.write(b"next")
    await asyncio.sleep(0)
    assert sent.calls == [b"head and body", b"next"]


async def test_the_end_comes_after_what_was_written(sent, joined):
    joined.write(b"last")
    joined.close()
    assert sent.calls == [b"last", "close"]
    assert joined.is_closing()
    joined.write(b"too late")
    await asyncio.sleep(0)
    assert sent.calls == [b"last", "close"]


async def test_an_abort_sends_nothing_more(sent, joined):
    joined.write(b"lost")
    joined.abort()
    await asyncio.sleep(0)
    assert sent.calls == ["abort"]


async def test_the_rest_is_the_connections(sent, joined):
    joined.pause_reading()
    joined.resume_reading()
    assert sent.calls == ["pause", "resume"]
    assert joined.get_extra_info("peername") == ("192.0.2.1", 1)
    assert joined.get_extra_info("sslcontext") is None
