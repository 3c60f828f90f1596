"""The settings of one pod's proxy: the installation's, its namespace's, its own."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, TypeVar

from mesh_core import annotations as a
from mesh_core.annotations import Annotation, EnvironmentEntry, InboundPolicy
from mesh_core.names import InvalidNameError
from mesh_core.ports import PortSet
from mesh_core.resources import Namespace, Pod
from mesh_injector.conflicts import check_settings
from mesh_injector.control_plane import Component, component_of
from mesh_injector.errors import InjectorError
from mesh_injector.installation import Installation, identity_of
from mesh_injector.proxy_settings import ProxySettings, Resources, Tracing
from mesh_proto.vocabulary import ports

T = TypeVar("T")
S = TypeVar("S", ProxySettings, Resources)

_SETTINGS: Mapping[str, Annotation[Any]] = MappingProxyType(
    {
        "image": a.PROXY_IMAGE,
        "version": a.PROXY_VERSION,
        "image_pull_policy": a.IMAGE_PULL_POLICY,
        "debug": a.ENABLE_DEBUG_SIDECAR,
        "debug_image": a.DEBUG_IMAGE,
        "debug_version": a.DEBUG_IMAGE_VERSION,
        "debug_image_pull_policy": a.DEBUG_IMAGE_PULL_POLICY,
        "inbound_port": a.INBOUND_PORT,
        "outbound_port": a.OUTBOUND_PORT,
        "admin_port": a.ADMIN_PORT,
        "control_port": a.CONTROL_PORT,
        "skip_inbound_ports": a.SKIP_INBOUND_PORTS,
        "skip_outbound_ports": a.SKIP_OUTBOUND_PORTS,
        "skip_subnets": a.SKIP_SUBNETS,
        "opaque_ports": a.OPAQUE_PORTS,
        "inbound_ports": a.POD_INBOUND_PORTS,
        "require_identity_inbound_ports": a.PROXY_REQUIRE_IDENTITY_INBOUND_PORTS,
        "default_inbound_policy": a.DEFAULT_INBOUND_POLICY,
        "uid": a.PROXY_UID,
        "gid": a.PROXY_GID,
        "maximum_cpu_ratio": a.PROXY_CPU_RATIO_LIMIT,
        "log_level": a.PROXY_LOG_LEVEL,
        "log_format": a.PROXY_LOG_FORMAT,
        "log_http_headers": a.PROXY_LOG_HTTP_HEADERS,
        "access_log": a.ACCESS_LOG,
        "metrics_hostname_labels": a.PROXY_METRICS_HOSTNAME_LABELS,
        "inbound_connect_timeout": a.PROXY_INBOUND_CONNECT_TIMEOUT,
        "outbound_connect_timeout": a.PROXY_OUTBOUND_CONNECT_TIMEOUT,
        "inbound_discovery_cache_unused_timeout": a.PROXY_INBOUND_DISCOVERY_CACHE_UNUSED_TIMEOUT,
        "outbound_discovery_cache_unused_timeout": a.PROXY_OUTBOUND_DISCOVERY_CACHE_UNUSED_TIMEOUT,
        "disable_inbound_protocol_detect_timeout": a.PROXY_DISABLE_INBOUND_PROTOCOL_DETECT_TIMEOUT,
        "disable_outbound_protocol_detect_timeout": (
            a.PROXY_DISABLE_OUTBOUND_PROTOCOL_DETECT_TIMEOUT
        ),
        "gateway": a.ENABLE_GATEWAY,
        "external_profiles": a.ENABLE_EXTERNAL_PROFILES,
        "admin_shutdown": a.PROXY_ADMIN_SHUTDOWN,
        "await_proxy": a.PROXY_AWAIT,
        "native_sidecar": a.PROXY_ENABLE_NATIVE_SIDECAR,
        "wait_before_exit_seconds": a.PROXY_WAIT_BEFORE_EXIT_SECONDS,
        "shutdown_grace_period": a.SHUTDOWN_GRACE_PERIOD,
        "close_wait_timeout": a.CLOSE_WAIT_TIMEOUT,
    }
)
"""Fields of ProxySettings and the annotations that set them."""

_RESOURCES: Mapping[str, Annotation[Any]] = MappingProxyType(
    {
        "cpu_request": a.PROXY_CPU_REQUEST,
        "cpu_limit": a.PROXY_CPU_LIMIT,
        "memory_request": a.PROXY_MEMORY_REQUEST,
        "memory_limit": a.PROXY_MEMORY_LIMIT,
        "ephemeral_storage_request": a.PROXY_EPHEMERAL_STORAGE_REQUEST,
        "ephemeral_storage_limit": a.PROXY_EPHEMERAL_STORAGE_LIMIT,
    }
)


_SERVICE_LABELS = ("app.kubernetes.io/instance", "app.kubernetes.io/name")
"""Labels that name a workload to people, the more specific one first."""


_NAMES = frozenset(
    name for table in (_SETTINGS, _RESOURCES) for known in table.values() for name in known.names
)


class NoIdentityError(InjectorError):
    """A pod's ServiceAccount cannot be a part of an identity's name."""


def proxy_settings(
    pod: Pod, namespace: Namespace, installation: Installation, *, ingress: bool = False
) -> ProxySettings:
    """Compute what a pod's proxy runs with: installation < namespace < pod.

    `ingress` is what the decision said. Raises AnnotationError for the first value that is not
    allowed, wherever it stands, ConflictingSettingsError and NoIdentityError.
    """
    base = _for_component(installation.proxy, component_of(pod, installation))
    changes = dict(_set_by_annotations(_SETTINGS, pod, namespace))
    resources = dict(_set_by_annotations(_RESOURCES, pod, namespace))
    settings = _changed(
        base,
        **{
            **changes,
            "opaque_ports": _resolved(changes.get("opaque_ports", base.opaque_ports), pod),
            "resources": _changed(base.resources, **resources),
            "ingress": ingress,
            "tracing": _traced(base.tracing, pod),
            "additional_env": _additional_env(base, pod, namespace),
        },
    )
    check_settings(settings, pod, installation, explicit=changes.keys() | resources.keys())
    _check_identity(pod, installation)
    return settings


def inherited_value(annotation: Annotation[Any], pod: Pod, namespace: Namespace) -> Any:
    """Read an annotation where it counts for a pod: on itself, else on its namespace."""
    value = _own_value(annotation, pod)
    if value is None and annotation.inherited:
        value = _own_value(annotation, namespace)
    return value


def _own_value(annotation: Annotation[T], resource: Pod | Namespace) -> T | None:
    found = resource.metadata.annotations
    # The object is named for an error only: few objects have many of the annotations.
    return None if annotation.text(found) is None else annotation.read(found, str(resource))


def _set_by_annotations(
    table: Mapping[str, Annotation[Any]], pod: Pod, namespace: Namespace
) -> Iterator[tuple[str, Any]]:
    present = pod.metadata.annotations.keys() | namespace.metadata.annotations.keys()
    if present.isdisjoint(_NAMES):
        return
    for field, annotation in table.items():
        value = inherited_value(annotation, pod, namespace)
        if value is not None:
            yield field, value


def _changed(base: S, **changes: Any) -> S:
    """Replace what differs; most pods run with the installation's settings as they are."""
    real = {field: value for field, value in changes.items() if value is not getattr(base, field)}
    return replace(base, **real) if real else base


