"""The running service: store, hub, two servers, two admin servers."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from mesh_core import service as runtime
from mesh_core.authority import Authority
from mesh_core.store import DirectoryStore
from mesh_destination.api.destination import DestinationApi
from mesh_destination.api.policies import PoliciesApi
from mesh_destination.api.server import ApiServer
from mesh_destination.api.stream import Streams
from mesh_destination.index import KINDS, METADATA_KINDS, Index
from mesh_destination.metrics import DestinationMetrics
from mesh_destination.problems import AnnotationProblems
from mesh_destination.streams.hub import Hub
from mesh_destination.views.settings import Settings

if TYPE_CHECKING:
    from mesh_core.kubernetes import KubernetesStore

_LOG = logging.getLogger("mesh_destination")


@dataclass(frozen=True, slots=True)
class Configuration:
    """What `mesh-destination serve` was told; without `objects` it follows an API server."""

    objects: Path | None
    kubeconfig: Path | None
    address: Authority
    policy_address: Authority
    admin_address: Authority
    policy_admin_address: Authority
    log_level: str
    log_format: str
    settings: Settings


def serve(configuration: Configuration) -> int:
    """Run until SIGTERM and give the exit code."""

    async def main(service: runtime.Service) -> None:
        await _start(service, configuration)

    return runtime.run(
        main,
        runtime.Settings(
            "mesh-destination",
            configuration.admin_address,
            configuration.log_level,
            configuration.log_format,
        ),
    )


async def _start(service: runtime.Service, configuration: Configuration) -> None:
    _start_policy_admin(service, configuration.policy_admin_address)
    store = await _open_store(service, configuration)
    annotations = AnnotationProblems()
    metrics = DestinationMetrics(service.registry, lambda: len(store.problems) + len(annotations))
    index = Index()
    settings = configuration.settings
    hub = Hub(index, settings, asyncio.get_running_loop().call_soon, metrics)
    for kind in KINDS:
        store.subscribe(kind, hub.apply)
        store.subscribe(kind, annotations.apply)
    service.on_stop("the store", store.close)
    # Nobody is answered before everything is known: half a view would empty load balancers.
    await store.start()
    await _start_servers(service, configuration, hub, index, Streams(hub, metrics))


async def _open_store(
    service: runtime.Service, configuration: Configuration
) -> DirectoryStore | KubernetesStore:
    if configuration.objects is not None:
        return DirectoryStore(configuration.objects, KINDS)
    # Loaded when it is needed: its HTTP client costs 18 MB.
    from mesh_core.kubernetes import (  # noqa: PLC0415
        KubernetesClient,
        KubernetesStore,
        StoreMetrics,
    )

    client = await KubernetesClient.connect(
        configuration.kubeconfig, user_agent=f"mesh-destination/{version('mesh-destination')}"
    )
    service.on_stop("the API client", client.close)
    _LOG.info("following %s", client.server)
    return KubernetesStore(
        client, KINDS, metadata_only=METADATA_KINDS, metrics=StoreMetrics(service.registry)
    )


async def _start_servers(
    service: runtime.Service,
    configuration: Configuration,
    hub: Hub,
    index: Index,
    streams: Streams,
) -> None:
    settings = configuration.settings
    discovery = ApiServer(
        configuration.address, [DestinationApi(streams, index, settings).handler()]
    )
    policy = ApiServer(configuration.policy_address, PoliciesApi(streams, settings).handlers())

    async def stop() -> None:
        hub.close()
        await asyncio.gather(discovery.stop(), policy.stop())

    service.on_stop("the servers", stop)
    await asyncio.gather(discovery.start(), policy.start())
    _LOG.info("discovery on port %d, policy on port %d", discovery.port, policy.port)


def _start_policy_admin(service: runtime.Service, address: Authority) -> None:
    """A second admin server: the policy API's probes and scrapes have a port of their own."""
    admin = runtime.AdminServer(address, service.readiness, service.heartbeat, service.registry)

    async def stop() -> None:
        await asyncio.to_thread(admin.close)

    service.on_stop("the policy admin server", stop)
    admin.start()
