"""Which events users see, where, and how many of them."""

from __future__ import annotations

import asyncio

import pytest

from mesh_core.resources import ObjectReference
from mesh_identity.errors import (
    CsrRejected,
    IssuerUnavailable,
    RequestRejected,
    ReviewUnavailable,
    TokenRejected,
)
from mesh_identity.event_limit import EventLimit
from mesh_identity.events import IdentityEvents
from mesh_identity.notice import EXPIRING, UPDATED, Notice
from mesh_identity.service_account import ServiceAccount
from mesh_identity.testing import IDENTITY, NOW

DEPLOYMENT = ObjectReference(
    api_version="apps/v1", kind="Deployment", name="linkerd-identity", namespace="linkerd"
)


class Recorder:
    def __init__(self) -> None:
        self.events: list[tuple[str, str, str, str]] = []

    def record(self, regarding: ObjectReference, type_: str, reason: str, message: str) -> None:
        where = f"{regarding.kind} {regarding.namespace}/{regarding.name} {regarding.uid}".strip()
        self.events.append((where, type_, reason, message))


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
async def events(recorder: Recorder) -> IdentityEvents:
    return IdentityEvents(recorder.record, asyncio.get_running_loop(), DEPLOYMENT)


async def delivered(recorder: Recorder) -> list[tuple[str, str, str, str]]:
    await asyncio.sleep(0)
    found, recorder.events = recorder.events, []
    return found


async def test_a_leaf_is_news_of_its_service_account(
    events: IdentityEvents, recorder: Recorder
) -> None:
    owner = ServiceAccount("shop", "web", "u1")
    await asyncio.to_thread(events.issued, IDENTITY, owner, NOW)
    assert await delivered(recorder) == [
        (
            "ServiceAccount shop/web u1",
            "Normal",
            "IssuedLeafCertificate",
            f"issued certificate for {IDENTITY} until 2026-11-23 12:00:00 UTC",
        )
    ]


async def test_notices_are_news_of_the_deployment(
    events: IdentityEvents, recorder: Recorder
) -> None:
    events.notice(Notice(UPDATED, "new", warning=False))
    events.notice(Notice(EXPIRING, "soon"))
    where = "Deployment linkerd/linkerd-identity"
    assert await delivered(recorder) == [
        (where, "Normal", "IssuerUpdated", "new"),
        (where, "Warning", "IssuerExpiring", "soon"),
    ]


async def test_a_refusal_is_told_where_it_can_be_found(
    events: IdentityEvents, recorder: Recorder
) -> None:
    proven = TokenRejected("other")
    proven.owner = ServiceAccount("shop", "api", "u2")
    events.refused(IDENTITY, proven)
    events.refused(IDENTITY, TokenRejected("expired"))
    events.refused("nonsense", RequestRejected("odd"))
    told = await delivered(recorder)
    assert [event[0] for event in told] == [
        "ServiceAccount shop/api u2",
        "ServiceAccount shop/web",
        "Deployment linkerd/linkerd-identity",
    ]
    assert {event[1:3] for event in told} == {("Warning", "CertificateRefused")}
    assert told[0][3] == "refused a certificate: other"
    assert told[1][3].startswith("refused a certificate to someone who names this as its account")


@pytest.mark.parametrize("error", [IssuerUnavailable("x"), ReviewUnavailable("x")])
async def test_our_own_troubles_are_no_news_of_a_workload(
    events: IdentityEvents,
    recorder: Recorder,
    error: IssuerUnavailable | ReviewUnavailable,
) -> None:
    events.refused(IDENTITY, error)
    assert await delivered(recorder) == []


async def test_who_asks_again_and_again_is_told_of_once(
    events: IdentityEvents, recorder: Recorder
) -> None:
    for _ in range(100):
        events.refused(IDENTITY, CsrRejected("bad"))
    assert len(await delivered(recorder)) == 1


def test_the_limit_is_for_each_and_for_all() -> None:
    limit = EventLimit(seconds=60, most=3)
    assert limit.admit("a", 0)
    assert not limit.admit("a", 59)
    assert limit.admit("b", 59)
    assert limit.admit("a", 60)
    assert limit.admit("c", 61)
    assert not limit.admit("d", 61)
    assert limit.admit("d", 119)


def test_the_limit_forgets() -> None:
    limit = EventLimit(seconds=1, most=10)
    for number in range(5000):
        assert limit.admit(number, number)
    assert len(limit._seen) == 1024
