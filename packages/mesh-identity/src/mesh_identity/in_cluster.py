"""The service in a cluster: a mounted issuer, the API server's word on tokens, events."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from datetime import UTC, datetime

from mesh_core.kubernetes import EventRecorder, KubernetesClient
from mesh_core.resources import Deployment, ObjectReference
from mesh_core.service import ReloadMetrics, Service
from mesh_core.store.errors import StoreError
from mesh_identity.access import DEPLOYMENT, service_access
from mesh_identity.certify import Certifier
from mesh_identity.configuration import Configuration, InCluster
from mesh_identity.events import IdentityEvents
from mesh_identity.issuer_secret import IssuerSecret
from mesh_identity.issuer_watch import IssuerWatch
from mesh_identity.metrics import IdentityMetrics, ReviewMetrics
from mesh_identity.rotation import Rotation
from mesh_identity.server import WAITING_THREADS, IdentityServer
from mesh_identity.serving import serve_until_stopped
from mesh_identity.token_review import TokenReviewVerifier

COMPONENT = "linkerd-identity"
GREETING_SECONDS = 3.0
RETRY_SECONDS = 10.0

_LOG = logging.getLogger("mesh_identity")


async def start(service: Service, configuration: Configuration, mode: InCluster) -> None:
    """Begin to serve, also without a usable issuer or API server: both may come later."""
    client = await KubernetesClient.connect(
        mode.kubeconfig, user_agent="mesh-identity", qps=mode.qps, burst=mode.burst
    )
    service.on_stop("the Kubernetes client", client.close)
    recorder = EventRecorder(client, component=COMPONENT, registry=service.registry)
    await recorder.start()
    service.on_stop("the event recorder", recorder.close)
    events = IdentityEvents(
        recorder.record, asyncio.get_running_loop(), _deployment(configuration.controller_namespace)
    )
    await _greet(service, client, events, configuration.controller_namespace)
    rotation = await _follow_issuer(service, configuration, mode, events)
    _serve(service, configuration, client, events, rotation)


async def _follow_issuer(
    service: Service, configuration: Configuration, mode: InCluster, events: IdentityEvents
) -> Rotation:
    rotation = Rotation()
    secret = IssuerSecret(
        mode.issuer_directory,
        mode.issuer_scheme,
        mode.trust_anchors,
        lifetime=configuration.issuance_lifetime,
        skew=configuration.clock_skew,
    )
    watch = IssuerWatch(
        secret,
        rotation,
        clock=lambda: datetime.now(UTC),
        readiness=service.readiness,
        tell=events.notice,
        metrics=ReloadMetrics(service.registry),
    )
    service.on_stop("the issuer's watch", watch.close)
    await watch.start()
    return rotation


def _serve(
    service: Service,
    configuration: Configuration,
    client: KubernetesClient,
    events: IdentityEvents,
    rotation: Rotation,
) -> None:
    reviews = ReviewMetrics(service.registry)
    certifier = Certifier(
        rotation,
        TokenReviewVerifier(client, asyncio.get_running_loop(), observe=reviews.observe),
        controller_namespace=configuration.controller_namespace,
        trust_domain=configuration.trust_domain,
    )
    metrics = IdentityMetrics(service.registry, lambda: rotation.issuer)
    server = IdentityServer(
        certifier, metrics, configuration.address, witness=events, threads=WAITING_THREADS
    )
    serve_until_stopped(service, server)
    _LOG.info(
        "certifying for %s on port %d, tokens are reviewed by %s",
        configuration.trust_domain,
        server.port,
        client.server,
    )


async def _greet(
    service: Service, client: KubernetesClient, events: IdentityEvents, namespace: str
) -> None:
    """Introduce ourselves to the API server, later if it does not answer now."""

    async def again() -> None:
        while not await _introduced(client, events, namespace):  # noqa: ASYNC110 - a retry
            await asyncio.sleep(RETRY_SECONDS)

    task = asyncio.create_task(again(), name="greet the API server")

    async def stop() -> None:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    service.on_stop("the greeting", stop)
    await asyncio.wait({task}, timeout=GREETING_SECONDS)


async def _introduced(client: KubernetesClient, events: IdentityEvents, namespace: str) -> bool:
    """Say what is not allowed to us, and find the object that our events are about."""
    try:
        for need in service_access(namespace):
            if not await client.review_access(need):
                _LOG.error(
                    "the permission to %s is missing; `helm upgrade` brings the role back", need
                )
    except StoreError as error:
        _LOG.warning("the API server does not answer yet: %s", error)
        return False
    try:
        found = await client.get(Deployment, namespace, DEPLOYMENT)
    except StoreError as error:
        _LOG.warning("events are reported without the Deployment's uid: %s", error)
    else:
        events.deployment = _deployment(namespace, found.metadata.uid)
    return True


def _deployment(namespace: str, uid: str = "") -> ObjectReference:
    return ObjectReference(
        api_version="apps/v1", kind="Deployment", name=DEPLOYMENT, namespace=namespace, uid=uid
    )
