"""Whether to ask a server that did not answer just now. No I/O."""

from __future__ import annotations

import threading

PAUSE_SECONDS = 1.0
"""How long nobody asks after a failure; then one tries, and while it waits nobody else does."""


class Outage:
    """Spares callers the wait for an answer that will not come, and the server their crowd.

    Without it every request of a queue would wait its full time-out behind the others. May be
    used from several threads.
    """

    def __init__(self) -> None:
        """Begin with a server that answers."""
        self._lock = threading.Lock()
        self._reason: str | None = None
        self._next_try = 0.0

    def refusal(self, now: float) -> str | None:
        """Ask leave to ask the server at `now` (seconds of a steady clock).

        None means yes, and that `succeeded` or `failed` must follow; else what the last one saw.
        """
        with self._lock:
            if self._reason is None or now >= self._next_try:
                self._next_try = now + PAUSE_SECONDS
                return None
            return self._reason

    def failed(self, reason: str, now: float) -> None:
        """Say that the server gave no answer."""
        with self._lock:
            self._reason = reason
            self._next_try = now + PAUSE_SECONDS

    def succeeded(self) -> None:
        """Say that the server answered."""
        with self._lock:
            self._reason = None
