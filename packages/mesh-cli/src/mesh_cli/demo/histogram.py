"""Latencies at a given rank, from cumulative buckets."""

from collections.abc import Mapping


def percentile(buckets: Mapping[float, float], rank: float) -> float | None:
    """Return the value below which `rank` (0 to 1) of the observations lie.

    `buckets` maps upper bounds (one of them infinite) to cumulative counts. Within a
    bucket the observations are taken as evenly spread, as Prometheus does; beyond the last
    finite bound nothing is known, so that bound is given. None without observations.
    """
    bounds = sorted(buckets)
    total = buckets[bounds[-1]] if bounds else 0.0
    if total <= 0:
        return None
    wanted = rank * total
    lower, below = 0.0, 0.0
    for bound in bounds:
        count = buckets[bound]
        if count >= wanted and count > below:
            if bound == float("inf"):
                return lower
            return lower + (bound - lower) * max(0.0, wanted - below) / (count - below)
        lower, below = bound, max(below, count)
    return lower
