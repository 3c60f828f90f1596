"""The pods of the control plane."""

from collections.abc import Sequence

from mesh_cli.check.cluster_view import ClusterView
from mesh_core.resources import Pod
from mesh_injector import COMPONENT_LABEL
from mesh_injector.containers.names import PROXY_CONTAINER

_JOBS = {"provision"}


async def control_plane_pods(view: ClusterView) -> Sequence[Pod]:
    """Give the pods that should run, without those of Jobs and those that ended or are to end."""
    pods = await view.all(Pod, view.settings.control_plane, labels=COMPONENT_LABEL)
    return [
        pod for pod in pods if not ends(pod) and pod.metadata.labels[COMPONENT_LABEL] not in _JOBS
    ]


def ends(pod: Pod) -> bool:
    """Say whether a pod ended or is being deleted, so that it has not to answer any more."""
    return pod.terminated or pod.metadata.deletion_timestamp is not None


def has_proxy(pod: Pod) -> bool:
    """Say whether a pod is meshed."""
    return any(container.name == PROXY_CONTAINER for container in pod.spec.all_containers())
