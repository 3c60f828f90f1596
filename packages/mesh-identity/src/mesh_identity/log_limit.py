"""A bound on log lines that strangers can cause."""

from __future__ import annotations

import threading


class LogLimit:
    """Lets through so many lines in each span of time, and says how many it held back.

    May be used from several threads.
    """

    def __init__(self, lines: int = 20, seconds: float = 10.0) -> None:
        """Let through `lines` in every `seconds`."""
        self._lines = lines
        self._seconds = seconds
        self._lock = threading.Lock()
        self._span_ends = float("-inf")
        self._let_through = 0
        self._held_back = 0

    def admit(self, now: float) -> int | None:
        """Ask for one line at `now` (seconds of any steady clock).

        None means: do not write it. A number means: write it, and say that so many were held
        back since the last one that was written.
        """
        with self._lock:
            if now >= self._span_ends:
                self._span_ends = now + self._seconds
                self._let_through = 0
            if self._let_through >= self._lines:
                self._held_back += 1
                return None
            self._let_through += 1
            held_back, self._held_back = self._held_back, 0
            return held_back
