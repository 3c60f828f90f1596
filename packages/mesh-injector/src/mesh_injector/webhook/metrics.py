"""What the webhook counts."""

from collections.abc import Iterable
from http import HTTPStatus

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram

from mesh_injector.webhook.admission_counts import AdmissionCounts

_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0)

Labels = tuple[tuple[str, str], ...]


class WebhookMetrics:
    """Counters of one server."""

    def __init__(self, registry: CollectorRegistry = REGISTRY) -> None:
        """Register everything."""
        self.requests = AdmissionCounts(
            "proxy_inject_admission_requests",
            "Objects under review, by owner, namespace, place of the inject annotation, "
            "and the configuration annotations that are set.",
        )
        self.responses = AdmissionCounts(
            "proxy_inject_admission_responses",
            "Answers, by the same labels, whether nothing was added, and why.",
        )
        registry.register(self.requests)
        registry.register(self.responses)
        self.duration = Histogram(
            "mesh_injector_request_duration_seconds",
            "Time from a request's head to its answer.",
            buckets=_BUCKETS,
            registry=registry,
        )
        self._refused = Counter(
            "mesh_injector_requests_refused",
            "HTTP requests that were not answered with an AdmissionReview, by status.",
            ["status"],
            registry=registry,
        )
        self.connections_refused = Counter(
            "mesh_injector_connections_refused",
            "Connections that were closed because there were too many.",
            registry=registry,
        )
        self.certificate_expiry = Gauge(
            "mesh_injector_certificate_expiry_timestamp_seconds",
            "When the webhook's certificate expires.",
            registry=registry,
        )

    def refused(self, status: HTTPStatus) -> None:
        """Count one refused request."""
        self._refused.labels(str(status.value)).inc()

    def answered(self, labels: Iterable[tuple[str, str]], skip_reason: str) -> None:
        """Count one review and its answer; an empty reason means that something was added."""
        common = tuple(labels)
        self.requests.add(common)
        skip = (("skip", "true"), ("skip_reason", skip_reason)) if skip_reason else ()
        self.responses.add((*common, *(skip or (("skip", "false"), ("skip_reason", "")))))
