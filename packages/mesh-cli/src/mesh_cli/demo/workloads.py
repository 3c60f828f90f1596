"""One row per workload: the golden metrics of what its pods served."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from .exposition import Sample
from .histogram import percentile
from .pods import PodView, by_workload
from .scrape import HISTOGRAM

_ADMIN_PORT = "4191"


@dataclass(frozen=True, slots=True)
class WorkloadRow:
    """A workload as its own proxies saw it; None where nothing was seen.

    `success` is a share from 0 to 1, latencies are milliseconds, `meshed` is
    (pods with a proxy, pods).
    """

    name: str
    meshed: tuple[int, int]
    success: float | None
    rps: float | None
    p50: float | None
    p95: float | None
    p99: float | None
    tcp_connections: int | None
    requests: int = 0
    failures: int = 0


def workload_rows(pods: Sequence[PodView], seconds: float) -> list[WorkloadRow]:
    """Return the rows for pods whose scrapes cover the last `seconds`.

    Pods that have ended add to what was served; a workload of which only they are left is
    gone.
    """
    return [
        _row(name, group, seconds)
        for name, group in by_workload(pods).items()
        if not all(pod.ended for pod in group)
    ]


def is_probe(labels: Mapping[str, str]) -> bool:
    """Whether the kubelet, not an application, made these requests."""
    return labels.get("route_name") == "probe" or labels.get("target_port") == _ADMIN_PORT


def _row(name: str, pods: Sequence[PodView], seconds: float) -> WorkloadRow:
    responses = list(_served(pods, "response_total"))
    total = sum(sample.value for sample in responses)
    failed = sum(
        sample.value for sample in responses if sample.labels.get("classification") == "failure"
    )
    buckets = _buckets(_served(pods, f"{HISTOGRAM}_bucket"))
    present = [pod for pod in pods if not pod.ended]
    meshed = [pod for pod in present if pod.meshed]
    connections = sum(
        pod.scrape.total("tcp_open_connections", direction="inbound", peer="src") for pod in meshed
    )
    return WorkloadRow(
        name=name,
        meshed=(len(meshed), len(present)),
        success=1 - failed / total if total else None,
        rps=total / seconds if total and seconds > 0 else None,
        p50=percentile(buckets, 0.50),
        p95=percentile(buckets, 0.95),
        p99=percentile(buckets, 0.99),
        tcp_connections=round(connections) if meshed else None,
        requests=round(total),
        failures=round(failed),
    )


def _served(pods: Iterable[PodView], family: str) -> Iterable[Sample]:
    for pod in pods:
        for sample in pod.scrape.samples(family, direction="inbound"):
            if not is_probe(sample.labels):
                yield sample


def _buckets(samples: Iterable[Sample]) -> dict[float, float]:
    buckets: dict[float, float] = {}
    for sample in samples:
        bound = float(sample.labels["le"])
        buckets[bound] = buckets.get(bound, 0.0) + sample.value
    return buckets
