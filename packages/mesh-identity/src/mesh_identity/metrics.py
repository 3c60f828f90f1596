"""What mesh-identity counts."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from mesh_identity.errors import (
    CsrRejected,
    IssuerUnavailable,
    RequestRejected,
    ReviewUnavailable,
    TokenRejected,
)
from mesh_identity.issuer import Issuer

REVIEW_RESULTS = ("accepted", "rejected", "failed")
_REASONS = (RequestRejected, CsrRejected, TokenRejected, IssuerUnavailable, ReviewUnavailable)
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


class IdentityMetrics:
    """Counters of one server; every series exists from the start, so that a rate starts at zero."""

    def __init__(self, registry: CollectorRegistry, issuer: Callable[[], Issuer | None]) -> None:
        """`issuer` gives the one in use whenever the metrics are read."""
        self.issued = Counter(
            "identity_certificates_issued", "Leaf certificates issued.", registry=registry
        )
        self._rejected = Counter(
            "identity_requests_rejected",
            "Certify requests refused, by the part that was wrong.",
            ["reason"],
            registry=registry,
        )
        for reason in (*(error.reason for error in _REASONS), "internal", "abandoned"):
            self._rejected.labels(reason)
        registry.register(_Validity(issuer))

    def rejected(self, reason: str) -> None:
        """Count one refused request."""
        self._rejected.labels(reason).inc()


class ReviewMetrics:
    """How long the API server takes to say whose a token is."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Register the metrics."""
        self._seconds = Histogram(
            "identity_token_review_seconds",
            "Duration of token reviews, by their result.",
            ["result"],
            registry=registry,
            buckets=_BUCKETS,
        )
        for result in REVIEW_RESULTS:
            self._seconds.labels(result)

    def observe(self, result: str, seconds: float) -> None:
        """Count one review."""
        self._seconds.labels(result).observe(seconds)


class _Validity(Collector):
    """How long the certificates in use are still valid, at the moment of reading."""

    def __init__(self, issuer: Callable[[], Issuer | None]) -> None:
        self._issuer = issuer

    def describe(self) -> Iterator[Metric]:
        """Nothing but the names: registering must not read certificates."""
        yield from self._families(None)

    def collect(self) -> Iterator[Metric]:
        """Without an issuer there are no samples, and `identity_issuer_valid` is 0."""
        yield from self._families(self._issuer())

    @staticmethod
    def _families(issuer: Issuer | None) -> Iterator[Metric]:
        now = time.time()
        left = GaugeMetricFamily(
            "issuer_cert_ttl_seconds",
            "Seconds until the first certificate of the issuer's chain expires.",
        )
        anchors = GaugeMetricFamily(
            "trust_anchor_cert_ttl_seconds",
            "Seconds until a trust anchor expires.",
            labels=["subject", "fingerprint"],
        )
        valid = GaugeMetricFamily(
            "identity_issuer_valid", "1 while an issuer is loaded whose chain is valid now."
        )
        begins, expires = _times(issuer)
        valid.add_metric([], float(begins <= now < expires))
        if issuer is not None:
            left.add_metric([], expires - now)
            for anchor in dict.fromkeys(issuer.anchors):
                ttl = anchor.not_valid_after_utc.timestamp() - now
                anchors.add_metric(_labels(anchor), ttl)
        yield from (left, anchors, valid)


def _times(issuer: Issuer | None) -> tuple[float, float]:
    return (0, 0) if issuer is None else (issuer.begins.timestamp(), issuer.expires.timestamp())


def _labels(certificate: x509.Certificate) -> list[str]:
    return [certificate.subject.rfc4514_string(), certificate.fingerprint(SHA256()).hex()[:16]]
