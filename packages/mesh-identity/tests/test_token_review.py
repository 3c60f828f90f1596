"""The API server's word on tokens: what it may say, and when it says nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from mesh_core.kubernetes import (
    ForbiddenError,
    OverloadedError,
    RejectedError,
    ServerFailedError,
    TokenReview,
    UnreachableError,
)
from mesh_core.store.errors import StoreError
from mesh_identity.errors import CertifyError, ReviewUnavailable, TokenRejected
from mesh_identity.outage import PAUSE_SECONDS, Outage
from mesh_identity.service_account import ServiceAccount
from mesh_identity.testing import NOW
from mesh_identity.token_review import TokenReviewVerifier

TOKEN = b"aGVhZGVy.cGF5bG9hZA.c2lnbmF0dXJl"
OURS, DEFAULT = ("identity.l5d.io",), ()
WEB = "system:serviceaccount:shop:web"


def accepted(username: str = WEB, audiences: tuple[str, ...] = OURS) -> TokenReview:
    return TokenReview(
        authenticated=True, username=username, audiences=audiences, error="", uid="u1"
    )


def rejected(error: str = "") -> TokenReview:
    return TokenReview(authenticated=False, username="", audiences=(), error=error)


class Reviews:
    """An API server that answers as told, by the audiences that are asked for."""

    def __init__(self, **answers: TokenReview | StoreError | None) -> None:
        self.answers = answers
        self.asked: list[tuple[str, ...]] = []

    async def review_token(self, token: bytes, audiences: Sequence[str]) -> TokenReview:
        assert token == TOKEN
        self.asked.append(tuple(audiences))
        answer = self.answers["ours" if audiences else "default"]
        if answer is None:
            await asyncio.Event().wait()
        if isinstance(answer, StoreError):
            raise answer
        assert isinstance(answer, TokenReview)
        return answer


async def verify(reviews: Reviews, token: bytes = TOKEN, seconds: float = 5.0) -> ServiceAccount:
    verifier = TokenReviewVerifier(reviews, asyncio.get_running_loop(), seconds=seconds)
    return await asyncio.to_thread(verifier.verify, token, NOW)


async def refusal(reviews: Reviews, token: bytes = TOKEN) -> CertifyError:
    with pytest.raises(CertifyError) as caught:
        await verify(reviews, token, seconds=0.05)
    return caught.value


async def test_a_token_for_us_is_asked_about_once() -> None:
    reviews = Reviews(ours=accepted())
    assert await verify(reviews) == ServiceAccount("shop", "web", "u1")
    assert reviews.asked == [OURS]


async def test_a_token_for_the_api_server_is_the_second_choice() -> None:
    reviews = Reviews(ours=rejected("wrong audience"), default=accepted(audiences=("api",)))
    assert (await verify(reviews)).name == "web"
    assert reviews.asked == [OURS, DEFAULT]


async def test_an_authenticator_that_knows_no_audiences_does_not_speak_for_ours() -> None:
    """It says yes without naming ours: then only the second question counts."""
    reviews = Reviews(ours=accepted(audiences=()), default=rejected("no"))
    assert isinstance(await refusal(reviews), TokenRejected)
    assert reviews.asked == [OURS, DEFAULT]


async def test_a_refused_token_says_what_the_api_server_said() -> None:
    reviews = Reviews(ours=rejected("token \n expired " + "x" * 5000), default=rejected())
    error = await refusal(reviews)
    assert isinstance(error, TokenRejected)
    assert r"token \n expired xxx" in str(error)
    assert len(str(error)) < 1000


@pytest.mark.parametrize(
    "username",
    ["", "admin", "system:node:n1", "system:serviceaccount:shop", "system:serviceaccount:a:b:c"],
)
async def test_only_service_accounts_have_identities(username: str) -> None:
    error = await refusal(Reviews(ours=accepted(username)))
    assert isinstance(error, TokenRejected)
    assert "not a service account" in str(error)


@pytest.mark.parametrize(
    "token",
    [b"nonsense", b"a.b", b"a.b.c.d", b"\xff.\xff.\xff", b"a.b\n.c", b"a.b." + b"c" * 17_000],
)
async def test_what_cannot_be_a_token_is_not_asked_about(token: bytes) -> None:
    reviews = Reviews()
    assert isinstance(await refusal(reviews, token), TokenRejected)
    assert reviews.asked == []


@pytest.mark.parametrize(
    "error",
    [
        UnreachableError("no route"),
        OverloadedError("later"),
        ServerFailedError("etcd"),
        ForbiddenError("create tokenreviews"),
        RejectedError("odd"),
        None,
    ],
    ids=lambda error: type(error).__name__,
)
async def test_without_an_answer_nothing_is_held_against_the_token(
    error: StoreError | None,
) -> None:
    refused = await refusal(Reviews(ours=error))
    assert isinstance(refused, ReviewUnavailable)
    assert refused.status == "UNAVAILABLE"
    assert str(error or "no answer from the API server in 0.05 s") in str(refused)


async def test_a_connection_that_ended_is_no_outage() -> None:
    class Restarted(Reviews):
        async def review_token(self, token: bytes, audiences: Sequence[str]) -> TokenReview:
            if not self.asked:
                self.asked.append(())
                raise UnreachableError("Server disconnected")
            return await super().review_token(token, audiences)

    assert (await verify(Restarted(ours=accepted()))).name == "web"


async def test_a_silent_server_holds_up_one_caller_and_not_the_queue() -> None:
    reviews = Reviews(ours=None)
    verifier = TokenReviewVerifier(reviews, asyncio.get_running_loop(), seconds=0.2)

    async def ask() -> str:
        with pytest.raises(ReviewUnavailable) as caught:
            await asyncio.to_thread(verifier.verify, TOKEN, NOW)
        return str(caught.value)

    first = await ask()
    rest = [await ask() for _ in range(20)]
    assert set(rest) == {first}
    assert len(reviews.asked) == 1


async def test_observed_are_results_and_durations() -> None:
    seen: list[str] = []
    for answers in ({"ours": accepted()}, {"ours": rejected(), "default": rejected()}, {}):
        verifier = TokenReviewVerifier(
            Reviews(**answers) if answers else Reviews(ours=UnreachableError("x")),
            asyncio.get_running_loop(),
            observe=lambda result, seconds: seen.append(f"{result} {seconds >= 0}"),
        )
        with pytest.MonkeyPatch.context():
            await asyncio.gather(
                asyncio.to_thread(verifier.verify, TOKEN, NOW), return_exceptions=True
            )
    assert seen == ["accepted True", "rejected True", "failed True"]


def test_after_an_outage_one_tries_while_the_others_are_spared() -> None:
    outage = Outage()
    assert [outage.refusal(0.0), outage.refusal(0.0)] == [None, None]
    outage.failed("gone", 0.0)
    assert outage.refusal(PAUSE_SECONDS / 2) == "gone"
    assert outage.refusal(PAUSE_SECONDS) is None
    assert outage.refusal(PAUSE_SECONDS) == "gone", "one is trying"
    outage.succeeded()
    assert outage.refusal(PAUSE_SECONDS) is None
