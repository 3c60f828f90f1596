"""The hub: changes in, newer answers out to whoever listens."""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from mesh_destination.index import Index, Key
from mesh_destination.streams.live_view import LiveView
from mesh_destination.streams.mailbox import HubClosed, Mailbox
from mesh_destination.views.answer import MAX_MESSAGES
from mesh_destination.views.refusals import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mesh_core.store import Event
    from mesh_destination.streams.observer import Observer
    from mesh_destination.views.question import Question
    from mesh_destination.views.settings import Settings

_LOG = logging.getLogger("mesh_destination")

TURN_SECONDS = 0.02
"""How long answers are computed before the loop may do something else, such as send."""


class Hub:
    """Owns the index and the live views.

    Each answer is computed once per burst of changes, whoever listens to it, and nothing is
    computed that nobody listens to. `soon` runs a function after the present one, as
    `loop.call_soon` does; everything here belongs to that loop's thread.
    """

    def __init__(
        self,
        index: Index,
        settings: Settings,
        soon: Callable[[Callable[[], None]], object],
        observer: Observer,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin without any view."""
        self._clock = clock
        self._index = index
        self._settings = settings
        self._soon = soon
        self._observer = observer
        self._views: dict[Question, LiveView] = {}
        self._by_key: defaultdict[Key, dict[LiveView, None]] = defaultdict(dict)
        self._stale: dict[LiveView, None] = {}
        self._scheduled = False
        self._closed = False
        self._revision = 0

    def apply(self, event: Event[Any]) -> None:
        """Take in one change; what it affects is computed soon, once for all changes until then."""
        for key in self._index.apply(event):
            self._stale.update(self._by_key.get(key, {}))
        self._schedule()

    def answer(self, question: Question) -> bytes:
        """Answer once, in one message; raises `Refused`."""
        return question.answer(self._index, self._settings).since(None, self._next_revision())[0]

    @contextmanager
    def subscribe(self, question: Question) -> Iterator[Mailbox]:
        """Listen to a question's answers while the context lasts; raises `Refused`, `HubClosed`."""
        if self._closed:
            raise HubClosed
        view = self._views.get(question)
        if view is None or view.ended is not None:
            view = self._open(question)
        mailbox = Mailbox(view)
        view.mailboxes.add(mailbox)
        try:
            yield mailbox
        finally:
            view.mailboxes.discard(mailbox)
            if not view.mailboxes:
                self._drop(view)

    def close(self) -> None:
        """Tell every reader that this process is going; later ones are refused."""
        self._closed = True
        for view in self._views.values():
            for mailbox in view.mailboxes:
                mailbox.close()

    def _open(self, question: Question) -> LiveView:
        answer = question.answer(self._index, self._settings)
        view = LiveView(question, answer, self._next_revision())
        self._views[question] = view
        for key in question.keys:
            self._by_key[key][view] = None
        self._observer.views(question.view, +1)
        return view

    def _drop(self, view: LiveView) -> None:
        if self._views.get(view.question) is view:
            del self._views[view.question]
        self._stale.pop(view, None)
        for key in view.question.keys:
            listening = self._by_key.get(key, {})
            listening.pop(view, None)
            if not listening:
                self._by_key.pop(key, None)
        self._observer.views(view.question.view, -1)

    def _schedule(self) -> None:
        if self._stale and not self._scheduled:
            self._scheduled = True
            self._soon(self._work)

    def _work(self) -> None:
        """Compute stale answers for a bounded time, at least one, and come back for the rest."""
        self._scheduled = False
        ends = self._clock() + TURN_SECONDS
        for view in list(self._stale):
            del self._stale[view]
            self._recompute(view)
            if self._clock() >= ends:
                break
        self._schedule()

    def _recompute(self, view: LiveView) -> None:
        if view.ended is not None:
            return
        question = view.question
        try:
            answer = question.answer(self._index, self._settings)
        except Refused as refusal:
            view.end(refusal)
            self._observer.recomputed(question.view, "ended")
            return
        except Exception:  # noqa: BLE001 - whatever it is, it must stay with this question
            # One bad object must not end the others' streams; the readers keep what they have.
            _LOG.exception("computing %r failed; its readers keep the last answer", question)
            self._observer.recomputed(question.view, "failed")
            return
        if answer == view.newest.answer:
            self._observer.recomputed(question.view, "unchanged")
            return
        view.advance(answer, self._next_revision())
        self._observer.recomputed(question.view, "changed")

    def _next_revision(self) -> int:
        # One counter for all views: what matters is that it rises along every stream.
        self._revision += MAX_MESSAGES
        return self._revision
