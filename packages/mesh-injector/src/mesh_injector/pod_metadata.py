"""The labels and annotations that injection writes on a pod."""

from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import Any

from mesh_core import annotations
from mesh_core.annotations import Annotation, InboundPolicy
from mesh_core.names import CONTROL_PLANE_LABEL
from mesh_core.ports import PortSet
from mesh_core.resources import Namespace, Pod
from mesh_injector.control_plane import component_of
from mesh_injector.images import image_reference, image_version
from mesh_injector.installation import Installation
from mesh_injector.owner import Owner
from mesh_injector.proxy_settings import ProxySettings

WORKLOAD_NAMESPACE_LABEL = "linkerd.io/workload-ns"
CREATED_BY = "linkerd.io/created-by"
PROXY_VERSION = "linkerd.io/proxy-version"
TRUST_ROOT = "linkerd.io/trust-root-sha256"

_OWNER_KINDS = frozenset(
    {
        "deployment",
        "replicationcontroller",
        "replicaset",
        "job",
        "daemonset",
        "statefulset",
        "cronjob",
    }
)
_MAX_LABEL_VALUE = 63


@dataclass(frozen=True, slots=True)
class PodMetadata:
    """What is added; where the pod has the same key, this wins."""

    labels: dict[str, str]
    annotations: dict[str, str]


def pod_metadata(
    pod: Pod,
    namespace: Namespace,
    installation: Installation,
    owner: Owner | None = None,
    *,
    settings: ProxySettings | None = None,
) -> PodMetadata:
    """Compute what injection writes on a pod, whose settings are known to be allowed.

    Without `settings`, those of `proxy_settings`, the proxy is the installation's.
    """
    labels = {
        CONTROL_PLANE_LABEL: installation.control_plane_namespace,
        WORKLOAD_NAMESPACE_LABEL: pod.namespace,
    }
    if owner is not None and owner.kind.lower() in _OWNER_KINDS:
        labels[f"linkerd.io/proxy-{owner.kind.lower()}"] = _label_value(owner.name)
    proxy = settings or installation.proxy
    image = image_reference(proxy.image, proxy.version or installation.version)
    declared = pod.spec.tcp_ports()
    written = {
        CREATED_BY: "mesh/injector",
        PROXY_VERSION: image_version(image),
        TRUST_ROOT: trust_root_fingerprint(installation.trust_anchors),
        **_open_component(pod, installation),
        **inherited_annotations(pod, namespace),
        **opaque_ports_annotation(pod, namespace, installation, declared),
    }
    if declared and not _is_set(annotations.POD_INBOUND_PORTS, pod):
        written[annotations.POD_INBOUND_PORTS.name] = ",".join(map(str, declared))
    return PodMetadata(labels, {name: value for name, value in written.items() if value})


def _label_value(name: str) -> str:
    """Cut a name to what a label may hold, which has to end with a letter or a digit."""
    return name[:_MAX_LABEL_VALUE].rstrip("-.")


def _open_component(pod: Pod, installation: Installation) -> dict[str, str]:
    """Keep the control plane reachable, whatever the installation's default policy is.

    The policy service judges by annotations, the proxy by its variables: both have to say it.
    """
    annotation = annotations.DEFAULT_INBOUND_POLICY
    if component_of(pod, installation) is None or _is_set(annotation, pod):
        return {}
    return {annotation.name: InboundPolicy.ALL_UNAUTHENTICATED.value}


def inherited_annotations(pod: Pod, namespace: Namespace) -> dict[str, str]:
    """Find the namespace's settings that the pod does not set itself.

    They are written on the pod because that is where the control plane looks for them.
    """
    return {
        name: value
        for name, value in namespace.metadata.annotations.items()
        if (annotation := annotations.find(name)) is not None
        and annotation.inherited
        and annotation is not annotations.INJECT
        and not _is_set(annotation, pod)
    }


def opaque_ports_annotation(
    pod: Pod, namespace: Namespace, installation: Installation, declared: PortSet
) -> dict[str, str]:
    """Write down which default opaque ports the pod has, where nobody said anything else."""
    annotation = annotations.OPAQUE_PORTS
    if _is_set(annotation, pod) or annotation.text(namespace.metadata.annotations) is not None:
        return {}
    exposed = installation.proxy.opaque_ports.only(declared)
    return {annotation.name: str(exposed)} if exposed else {}


@lru_cache(maxsize=8)
def trust_root_fingerprint(trust_anchors: str) -> str:
    """Give the SHA-256 of a PEM bundle, without the white space around it, as hexadecimal."""
    return sha256(trust_anchors.strip().encode()).hexdigest()


def _is_set(annotation: Annotation[Any], pod: Pod) -> bool:
    return annotation.text(pod.metadata.annotations) is not None
