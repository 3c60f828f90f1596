"""Whether the proxies beside the applications work."""

from collections.abc import Sequence

from mesh_cli.check.categories import linkerd_existence
from mesh_cli.check.categories.linkerd_identity import now
from mesh_cli.check.check import Category, Check
from mesh_cli.check.cluster_view import ClusterView
from mesh_cli.check.control_plane import ends, has_proxy
from mesh_cli.check.finding import Finding, Level, error, warning, warnings
from mesh_cli.check.installed import installed
from mesh_cli.check.proxies import (
    judge_cli_versions,
    judge_proxies,
    judge_versions,
    proxy_states,
)
from mesh_core import annotations
from mesh_core.names import CONTROL_PLANE_LABEL
from mesh_core.resources import Namespace, Pod, Resource, Service

NAME = "linkerd-data-plane"

_RESTART = "restart its workload with `kubectl rollout restart`"
_MINUTES = 120.0
"""Seconds for asking all proxies of a large cluster."""


def judge_namespace(name: str, namespace: Namespace | None) -> Finding | None:
    """Say that there is nothing to look at."""
    return None if namespace else error(f"there is no namespace {name}; name another with -n")


def judge_labels(resources: Sequence[Resource]) -> Finding | None:
    """Say where somebody wrote a label and meant an annotation, which has no effect."""
    return warnings(
        [
            f"{resource} has the label {name}, which has no effect; make it an annotation"
            for resource in resources
            for name in resource.metadata.labels
            if annotations.find(name) is not None
        ]
    )


def judge_service_annotations(services: Sequence[Service]) -> Finding | None:
    """Say where a Service has an annotation that the mesh would read on pods only."""
    return warnings(
        [
            f"{service} says {annotations.INJECT.name}, which only pods and namespaces can say"
            for service in services
            if annotations.INJECT.name in service.metadata.annotations
        ]
    )


async def data_plane_pods(view: ClusterView) -> list[Pod]:
    """Give the pods with proxies of this mesh, without those of the control plane."""
    control_plane = view.settings.control_plane
    label = f"{CONTROL_PLANE_LABEL}={control_plane}"
    pods = await view.all(Pod, view.settings.namespace, labels=label)
    return [
        pod for pod in pods if has_proxy(pod) and not ends(pod) and pod.namespace != control_plane
    ]


async def _exists(view: ClusterView) -> Finding | None:
    name = view.settings.namespace
    return judge_namespace(name, await view.find(Namespace, "", name)) if name else None


async def _ready(view: ClusterView) -> Finding | None:
    pods = await data_plane_pods(view)
    if not pods:
        where = f"in namespace {view.settings.namespace}" if view.settings.namespace else "anywhere"
        return warning(
            f"no pod {where} has a proxy; annotate a namespace with "
            f"{annotations.INJECT.name}=enabled and restart its workloads"
        )
    return judge_proxies(await proxy_states(view, pods), await now(view))


async def _current(view: ClusterView) -> Finding | None:
    version = (await installed(view)).proxy_version
    return judge_versions(await data_plane_pods(view), version, restart=_RESTART)


async def _match(view: ClusterView) -> Finding | None:
    return judge_cli_versions(await data_plane_pods(view), view.settings.cli_version)


async def _pod_labels(view: ClusterView) -> Finding | None:
    return judge_labels(await view.all(Pod, view.settings.namespace))


async def _service_labels(view: ClusterView) -> Finding | None:
    return judge_labels(await view.all(Service, view.settings.namespace))


async def _service_annotations(view: ClusterView) -> Finding | None:
    return judge_service_annotations(await view.all(Service, view.settings.namespace))


CATEGORY = Category(
    NAME,
    (
        Check("data plane namespace exists", "l5d-data-plane-exists", _exists, fatal=True),
        Check(
            "data plane proxies are ready",
            "l5d-data-plane-ready",
            _ready,
            retried=True,
            seconds=_MINUTES,
        ),
        Check(
            "data plane is up-to-date",
            "l5d-data-plane-version",
            _current,
            unknown=Level.WARNING,
        ),
        Check(
            "data plane and cli versions match",
            "l5d-data-plane-cli-version",
            _match,
            unknown=Level.WARNING,
        ),
        Check(
            "data plane pod labels are configured correctly",
            "l5d-data-plane-pod-labels",
            _pod_labels,
            unknown=Level.WARNING,
        ),
        Check(
            "data plane service labels are configured correctly",
            "l5d-data-plane-services-labels",
            _service_labels,
            unknown=Level.WARNING,
        ),
        Check(
            "data plane service annotations are configured correctly",
            "l5d-data-plane-services-annotations",
            _service_annotations,
            unknown=Level.WARNING,
        ),
    ),
    needs=frozenset({linkerd_existence.NAME}),
)
