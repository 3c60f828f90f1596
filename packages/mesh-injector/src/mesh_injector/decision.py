"""Whether a new pod gets the sidecar."""

from dataclasses import dataclass
from enum import StrEnum

from mesh_core import annotations
from mesh_core.annotations import AnnotationError
from mesh_core.resources import Container, Namespace, Pod
from mesh_injector.containers.names import (
    INIT_CONTAINER,
    NETWORK_VALIDATOR_CONTAINER,
    PROXY_CONTAINER,
)
from mesh_injector.installation import Installation
from mesh_injector.owner import Owner

_SIDECAR_NAMES = frozenset(
    {
        PROXY_CONTAINER,
        INIT_CONTAINER,
        NETWORK_VALIDATOR_CONTAINER,
        "istio-proxy",
        "istio-init",
        "istio-validation",
    }
)
_OS_LABEL = "kubernetes.io/os"
_STATIC_POD = "kubernetes.io/config.mirror"
"""What a kubelet writes on the copy of a pod that it reads from a file."""

_SIDECAR_IMAGES = ("cr.l5d.io/linkerd/proxy:", "docker.io/istio/proxyv2:", "istio/proxyv2:")


class SkipReason(StrEnum):
    """Why a pod is left alone; the values are labels of metrics and parts of events."""

    HOST_NETWORK = "host_network_enabled"
    SIDECAR_EXISTS = "sidecar_already_exists"
    UNSUPPORTED = "unsupported_resource"
    NOT_ENABLED = "injection_enable_annotation_absent"
    DISABLED = "injection_disable_annotation_present"
    INVALID_ON_WORKLOAD = "invalid_inject_annotation_at_workload"
    INVALID_ON_NAMESPACE = "invalid_inject_annotation_at_ns"
    NO_TOKEN = "disabled_automount_service_account_token_account"  # noqa: S105 - not a secret


class DecidedBy(StrEnum):
    """Whose annotation decided; a label of metrics."""

    WORKLOAD = "workload"
    NAMESPACE = "namespace"


@dataclass(frozen=True, slots=True)
class Inject:
    """The pod gets a sidecar; with `ingress`, one that routes by its own headers."""

    decided_by: DecidedBy
    ingress: bool = False


@dataclass(frozen=True, slots=True)
class Skip:
    """The pod is left alone; `message` is a sentence for the pod's owner."""

    reason: SkipReason
    message: str


def decide(
    pod: Pod,
    namespace: Namespace,
    installation: Installation | None = None,
    owner: Owner | None = None,
) -> Inject | Skip:
    """Say whether a new pod gets the sidecar, and why not.

    The pod's annotation wins over its namespace's; an unknown value skips the pod and names the
    annotation, because a typo must not silently leave traffic unencrypted. What makes injection
    impossible is reported only for pods that were meant to be injected.
    """
    wish = _wish(pod, namespace)
    if isinstance(wish, Skip):
        return wish
    who = str(owner or pod)
    installation = installation or Installation()
    return _obstacle(pod, who, installation) or wish


def unsupported(kind: str) -> Skip:
    """Say that objects of a kind get no sidecar; only pods do, whoever makes them."""
    return Skip(SkipReason.UNSUPPORTED, f"a {kind} gets no sidecar; its pods do")


def _wish(pod: Pod, namespace: Namespace) -> Inject | Skip:
    """Read what the annotations ask for."""
    name = annotations.INJECT.name
    try:
        asked = annotations.INJECT.read(pod.metadata.annotations, str(pod))
    except AnnotationError as error:
        return Skip(SkipReason.INVALID_ON_WORKLOAD, str(error))
    if asked is annotations.Inject.DISABLED:
        return Skip(SkipReason.DISABLED, f"the pod says {name}: disabled")
    if asked is not None:
        return Inject(DecidedBy.WORKLOAD, ingress=asked is annotations.Inject.INGRESS)
    try:
        asked = annotations.INJECT.read(namespace.metadata.annotations, str(namespace))
    except AnnotationError as error:
        return Skip(SkipReason.INVALID_ON_NAMESPACE, str(error))
    if asked is None or asked is annotations.Inject.DISABLED:
        message = f"neither the pod nor its namespace {namespace.name} says {name}: enabled"
        return Skip(SkipReason.NOT_ENABLED, message)
    return Inject(DecidedBy.NAMESPACE, ingress=asked is annotations.Inject.INGRESS)


def _obstacle(pod: Pod, who: str, installation: Installation) -> Skip | None:
    """Find what makes the sidecar impossible."""
    if pod.spec.host_network:
        message = f"{who} uses the host's network, whose traffic must not be redirected"
        return Skip(SkipReason.HOST_NETWORK, message)
    if _STATIC_POD in pod.metadata.annotations:
        message = f"{who} is a static pod of its node, which has no ServiceAccount and no identity"
        return Skip(SkipReason.UNSUPPORTED, message)
    system = pod.spec.os.name if pod.spec.os else pod.spec.node_selector.get(_OS_LABEL)
    if system not in (None, "", "linux"):
        message = f"{who} runs on {system}, where the proxy does not"
        return Skip(SkipReason.UNSUPPORTED, message)
    own_image = f"{installation.proxy.image}:"
    sidecar = next(
        (item for item in pod.spec.all_containers() if _is_sidecar(item, own_image)), None
    )
    if sidecar is not None:
        message = f"{who} has the container {sidecar.name}, a mesh's sidecar, already"
        return Skip(SkipReason.SIDECAR_EXISTS, message)
    if pod.spec.automount_service_account_token is False and not installation.token_projection:
        message = (
            f"{who} sets automountServiceAccountToken: false, and this installation does not "
            "project tokens: its proxy could not prove who it is"
        )
        return Skip(SkipReason.NO_TOKEN, message)
    return None


def _is_sidecar(container: Container, own_image: str) -> bool:
    images = (own_image, *_SIDECAR_IMAGES)
    return container.name in _SIDECAR_NAMES or container.image.startswith(images)
