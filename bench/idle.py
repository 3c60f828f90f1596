"""Memory: of idle proxies, and of each connection that is held open and idle."""

from collections.abc import Iterable

from bench.field import Field
from bench.memory import Memory, memory_of
from bench.pairs import Load
from bench.report import Row
from bench.subjects import Subject, subjects

COUNT = 1000
TITLES = {"pair": "memory, idle HTTP connections", "tcp-pair": "memory, idle TCP connections"}


def measure(field: Field, way: str) -> Iterable[Row]:
    """First with one, then with many, on a field that has done nothing before.

    What an earlier load has left free would be taken first, and hide what a connection takes.
    """
    for subject in subjects(field, way).values():
        yield from _measure(field, subject, TITLES[way])


def _measure(field: Field, subject: Subject, title: str) -> Iterable[Row]:
    load = Load(title, COUNT)
    # What the first connection of a kind makes (sessions of the mesh, caches) is no part of one.
    with field.holding(subject.pod, subject.host, str(subject.port), "1"):
        before = _memory(subject)
    with field.holding(subject.pod, subject.host, str(subject.port), str(COUNT)):
        during = _memory(subject)
    for side, memory in before.items():
        for metric, value in memory.as_metrics().items():
            yield load.row(subject.name, f"{metric}_{side}_before", value / 1e6, "MB")
        grown = (during[side].anonymous - memory.anonymous) / COUNT / 1024
        yield load.row(subject.name, f"connection_{side}", grown, "KiB/connection")


def _memory(subject: Subject) -> dict[str, Memory]:
    return {side: memory_of(processes) for side, processes in subject.sides.items()}
