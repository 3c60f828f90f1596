"""Memory that a burst of connections leaves behind, a minute after it has ended."""

import time
from collections.abc import Iterable

from bench.cpu import Process
from bench.field import Field
from bench.memory import memory_of
from bench.pairs import Load
from bench.report import Row
from bench.subjects import exchanges, subjects

HTTP_CONNECTIONS, TCP_CONNECTIONS = 128, 1000
QUIET_SECONDS = 60
LOAD_SECONDS = 4
TITLES = {
    "pair": "memory a minute after 128 HTTP connections",
    "tcp-pair": "memory a minute after 1,000 opaque connections",
}


def measure(field: Field, way: str) -> Iterable[Row]:
    """Resident memory before and after, and their ratio, on a field that has done nothing."""
    taking_part = subjects(field, way)
    before = {}
    for name, subject in taking_part.items():
        # As in the other cases of memory, the first connection is no part of the burst.
        with field.holding(subject.pod, subject.host, str(subject.port), "1"):
            before[name] = _resident(subject.sides)
        if way == "pair":
            exchanges(field, subject, HTTP_CONNECTIONS, LOAD_SECONDS)
        else:
            connections = str(TCP_CONNECTIONS)
            with field.holding(subject.pod, subject.host, str(subject.port), connections):
                pass
    time.sleep(QUIET_SECONDS)
    count = HTTP_CONNECTIONS if way == "pair" else TCP_CONNECTIONS
    load = Load(TITLES[way], count)
    for name, subject in taking_part.items():
        for side, resident in _resident(subject.sides).items():
            idle = before[name][side]
            yield load.row(name, f"resident_{side}_before", idle / 1e6, "MB")
            yield load.row(name, f"resident_{side}_after", resident / 1e6, "MB")
            yield load.row(name, f"resident_{side}_growth", resident / idle, "× idle")


def _resident(sides: dict[str, list[Process]]) -> dict[str, int]:
    return {side: memory_of(processes).resident for side, processes in sides.items()}
