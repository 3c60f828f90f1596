"""What our proxies are to reach, mostly as ratios to haproxy, and whether a run reached them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bench import burst, idle, latency, start
from bench.pairs import OURS, REFERENCE
from bench.report import Row

PAIR = "mutual TLS, HTTP/2 hop, small GET"
BOTH = ("cpu_out_ratio", "cpu_in_ratio")


@dataclass(frozen=True)
class Target:
    """A figure to reach, on every side that is named."""

    case: str
    limit: float
    metrics: tuple[str, ...] = BOTH
    connections: int = 32
    at_least: bool = False
    """Whether more is better, as with bytes for a CPU second."""
    unit: str = f"× {REFERENCE}"

    def share(self, found: Iterable[float]) -> float:
        """How much of it the worst of them reaches; 1 and more: reached."""
        if self.at_least:
            return min(found) / self.limit
        return self.limit / max(found)


def bulk(case: str, decrypt: float, encrypt: float) -> list[Target]:
    """Down, the client's side decrypts and the server's encrypts; up, the other way round."""
    down = [("down", "out", decrypt), ("down", "in", encrypt)]
    up = [("up", "in", decrypt), ("up", "out", encrypt)]
    return [
        Target(f"{case}, {direction}", limit, (f"bytes_{side}_ratio",), 1, at_least=True)
        for direction, side, limit in down + up
    ]


def memory(limit: float, metric: str, title: str, *sides: str, unit: str = "MB") -> Target:
    """A limit in absolute terms, of what idle proxies or connections hold."""
    metrics = tuple(metric.replace("SIDE", side) for side in sides)
    return Target(title, limit, metrics, idle.COUNT, unit=unit)


def burst_of(way: str, count: int) -> Target:
    """How much larger a proxy may be a minute after a burst."""
    metrics = ("resident_out_growth", "resident_in_growth")
    return Target(burst.TITLES[way], 1.2, metrics, count, unit="× idle")


HTTP, TCP = idle.TITLES["pair"], idle.TITLES["tcp-pair"]
EACH = "KiB/connection"
TARGETS: Sequence[Target] = (
    Target(PAIR, 0.75, connections=1),
    Target(PAIR, 0.9),
    Target(PAIR, 0.75, connections=128),
    Target("mutual TLS, HTTP/2 hop, 16 more request fields", 0.95),
    Target("TLS around TCP, small exchanges", 0.8),
    Target(latency.TITLE, 0.8, ("added_p50_ratio",), 1),
    Target(latency.TITLE, 0.8, ("added_p99_ratio",), 1),
    *bulk("bulk, TLS around TCP", 1.5, 1.3),
    *bulk("bulk over the HTTP/2 hop", 2, 1.5),
    Target("new connections, TLS around TCP", 0.5, ("cpu_in_ratio",), 8),
    memory(20, "resident_SIDE_before", HTTP, "out", "in"),
    memory(7, "anonymous_SIDE_before", HTTP, "out", "in"),
    memory(3, "connection_SIDE", HTTP, "out", unit=EACH),
    memory(18, "connection_SIDE", TCP, "out", "in", unit=EACH),
    burst_of("pair", burst.HTTP_CONNECTIONS),
    burst_of("tcp-pair", burst.TCP_CONNECTIONS),
    Target(start.TITLE, 80, ("ready_ms",), 0, unit="ms"),
    Target(PAIR, 1.15, ("two_workers_out", "two_workers_in"), unit="× one worker's"),
)


def two_workers(rows: Sequence[Row]) -> Iterable[Row]:
    """What a request costs a proxy with two workers, as a ratio to one with one."""
    found = {(row.subject, row.connections, row.metric): row for row in rows if row.case == PAIR}
    for (subject, connections, metric), row in found.items():
        one = found.get((OURS, connections, metric))
        if subject == f"{OURS}-two" and metric in ("cpu_out", "cpu_in") and one:
            name = metric.replace("cpu", "two_workers")
            ratio = row.value / one.value
            yield Row(PAIR, OURS, connections, 0, name, ratio, "× one worker's")


def figures(rows: Iterable[Row]) -> dict[tuple[str, int, str], float]:
    """What was found of our proxies, by case, connections and metric."""
    return {
        (row.case, row.connections, row.metric): row.value for row in rows if row.subject == OURS
    }


def reached(rows: Iterable[Row]) -> Iterable[Row]:
    """One row for each target whose figures were all taken; 1 and more is reached."""
    taken = list(rows)
    for row in two_workers(taken):
        taken.append(row)
        yield row
    found = figures(taken)
    for target in TARGETS:
        keys = [(target.case, target.connections, metric) for metric in target.metrics]
        if all(key in found for key in keys):
            share = target.share(found[key] for key in keys)
            sign = "≥" if target.at_least else "≤"
            verdict = "reached" if share >= 1 else "missed"
            unit = f"of the target {sign} {target.limit:g} {target.unit}: {verdict}"
            name = f"reach {target.metrics[0]}"
            yield Row(target.case, OURS, target.connections, 0, name, share, unit)
