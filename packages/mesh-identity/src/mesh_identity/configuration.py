"""What `mesh-identity serve` was told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from mesh_core.authority import Authority
from mesh_identity.issuer_secret import Scheme


@dataclass(frozen=True, slots=True)
class OneMachine:
    """Certificates in a directory of our own, tokens signed by one key."""

    directory: Path
    token_key: Path


@dataclass(frozen=True, slots=True)
class InCluster:
    """Certificates in mounted Secrets, tokens reviewed by the API server."""

    kubeconfig: Path | None
    issuer_directory: Path
    issuer_scheme: Scheme
    trust_anchors: Path
    qps: float
    burst: int


@dataclass(frozen=True, slots=True)
class Configuration:
    """The flags of one process."""

    mode: OneMachine | InCluster
    address: Authority
    admin_address: Authority
    trust_domain: str
    controller_namespace: str
    issuance_lifetime: timedelta
    clock_skew: timedelta
    log_level: str
    log_format: str
