"""The demo's result: the rows, what went wrong, and the document of `-o json`."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from .edges import Edge, edge_rows
from .pods import PodView, by_workload
from .workloads import WorkloadRow, is_probe, workload_rows


@dataclass(frozen=True, slots=True)
class Report:
    """Everything the demo shows. `ready_seconds` None: not all pods became ready."""

    workloads: tuple[WorkloadRow, ...]
    edges: tuple[Edge, ...]
    ready_seconds: float | None
    sidecar_rss_bytes: tuple[int, ...]
    errors: tuple[str, ...]

    @property
    def succeeded(self) -> bool:
        """Whether every meshed edge was secured and every request answered."""
        return not self.errors

    def document(self) -> dict[str, Any]:
        """Return the rows as JSON values; shares from 0 to 1, milliseconds, bytes."""
        return {
            "workloads": [_workload(row) for row in self.workloads],
            "edges": [_edge(edge) for edge in self.edges],
            "ready_seconds": _rounded(self.ready_seconds, 2),
            "sidecar_rss_bytes": list(self.sidecar_rss_bytes),
            "errors": list(self.errors),
        }


def report(
    before: Sequence[PodView],
    now: Sequence[PodView],
    seconds: float,
    ready_seconds: float | None,
    problems: Sequence[str] = (),
    ended: Sequence[PodView] = (),
) -> Report:
    """Judge what happened in the `seconds` between two looks at the same application.

    Rates and successes are those between the two looks, because before everything is
    ready nobody can be answered. Pods that have `ended` in between still count for those.
    """
    window = during(before, [*now, *ended])
    workloads = workload_rows(window, seconds)
    edges = edge_rows(now, window)
    errors = [*problems, *_readiness(now), *_unsecured(edges)]
    if ready_seconds is not None:
        # Before, missing traffic only repeats that something is not ready.
        errors += [*_unseen(now, workloads, edges), *_failures(window)]
    elif not errors:
        errors.append("not all pods became ready" if now else "no pod was started")
    return Report(
        workloads=tuple(workloads),
        edges=tuple(edges),
        ready_seconds=ready_seconds,
        sidecar_rss_bytes=tuple(_resident(now)),
        errors=tuple(dict.fromkeys(errors)),
    )


def during(before: Sequence[PodView], now: Sequence[PodView]) -> list[PodView]:
    """Return the pods of now with what they counted since the earlier look."""
    earlier = {(pod.namespace, pod.name): pod.scrape for pod in before}
    return [
        replace(pod, scrape=pod.scrape.since(earlier[pod.namespace, pod.name]))
        if (pod.namespace, pod.name) in earlier
        else pod
        for pod in now
    ]


def _readiness(pods: Sequence[PodView]) -> Iterator[str]:
    for pod in pods:
        if not pod.ready:
            why = f": {pod.message}" if pod.message else ""
            yield f"{pod.namespace}/{pod.name} is not ready{why}"
        elif pod.meshed and not pod.scrape.values:
            yield f"{pod.namespace}/{pod.name}: its proxy shows no metrics"


def _unsecured(edges: Sequence[Edge]) -> Iterator[str]:
    for edge in edges:
        if edge.expected and not edge.secured:
            yield f"{edge.src} → {edge.dst} is not secured: {edge.reason}"


def _unseen(
    pods: Sequence[PodView], workloads: Sequence[WorkloadRow], edges: Sequence[Edge]
) -> Iterator[str]:
    """Name meshed workloads that nobody saw talk: silence is not security."""
    talking = {name for edge in edges for name in (edge.src, edge.dst)}
    for name, group in by_workload(pods).items():
        if any(pod.meshed for pod in group) and name not in talking:
            yield f"{name}: its proxies have seen no connection"
    if not any(row.requests for row in workloads):
        yield "no request was answered"


def _failures(window: Sequence[PodView]) -> Iterator[str]:
    """Name failed requests, as the proxies beside the server and the client counted them."""
    for name, group in by_workload(window).items():
        for direction, verb in (("inbound", "served"), ("outbound", "sent")):
            failed = total = 0.0
            status: dict[str, float] = {}
            for pod in group:
                for sample in pod.scrape.samples("response_total", direction=direction):
                    if is_probe(sample.labels):
                        continue
                    total += sample.value
                    if sample.labels.get("classification") == "failure":
                        failed += sample.value
                        why = _status(sample.labels)
                        status[why] = status.get(why, 0.0) + sample.value
            if failed:
                causes = ", ".join(f"{count:.0f} × {why}" for why, count in status.items() if count)
                yield f"{name}: {failed:.0f} of {total:.0f} requests it {verb} failed ({causes})"


def _status(labels: Mapping[str, str]) -> str:
    if labels.get("grpc_status"):
        return f"gRPC status {labels['grpc_status']}"
    return labels.get("error") or f"status {labels.get('status_code', '?')}"


def _resident(pods: Sequence[PodView]) -> Iterator[int]:
    for pod in pods:
        if size := pod.scrape.total("process_resident_memory_bytes"):
            yield round(size)


def _workload(row: WorkloadRow) -> dict[str, Any]:
    with_proxy, pods = row.meshed
    return {
        "name": row.name,
        "meshed": f"{with_proxy}/{pods}",
        "success": _rounded(row.success, 4),
        "rps": _rounded(row.rps, 2),
        "p50_ms": _rounded(row.p50, 2),
        "p95_ms": _rounded(row.p95, 2),
        "p99_ms": _rounded(row.p99, 2),
        "tcp_connections": row.tcp_connections,
        "requests": row.requests,
        "failures": row.failures,
    }


def _edge(edge: Edge) -> dict[str, Any]:
    return {
        "src": edge.src,
        "dst": edge.dst,
        "client_id": edge.client_id,
        "server_id": edge.server_id,
        "secured": edge.secured,
        "reason": edge.reason,
    }


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)
