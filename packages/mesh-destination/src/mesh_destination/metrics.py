"""What mesh-destination counts; no label grows with the cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, Counter, Gauge

from mesh_destination.streams.observer import Outcome


class DestinationMetrics:
    """The metrics of one process; also the hub's observer."""

    def __init__(self, registry: CollectorRegistry, problems: Callable[[], int]) -> None:
        """`problems` counts what is wrong with the objects now."""
        self._streams = Gauge("destination_streams", "Open streams.", ["method"], registry=registry)
        self._sent = Counter(
            "destination_updates", "Messages sent on streams.", ["method"], registry=registry
        )
        self._refused = Counter(
            "destination_refused",
            "Calls ended with an error status.",
            ["method", "code"],
            registry=registry,
        )
        self._views = Gauge(
            "destination_views", "Answers kept current.", ["view"], registry=registry
        )
        self._recomputed = Counter(
            "destination_view_recomputations",
            "Answers computed again after a change.",
            ["view", "outcome"],
            registry=registry,
        )
        Gauge(
            "destination_store_problems",
            "Objects or files that cannot be used as they are.",
            registry=registry,
        ).set_function(problems)

    @contextmanager
    def stream(self, method: str) -> Iterator[None]:
        """Count a stream as open while the context lasts."""
        with self._streams.labels(method).track_inprogress():
            yield

    def sent(self, method: str) -> None:
        """Count one message."""
        self._sent.labels(method).inc()

    def refused(self, method: str, code: str) -> None:
        """Count one refusal."""
        self._refused.labels(method, code).inc()

    def recomputed(self, view: str, outcome: Outcome) -> None:
        """Count one computation."""
        self._recomputed.labels(view, outcome).inc()

    def views(self, view: str, change: int) -> None:
        """Follow the number of views."""
        self._views.labels(view).inc(change)
