"""What the caches do not know yet is asked for once, and never for long."""

import asyncio

import pytest
from memory_store import MemoryStore
from reviews import namespace

from mesh_core.resources import Namespace
from mesh_injector.webhook import lookup
from mesh_injector.webhook.errors import LookupFailed
from mesh_injector.webhook.lookup import Lookup


class Slow:
    """An API server that answers when the test says so."""

    def __init__(self) -> None:
        self.asked = 0
        self.answer = asyncio.Event()

    async def __call__(self, kind, namespace_, name):
        self.asked += 1
        await self.answer.wait()
        return namespace(name)


async def test_many_who_want_to_know_the_same_ask_once():
    slow = Slow()
    find = Lookup(MemoryStore(), slow)
    waiting = [asyncio.create_task(find.namespace("shop")) for _ in range(50)]
    await asyncio.sleep(0)
    waiting.pop().cancel()
    await asyncio.sleep(0)
    slow.answer.set()
    found = await asyncio.gather(*waiting)
    assert {each.name for each in found} == {"shop"}
    assert slow.asked == 1
    await find.namespace("shop")
    assert slow.asked == 2, "an answer is not a cache: it would never be renewed"


async def test_a_slow_api_server_is_not_waited_for():
    find = Lookup(MemoryStore(), Slow(), seconds=0.05)
    with pytest.raises(LookupFailed, match="shop: the API server did not answer in time"):
        await find.namespace("shop")


async def test_questions_are_bounded(monkeypatch):
    monkeypatch.setattr(lookup, "MAX_QUESTIONS", 2)
    slow = Slow()
    find = Lookup(MemoryStore(), slow)
    waiting = [asyncio.create_task(find.namespace(name)) for name in ("a", "b")]
    await asyncio.sleep(0)
    with pytest.raises(LookupFailed, match="too many questions to the API server are open"):
        await find.namespace("c")
    slow.answer.set()
    await asyncio.gather(*waiting)
    assert isinstance(await find.namespace("c"), Namespace)


async def test_the_caches_come_first():
    slow = Slow()
    find = Lookup(MemoryStore(namespace("shop")), slow)
    assert (await find.namespace("shop")).name == "shop"
    assert slow.asked == 0
