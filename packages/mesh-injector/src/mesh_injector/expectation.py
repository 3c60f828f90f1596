"""Whether an existing pod should have a proxy and has none."""

from mesh_core.resources import Namespace, Pod
from mesh_injector.control_plane import COMPONENT_LABEL
from mesh_injector.decision import Inject, decide
from mesh_injector.installation import Installation

WEBHOOKS_LABEL = "config.linkerd.io/admission-webhooks"
CNI_LABEL = "linkerd.io/cni-resource"

_LEFT_OUT_NAMESPACES = frozenset({"kube-system", "cert-manager"})


def is_unmeshed(pod: Pod, namespace: Namespace, installation: Installation) -> bool:
    """Say whether the injector would have added a proxy, had it been asked about this pod."""
    if pod.terminated or pod.metadata.deletion_timestamp is not None:
        return False
    if not _under_review(pod, namespace, installation.control_plane_namespace):
        return False
    # A pod with a proxy is skipped for that reason.
    return isinstance(decide(pod, namespace, installation), Inject)


def _under_review(pod: Pod, namespace: Namespace, control_plane_namespace: str) -> bool:
    """Say whether the selectors of the webhook's configuration let the API server ask about it."""
    if namespace.name in {*_LEFT_OUT_NAMESPACES, control_plane_namespace}:
        return False
    if namespace.metadata.labels.get(WEBHOOKS_LABEL) == "disabled":
        return False
    return not {COMPONENT_LABEL, CNI_LABEL} & pod.metadata.labels.keys()
