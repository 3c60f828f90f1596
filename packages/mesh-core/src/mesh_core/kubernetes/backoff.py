"""How long to wait after failures."""

import random
from collections.abc import Callable


class Backoff:
    """Doubles the wait with each failure in a row, up to a limit, with jitter. Pure.

    The jitter takes away up to half: a thousand clients of a server that comes back spread out,
    and none of them ever asks at once.
    """

    def __init__(
        self, first: float, limit: float, chance: Callable[[], float] = random.random
    ) -> None:
        """Wait about `first` seconds at first, at most `limit`; `chance` gives 0 to 1."""
        self._first = first
        self._limit = limit
        self._chance = chance
        self._failures = 0

    def failed(self, at_least: float = 0) -> float:
        """Count a failure and give the seconds to wait, never fewer than the server asked for."""
        # The exponent is bounded because a float is: 2.0 ** 1024 is an error.
        wait = min(self._limit, self._first * 2.0 ** min(self._failures, 30))
        self._failures += 1
        return max(at_least, wait * (1 - self._chance() / 2))

    def succeeded(self) -> None:
        """Begin again with the shortest wait."""
        self._failures = 0
