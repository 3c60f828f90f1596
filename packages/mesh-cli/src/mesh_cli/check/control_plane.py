"""The pods of the control plane."""

from collections.abc import Sequence

from mesh_cli.check.cluster_view import ClusterView
from mesh_core.resources import Pod
from mesh_injector import COMPONENT_LABEL
from mesh_injector.containers.names import PROXY_CONTAINER

_JOBS = {"provision"}


async def control_plane_pods(view: ClusterView) -> Sequence[Pod]:
    """Give the pods that should run, without those of Jobs and those that ended."""
    pods = await view.all(Pod, view.settings.control_plane, labels=COMPONENT_LABEL)
    return [
        pod
        for pod in pods
        if not pod.terminated and pod.metadata.labels[COMPONENT_LABEL] not in _JOBS
    ]


def has_proxy(pod: Pod) -> bool:
    """Say whether a pod is meshed."""
    return any(container.name == PROXY_CONTAINER for container in pod.spec.all_containers())
