"""The environment of a pod's proxy, the variables of Linkerd's injected template."""

import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Self

from mesh_core.annotations import LogHeaders, Switch
from mesh_core.durations import format_duration
from mesh_core.networks import Network
from mesh_core.quantity import parse_quantity
from mesh_core.resources import Pod
from mesh_injector.control_plane import Component, component_of
from mesh_injector.errors import InjectorError
from mesh_injector.installation import Installation
from mesh_injector.proxy_settings import ProxySettings
from mesh_injector.trace_settings import trace_settings
from mesh_proto.vocabulary import environment as v
from mesh_proto.vocabulary import ports

_NO_DETECT_TIMEOUT = timedelta(days=365)
_MILLISECOND = timedelta(milliseconds=1)

Setting = tuple[v.Variable, str]


class IncompleteInstallationError(InjectorError):
    """The installation lacks something without which no proxy can start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PodFacts:
    """What a proxy has to know of its own pod."""

    name: str
    namespace: str
    node_name: str
    service_account: str
    addresses: tuple[str, ...] = ()

    @classmethod
    def of(cls, pod: Pod) -> Self:
        """Take the facts from a pod that is scheduled and has its addresses."""
        return cls(
            name=pod.name,
            namespace=pod.namespace,
            node_name=pod.spec.node_name,
            service_account=pod.spec.service_account,
            addresses=pod.status.addresses,
        )


REFERENCES = PodFacts(
    name="$(_pod_name)",
    namespace="$(_pod_ns)",
    node_name="$(_pod_nodeName)",
    service_account="$(_pod_sa)",
    addresses=("$(_pod_ips)",),
)
"""The facts as references that the kubelet resolves, for pods that do not exist yet."""


def proxy_environment(
    pod: Pod,
    settings: ProxySettings,
    installation: Installation,
    facts: PodFacts | None = None,
) -> dict[str, str]:
    """Compute the complete environment of a pod's proxy.

    `settings` are those that `proxy_settings` computed, which checked the pod. Without `facts`
    they are the pod's own. Raises IncompleteInstallationError.
    """
    if not installation.trust_anchors.strip():
        msg = "the installation has no trust anchors: give the roots' certificates as PEM"
        raise IncompleteInstallationError(msg)
    facts = facts or PodFacts.of(pod)
    component = component_of(pod, installation)
    settings_of_parts: tuple[Iterable[Setting], ...] = (
        _process(settings),
        _listeners(settings, installation),
        _timeouts(settings),
        _inbound(pod, settings, facts),
        _control_plane(settings, installation, facts, component),
        _identity(installation, facts, component),
        trace_settings(settings.tracing, installation),
    )
    result = {variable.name: value for part in settings_of_parts for variable, value in part}
    result.update((entry.name, entry.value) for entry in settings.additional_env)
    return result


def _process(settings: ProxySettings) -> Iterator[Setting]:
    yield v.CORES_MIN, str(settings.minimum_workers)
    if settings.maximum_cpu_ratio is not None:
        yield v.CORES_MAX_RATIO, f"{settings.maximum_cpu_ratio:g}"
    elif settings.resources.cpu_limit:
        # More workers than cores that may be used would only throttle each other.
        yield v.CORES, str(max(1, math.ceil(parse_quantity(settings.resources.cpu_limit))))
    elif settings.workers is not None:
        yield v.CORES, str(settings.workers)
    yield v.LOG, _log_filter(settings)
    yield v.LOG_FORMAT, settings.log_format.value
    if settings.access_log is not None:
        yield v.ACCESS_LOG, settings.access_log.value
    yield v.SHUTDOWN_ENDPOINT_ENABLED, _boolean(value=settings.admin_shutdown is Switch.ENABLED)
    if settings.shutdown_grace_period is not None:
        yield v.SHUTDOWN_GRACE_PERIOD, _duration(settings.shutdown_grace_period)
    yield v.OUTBOUND_METRICS_HOSTNAME_LABELS, _boolean(value=settings.metrics_hostname_labels)


def _listeners(settings: ProxySettings, installation: Installation) -> Iterator[Setting]:
    everywhere = "[::]" if installation.ipv6 else "0.0.0.0"
    outbound = f"127.0.0.1:{settings.outbound_port}"
    both = f"{outbound},[::1]:{settings.outbound_port}"
    yield v.CONTROL_LISTEN_ADDR, f"{everywhere}:{settings.control_port}"
    yield v.ADMIN_LISTEN_ADDR, f"{everywhere}:{settings.admin_port}"
    yield v.OUTBOUND_LISTEN_ADDR, outbound
    yield v.OUTBOUND_LISTEN_ADDRS, both if installation.ipv6 else outbound
    yield v.INBOUND_LISTEN_ADDR, f"{everywhere}:{settings.inbound_port}"


def _timeouts(settings: ProxySettings) -> Iterator[Setting]:
    yield v.INBOUND_CONNECT_TIMEOUT, _milliseconds(settings.inbound_connect_timeout)
    yield v.OUTBOUND_CONNECT_TIMEOUT, _milliseconds(settings.outbound_connect_timeout)
    inbound_idle = settings.inbound_discovery_cache_unused_timeout
    outbound_idle = settings.outbound_discovery_cache_unused_timeout
    yield v.INBOUND_DISCOVERY_IDLE_TIMEOUT, _duration(inbound_idle)
    yield v.OUTBOUND_DISCOVERY_IDLE_TIMEOUT, _duration(outbound_idle)
    if settings.disable_inbound_protocol_detect_timeout:
        yield v.INBOUND_DETECT_TIMEOUT, _duration(_NO_DETECT_TIMEOUT)
    if settings.disable_outbound_protocol_detect_timeout:
        yield v.OUTBOUND_DETECT_TIMEOUT, _duration(_NO_DETECT_TIMEOUT)
    yield v.INBOUND_ACCEPT_KEEPALIVE, _milliseconds(settings.keep_alive)
    yield v.OUTBOUND_CONNECT_KEEPALIVE, _milliseconds(settings.keep_alive)
    yield v.INBOUND_ACCEPT_USER_TIMEOUT, _duration(settings.user_timeout)
    yield v.OUTBOUND_CONNECT_USER_TIMEOUT, _duration(settings.user_timeout)
    inbound, outbound = settings.inbound_http2_keep_alive, settings.outbound_http2_keep_alive
    yield v.INBOUND_SERVER_HTTP2_KEEP_ALIVE_INTERVAL, _duration(inbound.interval)
    yield v.INBOUND_SERVER_HTTP2_KEEP_ALIVE_TIMEOUT, _duration(inbound.timeout)
    yield v.OUTBOUND_SERVER_HTTP2_KEEP_ALIVE_INTERVAL, _duration(outbound.interval)
    yield v.OUTBOUND_SERVER_HTTP2_KEEP_ALIVE_TIMEOUT, _duration(outbound.timeout)


def _inbound(pod: Pod, settings: ProxySettings, facts: PodFacts) -> Iterator[Setting]:
    yield v.INBOUND_DEFAULT_POLICY, settings.default_inbound_policy.value
    if facts.addresses:
        yield v.INBOUND_IPS, ",".join(facts.addresses)
    declared = settings.inbound_ports
    numbers = ",".join(map(str, pod.spec.tcp_ports() if declared is None else declared))
    if numbers:
        yield v.INBOUND_PORTS, numbers
    for variable, port_set in (
        (v.INBOUND_PORTS_DISABLE_PROTOCOL_DETECTION, settings.opaque_ports),
        (v.INBOUND_PORTS_REQUIRE_IDENTITY, settings.require_identity_inbound_ports),
        (v.INBOUND_PORTS_REQUIRE_TLS, settings.require_tls_inbound_ports),
    ):
        if port_set:
            yield variable, str(port_set)


def _control_plane(
    settings: ProxySettings,
    installation: Installation,
    facts: PodFacts,
    component: Component | None,
) -> Iterator[Setting]:
    here = component is Component.DESTINATION
    name = str(installation.control_plane_identity("linkerd-destination"))
    networks = _listed(installation.cluster_networks)
    suffix = f"svc.{installation.cluster_domain}."
    destination = _service("linkerd-dst-headless", ports.DESTINATION, installation, here=here)
    yield v.DESTINATION_SVC_ADDR, destination
    yield v.DESTINATION_SVC_NAME, name
    yield (
        v.DESTINATION_CONTEXT,
        _as_json(ns=facts.namespace, nodeName=facts.node_name, pod=facts.name),
    )
    yield v.DESTINATION_PROFILE_NETWORKS, networks
    yield v.DESTINATION_PROFILE_SUFFIXES, "." if settings.external_profiles else suffix
    yield v.POLICY_SVC_ADDR, _service("linkerd-policy", ports.POLICY, installation, here=here)
    yield v.POLICY_SVC_NAME, name
    yield v.POLICY_WORKLOAD, _as_json(ns=facts.namespace, pod=facts.name)
    yield v.POLICY_CLUSTER_NETWORKS, networks
    streams = settings.control_streams
    yield v.CONTROL_STREAM_INITIAL_TIMEOUT, _duration(streams.initial_timeout)
    yield v.CONTROL_STREAM_IDLE_TIMEOUT, _duration(streams.idle_timeout)
    yield v.CONTROL_STREAM_LIFETIME, _duration(streams.lifetime)
    if settings.ingress:
        yield v.INGRESS_MODE, "true"
    if settings.gateway:
        yield v.INBOUND_GATEWAY_SUFFIXES, suffix


def _identity(
    installation: Installation, facts: PodFacts, component: Component | None
) -> Iterator[Setting]:
    namespace = installation.control_plane_namespace
    here = component is Component.IDENTITY
    yield (
        v.IDENTITY_SVC_ADDR,
        _service("linkerd-identity-headless", ports.IDENTITY, installation, here=here),
    )
    yield v.IDENTITY_SVC_NAME, str(installation.control_plane_identity("linkerd-identity"))
    # Written out, and not an Identity: the parts may be references that are resolved later.
    yield (
        v.IDENTITY_LOCAL_NAME,
        f"{facts.service_account}.{facts.namespace}.serviceaccount.identity."
        f"{namespace}.{installation.effective_trust_domain}",
    )
    yield v.IDENTITY_TRUST_ANCHORS, installation.trust_anchors
    yield v.IDENTITY_DIR, installation.identity_directory
    yield v.IDENTITY_TOKEN_FILE, installation.effective_token_file


def _service(name: str, port: int, installation: Installation, *, here: bool) -> str:
    """Give the address of a control-plane service; its own pod reaches it over loopback.

    The trailing dots keep the resolver from trying its search list first.
    """
    if here:
        return f"localhost.:{port}"
    namespace, domain = installation.control_plane_namespace, installation.cluster_domain
    return f"{name}.{namespace}.svc.{domain}.:{port}"


def _log_filter(settings: ProxySettings) -> str:
    """Write the log filter; headers may hold secrets, so they stay out unless asked for."""
    if settings.log_http_headers is LogHeaders.INSECURE:
        return settings.log_level
    return f"{settings.log_level},[{{headers}}]=off,[{{request}}]=off"


# Pods differ in little: what is written is nearly always one of a few texts.
_duration = lru_cache(maxsize=256)(format_duration)


@lru_cache(maxsize=16)
def _listed(networks: tuple[Network, ...]) -> str:
    return ",".join(map(str, networks))


@lru_cache(maxsize=256)
def _as_json(**fields: str) -> str:
    return json.dumps(fields)


@lru_cache(maxsize=256)
def _milliseconds(duration: timedelta) -> str:
    return f"{-(-duration // _MILLISECOND)}ms"


def _boolean(*, value: bool) -> str:
    return "true" if value else "false"
