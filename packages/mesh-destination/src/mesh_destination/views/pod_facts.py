"""What a pod's own and inherited annotations, labels and ports say about reaching it."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from mesh_core.annotations import (
    ADMIN_PORT,
    CONTROL_PORT,
    DEFAULT_INBOUND_POLICY,
    INBOUND_PORT,
    OPAQUE_PORTS,
    PROXY_REQUIRE_IDENTITY_INBOUND_PORTS,
    SKIP_INBOUND_PORTS,
    Annotation,
    AnnotationError,
    InboundPolicy,
)
from mesh_core.names import CONTROL_PLANE_LABEL, Identity, InvalidNameError
from mesh_core.ports import MAX_PORT, MIN_PORT, PortRange, PortSet
from mesh_core.resources import Pod
from mesh_destination.index import Index
from mesh_destination.views.settings import Settings
from mesh_proto.vocabulary import ports

ANNOTATIONS: tuple[Annotation[Any], ...] = (
    ADMIN_PORT,
    CONTROL_PORT,
    DEFAULT_INBOUND_POLICY,
    INBOUND_PORT,
    OPAQUE_PORTS,
    PROXY_REQUIRE_IDENTITY_INBOUND_PORTS,
    SKIP_INBOUND_PORTS,
)
"""What is read here; other annotations are somebody else's."""

_NO_PORTS = PortSet()
_ALL_PORTS = PortSet.of([PortRange(MIN_PORT, MAX_PORT)])


def is_meshed(settings: Settings, pod: Pod) -> bool:
    """True when the pod has a proxy of this control plane."""
    return pod.metadata.labels.get(CONTROL_PLANE_LABEL) == settings.controller_namespace


def identity(settings: Settings, pod: Pod) -> str | None:
    """The name in the certificate of a meshed pod; None for one that cannot have any."""
    return _identity(
        pod.spec.service_account,
        pod.namespace,
        settings.controller_namespace,
        settings.trust_domain,
    )


def opaque_ports(index: Index, settings: Settings, pod: Pod) -> PortSet:
    """The pod's ports that carry no protocol to look for.

    Names stand for container ports. What cannot be read counts as absent: then the operator's
    default holds.
    """
    text = _inherited(index, pod, OPAQUE_PORTS)
    if text is None:
        return settings.default_opaque_ports
    declared = _named_ports(text)
    if declared is None:
        return settings.default_opaque_ports
    return declared.resolve(pod.spec.named_tcp_ports()) if declared.names else declared


def skipped_ports(pod: Pod) -> PortSet:
    """The ports that the pod's redirect leaves alone, so that no proxy listens behind them."""
    # Only the pod's own annotation: the redirect was made with it and does not change later.
    text = _own(pod, SKIP_INBOUND_PORTS)
    return _NO_PORTS if text is None else _ports(text) or _NO_PORTS


def inbound_port(pod: Pod) -> int:
    """Where the pod's proxy takes connections of meshed peers."""
    return _own_port(pod, INBOUND_PORT, ports.PROXY_INBOUND)


def admin_port(pod: Pod) -> int:
    """Where the pod's proxy answers probes and serves metrics."""
    return _own_port(pod, ADMIN_PORT, ports.PROXY_ADMIN)


def proxy_ports(pod: Pod) -> tuple[int, int]:
    """The admin and control ports: the proxy's own servers, which nothing redirects."""
    return admin_port(pod), _own_port(pod, CONTROL_PORT, ports.PROXY_CONTROL)


def inbound_policy(index: Index, settings: Settings, pod: Pod, port: int) -> InboundPolicy:
    """The policy of a port for which nothing else is declared.

    A value that cannot be read denies: a typo must not open a port that was meant to be closed.
    """
    policy = _default_policy(index, settings, pod)
    if port not in _identity_ports(index, pod):
        return policy
    match policy:
        case InboundPolicy.ALL_UNAUTHENTICATED | InboundPolicy.AUDIT:
            return InboundPolicy.ALL_AUTHENTICATED
        case InboundPolicy.CLUSTER_UNAUTHENTICATED:
            return InboundPolicy.CLUSTER_AUTHENTICATED
        case _:
            return policy


def _default_policy(index: Index, settings: Settings, pod: Pod) -> InboundPolicy:
    text = _inherited(index, pod, DEFAULT_INBOUND_POLICY)
    if text is None:
        return settings.default_policy
    try:
        return DEFAULT_INBOUND_POLICY.parse(text, str(pod))
    except AnnotationError:
        return InboundPolicy.DENY


def _identity_ports(index: Index, pod: Pod) -> PortSet:
    text = _inherited(index, pod, PROXY_REQUIRE_IDENTITY_INBOUND_PORTS)
    if text is None:
        return _NO_PORTS
    declared = _ports(text)
    return _ALL_PORTS if declared is None else declared


def _own_port(pod: Pod, annotation: Annotation[int], default: int) -> int:
    text = _own(pod, annotation)
    return default if text is None else _port(annotation, text) or default


def _inherited(index: Index, pod: Pod, annotation: Annotation[Any]) -> str | None:
    own = _own(pod, annotation)
    if own is not None:
        return own
    return annotation.text(index.namespace_annotations(pod.namespace))


def _own(pod: Pod, annotation: Annotation[Any]) -> str | None:
    annotations = pod.metadata.annotations
    return annotation.text(annotations) if annotations else None


# A cluster has few distinct values on many pods, and answers are computed often.


@lru_cache(maxsize=4096)
def _identity(account: str, namespace: str, controller: str, trust_domain: str) -> str | None:
    try:
        return str(Identity(account, namespace, controller, trust_domain))
    except InvalidNameError:
        return None


@lru_cache(maxsize=4096)
def _ports(text: str) -> PortSet | None:
    try:
        return SKIP_INBOUND_PORTS.parse(text, "")
    except AnnotationError:
        return None


@lru_cache(maxsize=4096)
def _named_ports(text: str) -> PortSet | None:
    try:
        return OPAQUE_PORTS.parse(text, "")
    except AnnotationError:
        return None


def _port(annotation: Annotation[int], text: str) -> int | None:
    try:
        return annotation.parse(text, "")
    except AnnotationError:
        return None
