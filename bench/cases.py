"""The cases: what is measured, and with which of the subjects."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bench import burst, counts, idle, instructions, latency, start
from bench.field import Field
from bench.memory import memory_of
from bench.pairs import Load, Sample, interleave, summarise
from bench.report import Row
from bench.subjects import Subject, exchanges, moved, subjects

STARTS = 15
FIELDS = tuple(f"X-Field-{number}: value of field number {number}" for number in range(16))


@dataclass(frozen=True)
class Effort:
    """How long everything is measured."""

    connections: Sequence[int]
    rounds: int
    seconds: int
    bytes: int
    """How much one bulk measurement moves."""


@dataclass(frozen=True)
class Case:
    """One thing that is measured; a row of `--list`."""

    title: str
    way: str
    """A way of `subjects`."""
    kind: str = "exchanges"
    """`exchanges`, `connections` (a new one for each exchange), `bulk`, or the name of a module."""
    fields: tuple[str, ...] = ()
    """More request fields."""
    quick: bool = False
    """Whether it is part of `--quick`."""

    def run(self, field: Field, effort: Effort) -> Iterable[Row]:
        """Measure it."""
        other = {
            "latency": lambda: latency.measure(field, effort.rounds, effort.seconds),
            "idle": lambda: idle.measure(field, self.way),
            "burst": lambda: burst.measure(field, self.way),
            "start": lambda: start.measure(field, STARTS),
            "counts": lambda: counts.measure(field),
            "instructions": lambda: instructions.measure(field),
        }.get(self.kind)
        if other:
            yield from other()
            return
        taking_part = subjects(field, self.way)
        if self.kind == "bulk":
            for direction in ("down", "up"):
                yield from self._bulk(field, taking_part, direction, effort)
            return
        new = self.kind == "connections"
        fields = ("Connection: close",) if new else self.fields
        for subject in taking_part.values():
            exchanges(field, subject, 8, 1, fields)  # warm: connections, caches, certificates
        for count in [8] if new else effort.connections:

            def measure(name: str, count: int = count) -> Sample:
                return exchanges(field, taking_part[name], count, effort.seconds, fields)

            samples = interleave(list(taking_part), effort.rounds, measure)
            load = Load(self.title, count, unit="connection" if new else "request")
            yield from summarise(load, samples)
        yield from self._memory(taking_part)

    def _bulk(
        self, field: Field, taking_part: dict[str, Subject], direction: str, effort: Effort
    ) -> Iterable[Row]:
        for subject in taking_part.values():
            moved(field, subject, direction, effort.bytes // 8)
        samples = interleave(
            list(taking_part),
            effort.rounds,
            lambda name: moved(field, taking_part[name], direction, effort.bytes),
        )
        yield from summarise(Load(f"{self.title}, {direction}", 1, unit="GB"), samples)

    def _memory(self, taking_part: dict[str, Subject]) -> Iterable[Row]:
        load = Load(f"{self.title}, memory afterwards")
        for subject in taking_part.values():
            for side, processes in subject.sides.items():
                for metric, value in memory_of(processes).as_metrics().items():
                    yield load.row(subject.name, f"{metric}_{side}", value / 1e6, "MB")


ALONE = ("idle", "burst")
"""Kinds that need a field which has done nothing before."""

CASES = {
    "idle": Case(idle.TITLES["pair"], "pair", kind="idle"),
    "idle-tcp": Case(idle.TITLES["tcp-pair"], "tcp-pair", kind="idle"),
    "burst": Case(burst.TITLES["pair"], "pair", kind="burst"),
    "burst-tcp": Case(burst.TITLES["tcp-pair"], "tcp-pair", kind="burst"),
    "start": Case(start.TITLE, "pair", kind="start"),
    "pair": Case("mutual TLS, HTTP/2 hop, small GET", "pair", quick=True),
    "pair-fields": Case("mutual TLS, HTTP/2 hop, 16 more request fields", "pair", fields=FIELDS),
    "latency": Case(latency.TITLE, "pair", kind="latency"),
    "tcp-pair": Case("TLS around TCP, small exchanges", "tcp-pair"),
    "hop": Case("plain HTTP/1 hop", "hop"),
    "tcp-hop": Case("raw TCP hop", "tcp-hop"),
    "bulk": Case("bulk over the HTTP/2 hop", "bulk-pair", kind="bulk"),
    "tcp-bulk": Case("bulk, TLS around TCP", "tcp-bulk-pair", kind="bulk"),
    "counts": Case(counts.TITLE, "pair", kind="counts"),
    "instructions": Case(instructions.TITLE, "pair", kind="instructions"),
    "handshakes": Case("new connections, TLS around TCP", "tcp-pair", kind="connections"),
}
