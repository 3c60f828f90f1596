"""The service on one machine: certificates in a directory, made when there are none."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

from mesh_core.service import Service
from mesh_identity.certify import Certifier
from mesh_identity.configuration import Configuration, OneMachine
from mesh_identity.credentials import initialise, load_issuer, load_token_key
from mesh_identity.metrics import IdentityMetrics
from mesh_identity.rotation import Rotation
from mesh_identity.server import IdentityServer
from mesh_identity.serving import serve_until_stopped
from mesh_identity.tokens import SignedTokenVerifier

_LOG = logging.getLogger("mesh_identity")


def start(service: Service, configuration: Configuration, mode: OneMachine) -> None:
    """Begin to serve; raises `CredentialsError` for files that do not fit."""
    now = datetime.now(UTC)
    done = initialise(mode.directory, configuration.trust_domain, now)
    for path in done.made:
        _LOG.info("made %s", path)
    issuer = load_issuer(
        mode.directory,
        now=now,
        lifetime=configuration.issuance_lifetime,
        skew=configuration.clock_skew,
    )
    rotation = Rotation(issuer)
    certifier = Certifier(
        rotation,
        SignedTokenVerifier(load_token_key(mode.token_key)),
        controller_namespace=configuration.controller_namespace,
        trust_domain=configuration.trust_domain,
    )
    metrics = IdentityMetrics(service.registry, lambda: rotation.issuer)
    server = IdentityServer(certifier, metrics, configuration.address)
    serve_until_stopped(service, server)
    _LOG.info(
        "certifying for %s on port %d; the issuer is valid until %s",
        configuration.trust_domain,
        server.port,
        issuer.expires.isoformat(),
    )
