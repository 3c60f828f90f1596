"""Whether an existing pod should have a proxy and has none."""

from mesh_core.resources import Namespace, Pod
from mesh_injector.decision import Inject, decide
from mesh_injector.installation import Installation


def is_unmeshed(pod: Pod, namespace: Namespace, installation: Installation) -> bool:
    """Say whether the injector would have added a proxy, had it been asked about this pod."""
    if pod.terminated or pod.metadata.deletion_timestamp is not None:
        return False
    # The control plane must be able to start without itself, so it is never under review.
    if namespace.name == installation.control_plane_namespace:
        return False
    if not installation.review_scope.includes(pod, namespace):
        return False
    # A pod with a proxy is skipped for that reason.
    return isinstance(decide(pod, namespace, installation), Inject)
