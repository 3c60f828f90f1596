"""What mesh-identity counts."""

from __future__ import annotations

import time

from prometheus_client import CollectorRegistry, Counter, Gauge

from mesh_identity.errors import CsrRejected, IssuerUnavailable, RequestRejected, TokenRejected
from mesh_identity.issuer import Issuer

_REASONS = (RequestRejected, CsrRejected, TokenRejected, IssuerUnavailable)


class IdentityMetrics:
    """Counters of one server; every series exists from the start, so that a rate starts at zero."""

    def __init__(self, registry: CollectorRegistry, issuer: Issuer) -> None:
        self.issued = Counter(
            "identity_certificates_issued", "Leaf certificates issued.", registry=registry
        )
        self._rejected = Counter(
            "identity_requests_rejected",
            "Certify requests refused, by the part that was wrong.",
            ["reason"],
            registry=registry,
        )
        for reason in (*(error.reason for error in _REASONS), "internal"):
            self._rejected.labels(reason)
        expiry = issuer.expires.timestamp()
        Gauge(
            "issuer_cert_ttl_seconds",
            "Seconds until the first certificate of the issuer's chain expires.",
            registry=registry,
        ).set_function(lambda: expiry - time.time())

    def rejected(self, reason: str) -> None:
        """Count one refused request."""
        self._rejected.labels(reason).inc()
