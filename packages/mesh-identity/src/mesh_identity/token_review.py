"""The verifier of a cluster: the API server says whose a token is.

Nothing is cached. A proxy asks once in 17 hours, so a cache would save nothing, and it would go
on accepting the token of a pod that was deleted, which the API server refuses at once.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

from mesh_core.kubernetes import (
    OverloadedError,
    ServerFailedError,
    TokenReview,
    UnreachableError,
)
from mesh_core.store.errors import StoreError
from mesh_identity.errors import ReviewUnavailable, TokenRejected
from mesh_identity.jwt import MAX_TOKEN_BYTES
from mesh_identity.outage import Outage
from mesh_identity.service_account import ServiceAccount
from mesh_identity.tokens import AUDIENCE, service_account

REVIEW_SECONDS = 5.0
"""How long one token may take, with both questions and the wait for the client's rate limit."""
_MAX_REASON = 300
_NO_ANSWER = (
    UnreachableError,
    OverloadedError,
    ServerFailedError,
    TimeoutError,
    concurrent.futures.CancelledError,
)


class TokenReviews(Protocol):
    """Where tokens are reviewed: a `KubernetesClient`."""

    async def review_token(self, token: bytes, audiences: Sequence[str]) -> TokenReview:
        """Ask for whom `token` speaks, if it was made for one of `audiences`."""
        ...


class TokenReviewVerifier:
    """Asks the API server from gRPC's threads; the client lives on the loop's thread.

    At most as many questions are open as the gRPC server has threads.
    """

    def __init__(
        self,
        reviews: TokenReviews,
        loop: asyncio.AbstractEventLoop,
        *,
        seconds: float = REVIEW_SECONDS,
        observe: Callable[[str, float], None] = lambda _result, _seconds: None,
    ) -> None:
        """`observe` gets the result (`accepted`, `rejected`, `failed`) and duration of a review."""
        self._reviews = reviews
        self._loop = loop
        self._seconds = seconds
        self._observe = observe
        self._outage = Outage()

    def verify(self, token: bytes, now: datetime) -> ServiceAccount:
        """Return the owner of `token`; raise `TokenRejected`, or `ReviewUnavailable`."""
        del now  # the API server has its own clock
        _check_shape(token)
        began = time.monotonic()
        pause = self._outage.refusal(began)
        if pause is not None:
            raise ReviewUnavailable(pause)
        result = "failed"
        try:
            review = self._ask(token)
            result = "accepted" if review.authenticated else "rejected"
        finally:
            self._observe(result, time.monotonic() - began)
        return _owner(review)

    def _ask(self, token: bytes) -> TokenReview:
        """Wait for the loop to review; a server without an answer is remembered for a moment."""
        asking = asyncio.run_coroutine_threadsafe(self._review(token), self._loop)
        try:
            # The loop has its own time-out; this one is for a loop that hangs.
            review = asking.result(self._seconds * 2)
        except _NO_ANSWER as error:
            asking.cancel()
            reason = self._reason(error)
            self._outage.failed(reason, time.monotonic())
            raise ReviewUnavailable(reason) from error
        except StoreError as error:
            # The server is there and says no to this question, not to all.
            self._outage.succeeded()
            raise ReviewUnavailable(self._reason(error)) from error
        self._outage.succeeded()
        return review

    async def _review(self, token: bytes) -> TokenReview:
        async with asyncio.timeout(self._seconds):
            review = await self._question(token, (AUDIENCE,))
            if review.authenticated and AUDIENCE in review.audiences:
                return review
            # Pods whose token is not projected for us present the API server's own kind.
            default = await self._question(token, ())
            # An authenticator that knows no audiences accepts the first without naming ours: that
            # is no acceptance. Of two refusals the first says more.
            return default if default.authenticated or review.authenticated else review

    async def _question(self, token: bytes, audiences: Sequence[str]) -> TokenReview:
        try:
            return await self._reviews.review_token(token, audiences)
        except UnreachableError:
            # A connection that was kept open may have ended with its API server, and another
            # server stands behind the same address. Asking twice does no harm.
            return await self._reviews.review_token(token, audiences)

    def _reason(self, error: BaseException) -> str:
        if isinstance(error, StoreError):
            return f"the token cannot be reviewed: {error}"
        return (
            f"the token cannot be reviewed: no answer from the API server in {self._seconds:g} s; "
            "is it reachable from this pod, and is it overloaded?"
        )


def _check_shape(token: bytes) -> None:
    """Refuse what cannot be a service account's token, without troubling the API server."""
    if len(token) > MAX_TOKEN_BYTES:
        raise TokenRejected(f"the token is longer than {MAX_TOKEN_BYTES} bytes")
    if token.count(b".") != 2 or not token.isascii() or not token.decode("ascii").isprintable():
        raise TokenRejected(
            "the token is not a JSON web token: three parts separated by dots are expected; "
            "the proxy's token file must hold its service account's token"
        )


def _owner(review: TokenReview) -> ServiceAccount:
    if not review.authenticated:
        said = ascii(review.error[:_MAX_REASON])[1:-1] if review.error else "no reason given"
        raise TokenRejected(
            f"the API server does not accept the token ({said}); it must be of this cluster, for "
            f"the audience {AUDIENCE} or the API server's own, not expired, and its pod not deleted"
        )
    return service_account(review.username, uid=review.uid)
