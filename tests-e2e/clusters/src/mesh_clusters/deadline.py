"""Waiting for a condition, and saying what did not happen."""

import time
from collections.abc import Callable
from typing import TypeVar

from mesh_clusters.errors import StartFailed

T = TypeVar("T")

_INTERVAL = 0.05


def wait_for(what: str, probe: Callable[[], T | None], seconds: float) -> T:
    """Call the probe until it gives something true, and give that; raises StartFailed."""
    deadline = time.monotonic() + seconds
    while True:
        if value := probe():
            return value
        if time.monotonic() > deadline:
            raise StartFailed(f"{what} did not happen within {seconds:g} s")
        time.sleep(_INTERVAL)
