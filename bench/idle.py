"""Memory: of idle proxies, and of each connection that is held open and idle."""

import resource
from collections.abc import Iterable

from bench.field import Field
from bench.memory import Memory, memory_of
from bench.pairs import Load
from bench.report import Row
from bench.subjects import Subject, subjects

COUNT = 1000
MANY = 10_000
SPARE = 500
"""Descriptors that a proxy needs beside those of the connections."""
TITLES = {"pair": "memory, idle HTTP connections", "tcp-pair": "memory, idle TCP connections"}


def measure(field: Field, way: str) -> Iterable[Row]:
    """First with one, then with many, on a field that has done nothing before.

    What an earlier load has left free would be taken first, and hide what a connection takes.
    """
    for subject in subjects(field, way).values():
        # What the first connection of a kind makes (sessions, caches) is no part of one.
        with field.holding(subject.pod, subject.host, str(subject.port), "1"):
            before = _memory(subject)
        load = Load(TITLES[way], COUNT)
        for side, memory in before.items():
            for metric, value in memory.as_metrics().items():
                yield load.row(subject.name, f"{metric}_{side}_before", value / 1e6, "MB")
        for count in (COUNT, many(way)):
            yield from _measure(field, subject, Load(TITLES[way], count), before)


def many(way: str) -> int:
    """As many as there are descriptors for: an opaque connection takes two of a proxy."""
    descriptors = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    return min(MANY, (descriptors - SPARE) // (1 if way == "pair" else 2))


def _measure(
    field: Field, subject: Subject, load: Load, before: dict[str, Memory]
) -> Iterable[Row]:
    count = load.connections
    with field.holding(subject.pod, subject.host, str(subject.port), str(count)):
        during = _memory(subject)
    for side, memory in before.items():
        grown = (during[side].anonymous - memory.anonymous) / count / 1024
        yield load.row(subject.name, f"connection_{side}", grown, "KiB/connection")


def _memory(subject: Subject) -> dict[str, Memory]:
    return {side: memory_of(processes) for side, processes in subject.sides.items()}
