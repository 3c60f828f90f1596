"""The running service: credentials, server, admin endpoints."""

from __future__ import annotations

import asyncio
import logging
import warnings
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mesh_core.authority import Authority
from mesh_core.service import Service, Settings, run
from mesh_identity.certify import Certifier
from mesh_identity.credentials import initialise, load_issuer, load_token_key
from mesh_identity.metrics import IdentityMetrics
from mesh_identity.server import IdentityServer
from mesh_identity.tokens import SignedTokenVerifier

_LOG = logging.getLogger("mesh_identity")


@dataclass(frozen=True, slots=True)
class Configuration:
    """What `mesh-identity serve` was told."""

    directory: Path
    token_key: Path
    address: Authority
    admin_address: Authority
    trust_domain: str
    controller_namespace: str
    issuance_lifetime: timedelta
    clock_skew: timedelta
    log_level: str
    log_format: str


def serve(configuration: Configuration) -> int:
    """Run until SIGTERM and give the exit code."""
    # Common names beyond 64 bytes break X.520 and are common all the same; each would be a warning.
    warnings.filterwarnings("ignore", "Attribute's length must be", UserWarning)

    async def main(service: Service) -> None:
        await _start(service, configuration)

    return run(
        main,
        Settings(
            "mesh-identity",
            configuration.admin_address,
            configuration.log_level,
            configuration.log_format,
        ),
    )


async def _start(service: Service, configuration: Configuration) -> None:
    now = datetime.now(UTC)
    done = initialise(configuration.directory, configuration.trust_domain, now)
    for path in done.made:
        _LOG.info("made %s", path)
    issuer = load_issuer(
        configuration.directory,
        now=now,
        lifetime=configuration.issuance_lifetime,
        skew=configuration.clock_skew,
    )
    certifier = Certifier(
        issuer,
        SignedTokenVerifier(load_token_key(configuration.token_key)),
        controller_namespace=configuration.controller_namespace,
        trust_domain=configuration.trust_domain,
    )
    metrics = IdentityMetrics(service.registry, issuer)
    server = IdentityServer(certifier, metrics, configuration.address)

    async def stop() -> None:
        await asyncio.to_thread(server.stop)

    service.on_stop("the identity server", stop)
    server.start()
    _LOG.info(
        "certifying for %s on port %d; the issuer is valid until %s",
        configuration.trust_domain,
        server.port,
        issuer.expires.isoformat(),
    )
