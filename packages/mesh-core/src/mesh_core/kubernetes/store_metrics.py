"""What a KubernetesStore counts, for each kind."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_LAG_BUCKETS = (0.001, 0.005, 0.025, 0.1, 0.5, 2.0, 10.0)


class StoreMetrics:
    """The metrics of all stores of a process; `kind` is the only label that has many values."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Register them."""
        self._objects = Gauge("mesh_store_objects", "Objects held.", ["kind"], registry=registry)
        self._synced = Gauge(
            "mesh_store_synced", "1 once all objects were read.", ["kind"], registry=registry
        )
        self._problems = Gauge(
            "mesh_store_problems",
            "Objects that cannot be decoded, and 1 while the kind cannot be followed.",
            ["kind"],
            registry=registry,
        )
        self._staleness = Gauge(
            "mesh_store_staleness_seconds",
            "Time since the API server last gave a sign of life: a complete list, an event or a "
            "bookmark, which comes about once a minute.",
            ["kind"],
            registry=registry,
        )
        self._lag = Histogram(
            "mesh_store_lag_seconds",
            "Time from the arrival of a change until everybody here was told of it.",
            ["kind"],
            buckets=_LAG_BUCKETS,
            registry=registry,
        )
        self._changes = Counter(
            "mesh_store_changes", "Changes that arrived by watch.", ["kind"], registry=registry
        )
        self._lists = Counter(
            "mesh_store_relists",
            "Complete lists after the first one: the thread of changes was lost.",
            ["kind"],
            registry=registry,
        )
        self._errors = Counter(
            "mesh_store_watch_errors",
            "Failed lists and watches.",
            ["kind", "reason"],
            registry=registry,
        )

    def of(
        self,
        kind: str,
        *,
        objects: Callable[[], int],
        problems: Callable[[], int],
        staleness: Callable[[], float],
    ) -> "KindMetrics":
        """Follow one kind; the functions are called with each scrape, by another thread."""
        self._objects.labels(kind).set_function(objects)
        self._problems.labels(kind).set_function(problems)
        self._staleness.labels(kind).set_function(staleness)
        return KindMetrics(
            kind,
            self._synced.labels(kind),
            self._lag.labels(kind),
            self._changes.labels(kind),
            self._lists.labels(kind),
            self._errors,
        )


class KindMetrics:
    """The metrics of one kind, found once instead of with each event."""

    def __init__(
        self,
        kind: str,
        synced: Gauge,
        lag: Histogram,
        changes: Counter,
        relists: Counter,
        errors: Counter,
    ) -> None:
        """Use these."""
        self._kind = kind
        self._synced = synced
        self._lag = lag
        self._changes = changes
        self._relists = relists
        self._errors = errors

    def listed(self, *, again: bool) -> None:
        """Count a complete list."""
        self._synced.set(1)
        if again:
            self._relists.inc()

    def changed(self, count: int, seconds: float) -> None:
        """Count changes that arrived together, and how long it took to tell of them."""
        self._changes.inc(count)
        self._lag.observe(seconds)

    def failed(self, reason: str) -> None:
        """Count a failed list or watch."""
        self._errors.labels(self._kind, reason).inc()
