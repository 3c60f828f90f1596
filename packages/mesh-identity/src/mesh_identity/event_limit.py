"""A bound on events that strangers can cause. No I/O."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable

_MOST_KEYS = 1024


class EventLimit:
    """Lets through one event of a kind in a while, and so many of all kinds.

    A proxy that is refused asks again every second or two; what it is told must not crowd out
    what others should be told, nor fill the API server. May be used from several threads.
    """

    def __init__(self, seconds: float = 60.0, most: int = 30) -> None:
        """Let through one of a kind in `seconds`, and `most` of all kinds in the same time."""
        self._seconds = seconds
        self._most = most
        self._lock = threading.Lock()
        self._seen: OrderedDict[Hashable, float] = OrderedDict()
        self._times: list[float] = []

    def admit(self, kind: Hashable, now: float) -> bool:
        """Ask for one event at `now` (seconds of any steady clock)."""
        with self._lock:
            before = self._seen.get(kind)
            if before is not None and now < before + self._seconds:
                return False
            self._times = [time for time in self._times if now < time + self._seconds]
            if len(self._times) >= self._most:
                return False
            self._times.append(now)
            self._seen[kind] = now
            self._seen.move_to_end(kind)
            if len(self._seen) > _MOST_KEYS:
                self._seen.popitem(last=False)
            return True