def _resolved(opaque_ports: PortSet, pod: Pod) -> PortSet:
    if not opaque_ports.names:
        return opaque_ports
    return opaque_ports.resolve(pod.spec.named_tcp_ports())


def _additional_env(
    base: ProxySettings, pod: Pod, namespace: Namespace
) -> tuple[EnvironmentEntry, ...]:
    """Merge all three levels by name: unlike other annotations, this one adds up."""
    annotation = a.PROXY_ADDITIONAL_ENV
    theirs, mine = _own_value(annotation, namespace), _own_value(annotation, pod)
    if theirs is None and mine is None:
        return base.additional_env
    levels = (base.additional_env, theirs or (), mine or ())
    merged = {entry.name: entry for level in levels for entry in level}
    return tuple(merged.values())


def _traced(tracing: Tracing | None, pod: Pod) -> Tracing | None:
    """Add what a pod says of itself for its traces."""
    if tracing is None:
        return None
    family, labels = a.RESOURCE_ATTRIBUTES, pod.metadata.labels
    attributes = {
        name.removeprefix(family.name): value
        for name, value in pod.metadata.annotations.items()
        if name.startswith(family.name)
    }
    service = next((labels[name] for name in _SERVICE_LABELS if name in labels), None)
    if service is not None:
        attributes.setdefault("service.name", service)
    if not attributes:
        return tracing
    return replace(tracing, resource_attributes=tuple(sorted(attributes.items())))


def _for_component(base: ProxySettings, component: Component | None) -> ProxySettings:
    """Lay what the control plane's own proxies need over the installation's settings."""
    if component is None:
        return base
    # Whoever asks for a first certificate, or for policy, cannot be held to either.
    reachable = _changed(base, default_inbound_policy=InboundPolicy.ALL_UNAUTHENTICATED)
    if component is not Component.IDENTITY:
        return reachable
    # Its own proxy cannot be certified before it runs, so it cannot wait for its proxy; and
    # what proxies send to get a certificate must never travel in the clear.
    return replace(
        reachable,
        native_sidecar=False,
        await_proxy=a.Switch.DISABLED,
        require_tls_inbound_ports=PortSet.of((ports.IDENTITY,)),
    )


def _check_identity(pod: Pod, installation: Installation) -> None:
    try:
        identity_of(
            pod.spec.service_account,
            pod.namespace,
            installation.control_plane_namespace,
            installation.effective_trust_domain,
        )
    except InvalidNameError as error:
        msg = f"{pod} cannot have an identity: {error}; change spec.serviceAccountName"
        raise NoIdentityError(msg) from error
