"""How long the steps of a start take."""

import time
from collections.abc import Callable


class Stopwatch:
    """Tells each step with the seconds since the start."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._start = time.monotonic()

    def lap(self, step: str) -> None:
        """Say that a step is done."""
        self._say(f"{time.monotonic() - self._start:5.1f} s  {step}")
