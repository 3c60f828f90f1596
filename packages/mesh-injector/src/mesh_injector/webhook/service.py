"""The running injector: mounted files, caches, server, reconciler, admin endpoints."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path

import uvloop

from mesh_core.authority import Authority
from mesh_core.kubernetes import EventRecorder, KubernetesClient, KubernetesStore, StoreMetrics
from mesh_core.resources import Namespace, Pod
from mesh_core.service import MountedFiles, ReloadMetrics, Service, Settings, run
from mesh_injector.webhook.access import KINDS, OPTIONAL_KINDS
from mesh_injector.webhook.admission import Admission
from mesh_injector.webhook.application import application
from mesh_injector.webhook.certificate import CERTIFICATE, KEY, ServingCertificate
from mesh_injector.webhook.errors import WebhookError
from mesh_injector.webhook.limits import LIMITS
from mesh_injector.webhook.live_installation import TRUST_ANCHORS, VALUES, LiveInstallation
from mesh_injector.webhook.lookup import Lookup
from mesh_injector.webhook.metrics import WebhookMetrics
from mesh_injector.webhook.open_files import allow_open_files
from mesh_injector.webhook.reconciler import Reconciler
from mesh_injector.webhook.server import WebhookServer
from mesh_injector.webhook.unmeshed_report import PATH, UnmeshedReport

COMPONENT = "linkerd-proxy-injector"
"""Who reports the events."""
_OTHER_FILES = 512  # connections that are still shaking hands, and our own

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Configuration:
    """What `mesh-injector serve` was told."""

    tls_directory: Path
    values: Path
    trust_anchors: Path
    controller_namespace: str
    address: Authority
    admin_address: Authority
    kubeconfig: Path | None
    shutdown_delay: timedelta
    log_level: str
    log_format: str


def serve(configuration: Configuration) -> int:
    """Run until SIGTERM and give the exit code."""
    allow_open_files(LIMITS.connections + _OTHER_FILES)

    async def main(service: Service) -> None:
        await _Injector(service, configuration).start()

    return run(
        main,
        Settings(
            "mesh-injector",
            configuration.admin_address,
            configuration.log_level,
            configuration.log_format,
            uvloop.new_event_loop,
        ),
    )


class _Injector:
    """Starts the parts in the order in which they need each other."""

    def __init__(self, service: Service, configuration: Configuration) -> None:
        self._service = service
        self._configuration = configuration
        self._metrics = WebhookMetrics(service.registry)
        self._reloads = ReloadMetrics(service.registry)

    async def start(self) -> None:
        certificate = await self._certificate()
        installation = await self._installation()
        client = await self._client()
        record = await self._events(client)
        store = await self._store(client)
        lookup = Lookup(store, client.get)
        await self._reconciler(store, installation, lookup, record)
        admission = Admission(lookup, installation, record.record, self._metrics)
        await self._server(admission, certificate)

    async def _certificate(self) -> ServingCertificate:
        directory = self._configuration.tls_directory
        certificate = ServingCertificate(self._metrics)
        paths = {name: directory / name for name in (CERTIFICATE, KEY)}
        await self._follow(
            MountedFiles("webhook-certificate", paths, certificate.load, metrics=self._reloads)
        )
        return certificate

    async def _installation(self) -> LiveInstallation:
        configuration = self._configuration
        installation = LiveInstallation(configuration.controller_namespace)
        paths = {VALUES: configuration.values, TRUST_ANCHORS: configuration.trust_anchors}
        await self._follow(
            MountedFiles("configuration", paths, installation.load, metrics=self._reloads)
        )
        return installation

    async def _follow(self, files: MountedFiles) -> None:
        """Begin with files that can be used; from then on, bad ones change nothing."""
        self._service.on_stop("following mounted files", files.close)
        await files.start()
        if files.problem is not None:
            raise WebhookError(str(files.problem)) from files.problem

    async def _client(self) -> KubernetesClient:
        client = await KubernetesClient.connect(
            self._configuration.kubeconfig, user_agent=f"mesh-injector/{version('mesh-injector')}"
        )
        self._service.on_stop("the API server's client", client.close)
        return client

    async def _events(self, client: KubernetesClient) -> EventRecorder:
        recorder = EventRecorder(client, component=COMPONENT, registry=self._service.registry)
        self._service.on_stop("the event recorder", recorder.close)
        await recorder.start()
        return recorder

    async def _store(self, client: KubernetesClient) -> KubernetesStore:
        metrics = StoreMetrics(self._service.registry)
        store = KubernetesStore(client, KINDS, optional=OPTIONAL_KINDS, metrics=metrics)
        self._service.on_stop("the caches", store.close)
        log.info("waiting for the caches to be filled from %s", client.server)
        await store.start()
        return store

    async def _reconciler(
        self,
        store: KubernetesStore,
        installation: LiveInstallation,
        lookup: Lookup,
        recorder: EventRecorder,
    ) -> None:
        report = UnmeshedReport()
        self._service.registry.register(report)
        self._service.pages[PATH] = report.page
        reconciler = Reconciler(
            store,
            installation,
            lookup.known_owner,
            recorder.record,
            report,
            problems=lambda: _problems(store),
        )
        self._service.on_stop("the reconciler", reconciler.close)
        await reconciler.start()

    async def _server(self, admission: Admission, certificate: ServingCertificate) -> None:
        configuration = self._configuration
        server = WebhookServer(
            application(admission.answer, self._metrics),
            certificate.context,
            configuration.address,
            self._metrics,
        )

        async def stop() -> None:
            await server.stop(configuration.shutdown_delay.total_seconds())

        self._service.on_stop("the webhook", stop)
        await server.start()
        log.info("answering reviews on port %d", server.port)


def _problems(store: KubernetesStore) -> tuple[str, ...]:
    """Say what keeps namespaces and pods from being known, and which of them cannot be read."""
    kinds = (Namespace.kind, Pod.kind)
    return tuple(str(problem) for problem in store.problems if problem.kind in kinds)
