"""What the proxies counted between two scrapes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from .exposition import Labels, Sample, parse

HISTOGRAM = "response_latency_ms"
_COUNTERS = frozenset({"request_total", "response_total", f"{HISTOGRAM}_bucket", "tcp_open_total"})
_GAUGES = frozenset({"tcp_open_connections", "process_resident_memory_bytes"})


@dataclass(frozen=True, slots=True)
class Scrape:
    """One proxy's counters and gauges at one moment."""

    values: Mapping[tuple[str, Labels], float] = field(default_factory=dict)

    def since(self, earlier: "Scrape") -> "Scrape":
        """Return the growth of the counters, and the gauges as they are now.

        A counter that went down belongs to a restarted proxy and counts from nothing.
        """
        grown = {}
        for key, value in self.values.items():
            before = earlier.values.get(key, 0.0) if key[0] in _COUNTERS else 0.0
            grown[key] = value - before if value >= before else value
        return Scrape(grown)

    def samples(self, name: str, **labels: str) -> Iterator[Sample]:
        """Yield the samples of a family that have all these labels."""
        wanted = frozenset(labels.items())
        for (family, pairs), value in self.values.items():
            if family == name and wanted <= pairs:
                yield Sample(family, dict(pairs), value)

    def total(self, name: str, **labels: str) -> float:
        """Return the sum over a family's samples that have all these labels."""
        return sum(sample.value for sample in self.samples(name, **labels))


def read(text: str) -> Scrape:
    """Read what the demo shows from a proxy's /metrics."""
    values: dict[tuple[str, Labels], float] = {}
    for sample in parse(text, _COUNTERS | _GAUGES):
        key = sample.name, frozenset(sample.labels.items())
        values[key] = values.get(key, 0.0) + sample.value
    return Scrape(values)
