"""CPU per small request, in interleaved pairs (ABBA): a machine that drifts hurts no ratio."""

import re
import statistics
from collections import defaultdict
from dataclasses import dataclass

from bench.cpu import Process, cpu_seconds, resident_bytes
from bench.field import Field, FieldError
from bench.report import Row

CASE = "mutual TLS, HTTP/2 hop, small GET"


@dataclass(frozen=True)
class Subject:
    """Something that does the work, and the processes whose CPU time is its cost."""

    name: str
    pod: str
    """Where wrk runs."""
    url: str
    sides: dict[str, list[Process]]
    """The proxies on the way, by side."""


@dataclass(frozen=True)
class Sample:
    """One measurement: CPU µs per request by side, and wrk's own figures."""

    cpu: dict[str, float]
    rate: float
    p50_ms: float
    p99_ms: float


def subjects(field: Field) -> list[Subject]:
    """Our pair, haproxy's pair, and the nginx hop that tells how fast the machine is today."""
    return [
        Subject(
            "mesh",
            "load",
            "http://origin.bench.svc.cluster.local:8080/",
            {
                "out": field.processes("load", r"mesh-proxy run|mesh_proxy"),
                "in": field.processes("origin", r"mesh-proxy run|mesh_proxy"),
            },
        ),
        Subject(
            "haproxy",
            "haproxy-out",
            "http://127.0.0.1:8001/",
            {
                "out": field.processes("haproxy-out", "^[^ ]*haproxy "),
                "in": field.processes("haproxy-in", "^[^ ]*haproxy "),
            },
        ),
        Subject(
            "nginx",
            "haproxy-out",
            "http://127.0.0.1:8002/",
            {"hop": field.processes("haproxy-out", "nginx: worker")},
        ),
    ]


def measure_requests(field: Field, connections: list[int], rounds: int, seconds: int) -> list[Row]:
    """Measure all subjects at each number of connections."""
    taking_part = subjects(field)
    for subject in taking_part:
        measure(field, subject, 8, 1)  # warm: connections, caches, certificates
    rows: list[Row] = []
    for count in connections:
        samples: dict[str, list[Sample]] = defaultdict(list)
        for number in range(rounds):
            order = taking_part if number % 2 == 0 else taking_part[::-1]
            for subject in order:
                samples[subject.name].append(measure(field, subject, count, seconds))
        rows += summarise(samples, count)
    rows += memory(taking_part)
    return rows


def measure(field: Field, subject: Subject, connections: int, seconds: int) -> Sample:
    """Load one subject for a while."""
    before = {side: cpu_seconds(processes) for side, processes in subject.sides.items()}
    output = field.run(
        subject.pod,
        field.program("wrk"),
        *("-t1", f"-c{connections}", f"-d{seconds}s", "--latency", subject.url),
    )
    used = {side: cpu_seconds(subject.sides[side]) - before[side] for side in subject.sides}
    requests = count_requests(output, subject.name)
    return Sample(
        cpu={side: value * 1e6 / requests for side, value in used.items()},
        rate=float(find(r"Requests/sec:\s+([\d.]+)", output)),
        p50_ms=milliseconds(find(r"(?m)^ +50% +(\S+)$", output)),
        p99_ms=milliseconds(find(r"(?m)^ +99% +(\S+)$", output)),
    )


def count_requests(output: str, subject: str) -> int:
    """How many requests wrk made; an error in any of them spoils the measurement."""
    if "Non-2xx" in output or "Socket errors" in output:
        raise FieldError(f"{subject}: requests failed, so there is nothing to compare:\n{output}")
    requests = int(find(r"(\d+) requests in", output))
    if requests == 0:
        raise FieldError(f"{subject}: no request was answered:\n{output}")
    return requests


def find(pattern: str, output: str) -> str:
    """The first group of a pattern in wrk's output."""
    match = re.search(pattern, output)
    if match is None:
        raise FieldError(f"wrk printed nothing that matches {pattern!r}:\n{output}")
    return match[1]


UNITS_MS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0}


def milliseconds(text: str) -> float:
    """A duration as wrk prints it: `66.00us`, `1.20ms`, `2.00s`."""
    number = text.rstrip("mus")
    return float(number) * UNITS_MS[text.removeprefix(number)]


def summarise(samples: dict[str, list[Sample]], connections: int) -> list[Row]:
    """Medians of each subject, and the medians of the paired ratios to haproxy."""
    rows = []
    for name, taken in samples.items():
        for side in taken[0].cpu:
            values = [sample.cpu[side] for sample in taken]
            rows.append(
                Row(CASE, name, connections, f"cpu_{side}", statistics.median(values), "µs/request")
            )
        for metric, unit in (("rate", "requests/s"), ("p50_ms", "ms"), ("p99_ms", "ms")):
            values = [getattr(sample, metric) for sample in taken]
            rows.append(Row(CASE, name, connections, metric, statistics.median(values), unit))
    for side in ("out", "in"):
        pairs = zip(samples["mesh"], samples["haproxy"], strict=True)
        ratios = [ours.cpu[side] / theirs.cpu[side] for ours, theirs in pairs]
        rows.append(
            Row(
                CASE,
                "mesh",
                connections,
                f"cpu_{side}_ratio",
                statistics.median(ratios),
                "× haproxy",
            )
        )
    return rows


def memory(taking_part: list[Subject]) -> list[Row]:
    """Resident memory of each proxy after the load."""
    return [
        Row(CASE, subject.name, 0, f"resident_{side}", resident_bytes(processes) / 1e6, "MB")
        for subject in taking_part
        for side, processes in subject.sides.items()
    ]
