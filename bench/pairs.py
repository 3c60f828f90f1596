"""Interleaved rounds (ABBA), and what is made of them: a machine that drifts hurts no ratio."""

import statistics
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from bench.cpu import Usage, user_share
from bench.report import Row

S = TypeVar("S")
OURS, REFERENCE = "mesh", "haproxy"


@dataclass(frozen=True)
class Sample:
    """One measurement of one subject."""

    work: float
    """Units of work done: requests, connections or gigabytes."""
    used: dict[str, Usage]
    """CPU time by side."""
    figures: dict[str, tuple[float, str]] = field(default_factory=dict)
    """What the load generator has seen, each with its unit."""

    def cost(self, side: str) -> float:
        """CPU seconds for each unit of work."""
        return self.used[side].seconds / self.work


@dataclass(frozen=True)
class Load:
    """What the rows of a measurement have in common."""

    case: str
    connections: int = 0
    rate: int = 0
    unit: str = "request"

    def row(self, subject: str, metric: str, value: float, unit: str) -> Row:
        """One of them."""
        return Row(self.case, subject, self.connections, self.rate, metric, value, unit)


def interleave(
    names: Sequence[str], rounds: int, measure: Callable[[str], S]
) -> dict[str, list[S]]:
    """Measure every name in every round, in every second round backwards."""
    samples: dict[str, list[S]] = defaultdict(list)
    for number in range(rounds):
        for name in names if number % 2 == 0 else names[::-1]:
            samples[name].append(measure(name))
    return dict(samples)


def summarise(load: Load, samples: dict[str, list[Sample]]) -> list[Row]:
    """Medians of each subject, and ours as ratios to the reference."""
    rows = [row for name, taken in samples.items() for row in medians(load, name, taken)]
    for name, taken in samples.items():
        if name.startswith(OURS) and REFERENCE in samples:
            rows += ratios(load, name, taken, samples[REFERENCE])
    return rows


def medians(load: Load, name: str, taken: list[Sample]) -> Iterable[Row]:
    """CPU time by side, with its parts in user space and in the kernel; the other figures."""
    per, scale = f"µs/{load.unit}", 1e6
    for side in taken[0].used:
        cost = statistics.median(sample.cost(side) for sample in taken) * scale
        share = user_share(sample.used[side] for sample in taken)
        if load.unit == "GB":
            yield load.row(name, f"cpu_{side}", cost / scale, "CPU s/GB")
            yield load.row(name, f"bytes_{side}", scale / cost, "GB/CPU s")
        else:
            yield load.row(name, f"cpu_{side}", cost, per)
            yield load.row(name, f"cpu_{side}_user", cost * share, per)
            yield load.row(name, f"cpu_{side}_system", cost * (1 - share), per)
    for metric, (_, unit) in taken[0].figures.items():
        value = statistics.median(sample.figures[metric][0] for sample in taken)
        yield load.row(name, metric, value, unit)


def ratios(load: Load, name: str, ours: list[Sample], theirs: list[Sample]) -> Iterable[Row]:
    """The median over the rounds, by side: of cost, and for bytes of what a CPU second does."""
    for side in ours[0].used:
        each = [
            mine.cost(side) / other.cost(side) for mine, other in zip(ours, theirs, strict=True)
        ]
        value = statistics.median(each)
        if load.unit == "GB":
            yield load.row(name, f"bytes_{side}_ratio", 1 / value, f"× {REFERENCE}")
        else:
            yield load.row(name, f"cpu_{side}_ratio", value, f"× {REFERENCE}")
