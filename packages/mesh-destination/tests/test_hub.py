"""The hub without a network: one computation for all, nothing for nobody, the newest for each."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from contextlib import ExitStack
from dataclasses import dataclass
from typing import ClassVar

import pytest

from mesh_core.store import Event
from mesh_destination.index import Index
from mesh_destination.streams.hub import TURN_SECONDS, Hub
from mesh_destination.streams.mailbox import HubClosed
from mesh_destination.testing import Follower, make_pod, make_service, make_slice
from mesh_destination.views.endpoints import Endpoints
from mesh_destination.views.inbound import InboundServer
from mesh_destination.views.outbound import OutboundToAddress
from mesh_destination.views.profile import ProfileOfName
from mesh_destination.views.refusals import UnknownTarget
from mesh_destination.views.settings import Settings

WEB = Endpoints("shop", "web", 80)


class Play:
    """A hub whose turns are taken by the test, and a count of what it did."""

    def __init__(self):
        self.turns = deque()
        self.outcomes = Counter()
        self.open = Counter()
        self.now = 0.0
        self.costs = 0.0
        self.hub = Hub(Index(), Settings(), self.turns.append, self, clock=lambda: self.now)
        self._objects = {}

    def recomputed(self, view, outcome):
        self.outcomes[view, outcome] += 1
        self.now += self.costs

    def views(self, view, change):
        self.open[view] += change

    def put(self, *resources):
        for resource in resources:
            place = (resource.kind, resource.key)
            self.hub.apply(Event(self._objects.get(place), resource))
            self._objects[place] = resource

    def delete(self, resource):
        self.hub.apply(Event(resource, None))

    def run(self):
        while self.turns:
            self.turns.popleft()()


@pytest.fixture
def play():
    play = Play()
    play.put(make_service(), make_slice(*pods(1)), *pods(1))
    play.run()
    return play


def pods(count):
    return [make_pod(f"web-{n}", ips=[f"10.1.0.{n + 1}"]) for n in range(count)]


def scale(play, count):
    play.put(*pods(count), make_slice(*pods(count)))


def test_readers_in_step_share_one_encoding(play):
    with play.hub.subscribe(WEB) as one, play.hub.subscribe(WEB) as two:
        assert one.take() is two.take()
        scale(play, 3)
        play.run()
        shared = one.take()
        assert shared
        assert two.take() is shared
    assert play.outcomes["endpoints", "changed"] == 1


def test_a_burst_of_changes_is_one_computation(play):
    with play.hub.subscribe(WEB) as mailbox:
        mailbox.take()
        for count in (2, 3, 4, 5):
            scale(play, count)
        assert mailbox.take() == ()
        play.run()
        assert len(mailbox.take()) == 1
    assert sum(play.outcomes.values()) == 1


def test_nobody_is_told_what_is_not_new(play):
    with play.hub.subscribe(WEB) as mailbox:
        mailbox.take()
        play.put(make_pod("web-0", ips=["10.1.0.1"], labels={"of-interest": "to others"}))
        play.run()
        assert mailbox.take() == ()
    assert play.outcomes == {("endpoints", "unchanged"): 1}


def test_nothing_is_computed_for_nobody(play):
    with play.hub.subscribe(WEB):
        assert play.open == {"endpoints": 1}
    scale(play, 2)
    play.run()
    assert not play.outcomes
    assert play.open == {"endpoints": 0}
    assert not play.hub._views
    assert not play.hub._by_key


def test_a_slow_reader_gets_the_way_to_the_newest_and_no_history(play):
    """Fault 48: thousands of changes while it sleeps are two messages when it wakes."""
    with play.hub.subscribe(WEB) as quick, play.hub.subscribe(WEB) as slow:
        follower, sleeper = Follower(), Follower()
        sleeper.read(*slow.take())
        follower.read(*quick.take())
        for step in range(2000):
            scale(play, 1 + step % 7)
            play.run()
            follower.read(*quick.take())
        scale(play, 3)
        play.run()
        messages = slow.take()
        sleeper.read(*messages)
        follower.read(*quick.take())
    assert len(messages) <= 2
    assert sleeper.endpoints == follower.endpoints
    assert len(sleeper.endpoints) == 3
    assert follower.revisions == sorted(set(follower.revisions))
    assert sleeper.revisions == sorted(set(sleeper.revisions))


def test_back_to_where_it_was_is_nothing_new(play):
    with play.hub.subscribe(WEB) as slow:
        slow.take()
        for count in (2, 1):
            scale(play, count)
            play.run()
        assert slow.take() == ()


def test_encodings_of_the_past_are_let_go(play):
    with play.hub.subscribe(WEB) as mailbox:
        mailbox.take()
        first = play.hub._views[WEB].newest
        scale(play, 2)
        play.run()
        assert first.since(None)
        assert not first._encoded


def test_a_question_without_an_answer_is_refused(play):
    with pytest.raises(UnknownTarget), play.hub.subscribe(InboundServer("shop", "x", 80)):
        pass
    assert not play.hub._views
    with pytest.raises(UnknownTarget):
        play.hub.answer(InboundServer("shop", "x", 80))


def test_an_answer_that_ceases_ends_the_stream_and_may_come_back(play):
    question = OutboundToAddress("10.96.0.1", 80)
    with play.hub.subscribe(question) as mailbox:
        assert mailbox.take()
        play.delete(make_service())
        play.run()
        with pytest.raises(UnknownTarget):
            mailbox.take()
        with pytest.raises(UnknownTarget), play.hub.subscribe(question):
            pass
        play.put(make_service())
        play.run()
        with play.hub.subscribe(question) as again:
            assert again.take()
        with pytest.raises(UnknownTarget):
            mailbox.take()
    assert not play.hub._views
    assert not play.hub._by_key
    assert play.open == {"outbound": 0}


def test_a_deleted_service_is_a_message_to_who_follows_its_endpoints(play):
    follower = Follower()
    with play.hub.subscribe(WEB) as mailbox:
        follower.read(*mailbox.take())
        play.delete(make_service())
        play.run()
        follower.read(*mailbox.take())
    assert (follower.exists, follower.endpoints) == (False, {})


@dataclass(frozen=True)
class Broken(ProfileOfName):
    """A question that some object makes fail."""

    view: ClassVar[str] = "broken"

    def answer(self, index, settings):
        if index.services.get("shop", "bad"):
            raise ZeroDivisionError
        return super().answer(index, settings)


def test_a_bug_costs_one_question_its_news_and_no_other(play, caplog):
    question = Broken("shop", "web", 80)
    with play.hub.subscribe(question) as broken, play.hub.subscribe(WEB) as healthy:
        broken.take()
        healthy.take()
        play.put(make_service("bad", ip="10.96.0.9"), make_service())
        scale(play, 2)
        play.run()
        assert broken.take() == ()
        assert healthy.take()
        assert "keep the last answer" in caplog.text
        play.delete(make_service("bad", ip="10.96.0.9"))
        play.put(make_service(ip="10.96.0.8", ports=[]))
        play.run()
        assert play.outcomes["broken", "failed"] == 1


@pytest.mark.parametrize(
    "costs, turns", [(0.0, 1), (TURN_SECONDS / 2, 5), (100 * TURN_SECONDS, 9)], ids=str
)
def test_many_answers_leave_room_for_sending(play, costs, turns):
    """Answers may be few and large as well as many and small, so it is time that is shared."""
    with ExitStack() as stack:
        for port in range(1, 10):
            stack.enter_context(play.hub.subscribe(Endpoints("shop", "web", port)))
        scale(play, 2)
        play.costs = costs
        taken = 0
        while play.turns:
            play.turns.popleft()()
            taken += 1
    assert taken == turns
    assert play.outcomes.total() == 9


def test_at_the_end_everyone_is_told(play):
    with play.hub.subscribe(WEB) as mailbox:
        mailbox.take()
        play.hub.close()
        with pytest.raises(HubClosed):
            mailbox.take()
    with pytest.raises(HubClosed), play.hub.subscribe(WEB):
        pass


async def test_a_waiting_reader_wakes(play):
    with play.hub.subscribe(WEB) as mailbox:
        await mailbox.next()
        waiting = asyncio.create_task(mailbox.next())
        await asyncio.sleep(0)
        assert not waiting.done()
        scale(play, 2)
        play.run()
        assert await asyncio.wait_for(waiting, 5)
