"""The load generator wrk: as many requests as are answered, on a number of connections."""

import re
from dataclasses import dataclass

from bench.errors import FieldError

UNITS_MS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0}


@dataclass(frozen=True)
class Answered:
    """What one run of wrk has seen."""

    requests: int
    rate: float
    p50_ms: float
    p99_ms: float


def parse(output: str, subject: str) -> Answered:
    """Read what `wrk --latency` prints."""
    return Answered(
        count_requests(output, subject),
        float(find(r"Requests/sec:\s+([\d.]+)", output)),
        milliseconds(find(r"(?m)^ +50% +(\S+)$", output)),
        milliseconds(find(r"(?m)^ +99% +(\S+)$", output)),
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


def milliseconds(text: str) -> float:
    """A duration as wrk prints it: `66.00us`, `1.20ms`, `2.00s`."""
    number = text.rstrip("mus")
    return float(number) * UNITS_MS[text.removeprefix(number)]
