"""From a mailbox to a gRPC stream, held open for as long as both sides live."""

from __future__ import annotations

import logging
from typing import Any, NoReturn

import grpc

from mesh_destination.api.statuses import status_of
from mesh_destination.metrics import DestinationMetrics
from mesh_destination.streams.hub import Hub
from mesh_destination.streams.mailbox import HubClosed, Mailbox
from mesh_destination.views.question import Question
from mesh_destination.views.refusals import Refused

_LOG = logging.getLogger("mesh_destination")

# Nothing is encoded or decoded by gRPC on the way out: one encoding serves all readers.
Context = grpc.aio.ServicerContext[Any, bytes]


class Streams:
    """Answers questions, once or for as long as a client listens."""

    def __init__(self, hub: Hub, metrics: DestinationMetrics) -> None:
        """Serve from `hub`."""
        self._hub = hub
        self._metrics = metrics

    async def once(self, method: str, question: Question, context: Context) -> bytes:
        """Answer a unary call."""
        try:
            return self._hub.answer(question)
        except Refused as refusal:
            await self.refuse(method, refusal, context)

    async def follow(self, method: str, question: Question, context: Context) -> None:
        """Send the answer now and after every change, until the client goes or we do.

        A stream never ends well by itself: a stock proxy opens such a one again at once,
        without back-off.
        """
        try:
            with self._hub.subscribe(question) as mailbox, self._metrics.stream(method):
                await self._pump(method, mailbox, context)
        except Refused as refusal:
            await self.refuse(method, refusal, context)
        except HubClosed:
            await context.abort(
                grpc.StatusCode.UNAVAILABLE, "this controller is shutting down; connect to another"
            )

    async def refuse(self, method: str, refusal: Refused, context: Context) -> NoReturn:
        """End a call with the status of `refusal`."""
        status = status_of(refusal)
        self._metrics.refused(method, status.name)
        _LOG.debug("%s refused: %s: %s", method, status.name, refusal)
        await context.abort(status, str(refusal))
        raise AssertionError("abort raises")

    async def _pump(self, method: str, mailbox: Mailbox, context: Context) -> NoReturn:
        while True:
            # While a write waits for a slow client, the mailbox keeps nothing but the newest.
            for message in await mailbox.next():
                await context.write(message)
                self._metrics.sent(method)
