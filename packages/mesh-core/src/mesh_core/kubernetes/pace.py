"""How patient a store is."""

import random
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pace:
    """Times in seconds; the defaults are for a cluster."""

    request: float = 30.0
    """How long one page of a list may take."""
    silence: float = 100.0
    """A watch that says nothing for this long is opened anew. Bookmarks come once a minute, but not
    for kinds in which nothing happened since the API server started."""
    watch: float = 290.0
    """How long the API server keeps a watch open, less up to a fifth: not all end at once."""
    first_wait: float = 0.5
    longest_wait: float = 10.0
    """The back-off after failures: short enough that changes are followed soon after a return."""
    healthy: float = 5.0
    """A watch that lived this long is a success; what ends sooner waits before it tries again."""
    write: float = 2.0
    """How long a write waits until the store has seen it."""
    chance: Callable[[], float] = random.random
    """Gives 0 to 1."""
