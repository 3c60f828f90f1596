"""Latency that a pair of proxies adds, at fixed rates: theirs minus the direct connection's."""

import statistics
from collections.abc import Iterable
from dataclasses import dataclass

from bench.field import Field
from bench.pairs import OURS, REFERENCE, Load, Sample, interleave, summarise
from bench.report import Row
from bench.subjects import DIRECT, direct, paced, subjects


@dataclass(frozen=True)
class Pace:
    """A fixed load."""

    connections: int
    rate: int
    """Requests a second; 500 and fewer leave a single connection idle most of the time."""


PACES = (Pace(1, 500), Pace(32, 2000))
TITLE = "mutual TLS, HTTP/2 hop, latency at a fixed rate"


def measure(field: Field, rounds: int, seconds: int) -> Iterable[Row]:
    """All paces; the two pairs and the direct connection take turns."""
    chosen = subjects(field, "pair")
    taking_part = {name: chosen[name] for name in (REFERENCE, OURS)} | {DIRECT: direct(field)}
    for pace in PACES:

        def sample(name: str, pace: Pace = pace) -> Sample:
            return paced(field, taking_part[name], pace.connections, pace.rate, seconds)

        samples = interleave(list(taking_part), rounds, sample)
        load = Load(TITLE, pace.connections, pace.rate)
        yield from summarise(load, samples)
        yield from added(load, samples)


def added(load: Load, samples: dict[str, list[Sample]]) -> Iterable[Row]:
    """What each pair adds, round by round, and ours as a ratio to haproxy's."""
    for metric in samples[DIRECT][0].figures:
        medians = {}
        for name in (REFERENCE, OURS):
            each = [
                mine.figures[metric][0] - alone.figures[metric][0]
                for mine, alone in zip(samples[name], samples[DIRECT], strict=True)
            ]
            medians[name] = statistics.median(each)
            yield load.row(name, f"added_{metric}", medians[name], "µs")
        # Where a pair seems to take no time, the machine was too busy for a ratio.
        if min(medians.values()) > 0:
            ratio = medians[OURS] / medians[REFERENCE]
            yield load.row(OURS, f"added_{metric}_ratio", ratio, f"× {REFERENCE}")
