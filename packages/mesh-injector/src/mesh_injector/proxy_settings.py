"""Everything about one pod's proxy that may be set."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from mesh_core.annotations import (
    AccessLog,
    EnvironmentEntry,
    ImagePullPolicy,
    InboundPolicy,
    LogFormat,
    LogHeaders,
    Switch,
)
from mesh_core.networks import Network
from mesh_core.ports import NO_PORTS, PortSet
from mesh_proto.vocabulary import ports

_SKIP_INBOUND = PortSet.of(ports.DEFAULT_SKIP_INBOUND)
_SKIP_OUTBOUND = PortSet.of(ports.DEFAULT_SKIP_OUTBOUND)
_OPAQUE = PortSet.of(ports.DEFAULT_OPAQUE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Http2KeepAlive:
    """How an HTTP/2 server finds out that a client is gone."""

    interval: timedelta = timedelta(seconds=10)
    timeout: timedelta = timedelta(seconds=3)


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlStreams:
    """Bounds of the streams from the control plane."""

    initial_timeout: timedelta = timedelta(seconds=3)
    idle_timeout: timedelta = timedelta(minutes=5)
    lifetime: timedelta = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """What the container reserves and may use, as Kubernetes quantities; empty is unset."""

    cpu_request: str = ""
    cpu_limit: str = ""
    memory_request: str = ""
    memory_limit: str = ""
    ephemeral_storage_request: str = ""
    ephemeral_storage_limit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeTimes:
    """When the kubelet asks the proxy, in seconds; None leaves it to Kubernetes' default."""

    initial_delay: int = 0
    timeout: int | None = 1
    period: int | None = None
    failure_threshold: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracing:
    """Where spans go and what they carry."""

    collector: str
    """host:port of an OTLP collector in the mesh."""
    collector_service_account: str = ""
    collector_namespace: str = ""
    service_name: str = "linkerd-proxy"
    labels: tuple[tuple[str, str], ...] = ()
    """Further attributes of every span; values may refer to facts, as in `$(_pod_ip)`."""
    resource_attributes: tuple[tuple[str, str], ...] = ()
    """What the pod says of itself; never a reference."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxySettings:
    """One pod's proxy; the defaults are those of an installation that changes nothing."""

    image: str = "localhost/mesh-proxy"
    version: str = ""
    """The image's tag or digest; empty means the installation's version."""
    image_pull_policy: ImagePullPolicy = ImagePullPolicy.IF_NOT_PRESENT
    debug: bool = False
    debug_image: str = "cr.l5d.io/linkerd/debug"
    debug_version: str = "edge-26.6.3"
    debug_image_pull_policy: ImagePullPolicy = ImagePullPolicy.IF_NOT_PRESENT

    inbound_port: int = ports.PROXY_INBOUND
    outbound_port: int = ports.PROXY_OUTBOUND
    admin_port: int = ports.PROXY_ADMIN
    control_port: int = ports.PROXY_CONTROL
    skip_inbound_ports: PortSet = _SKIP_INBOUND
    skip_outbound_ports: PortSet = _SKIP_OUTBOUND
    skip_subnets: tuple[Network, ...] = ()
    opaque_ports: PortSet = _OPAQUE
    require_identity_inbound_ports: PortSet = NO_PORTS
    require_tls_inbound_ports: PortSet = NO_PORTS
    default_inbound_policy: InboundPolicy = InboundPolicy.ALL_UNAUTHENTICATED

    inbound_ports: PortSet | None = None
    """The ports whose policy is asked for at start; None means those that the pod declares."""

    uid: int = ports.PROXY_UID
    gid: int = -1
    """Below 1 means that connections are told apart by user only."""
    resources: Resources = Resources()
    security_context: Mapping[str, Any] | None = None
    """Laid over the container's security context, field by field."""
    workers: int | None = None
    """Where no CPU limit says it."""
    minimum_workers: int = 1
    maximum_cpu_ratio: float | None = None

    log_level: str = "warn,linkerd=info,hickory=error"
    log_format: LogFormat = LogFormat.PLAIN
    log_http_headers: LogHeaders = LogHeaders.OFF
    access_log: AccessLog | None = None
    metrics_hostname_labels: bool = False
    tracing: Tracing | None = None

    inbound_connect_timeout: timedelta = timedelta(milliseconds=100)
    outbound_connect_timeout: timedelta = timedelta(milliseconds=1000)
    inbound_discovery_cache_unused_timeout: timedelta = timedelta(seconds=90)
    outbound_discovery_cache_unused_timeout: timedelta = timedelta(seconds=5)
    disable_inbound_protocol_detect_timeout: bool = False
    disable_outbound_protocol_detect_timeout: bool = False
    inbound_http2_keep_alive: Http2KeepAlive = Http2KeepAlive()
    outbound_http2_keep_alive: Http2KeepAlive = Http2KeepAlive()
    keep_alive: timedelta = timedelta(seconds=10)
    user_timeout: timedelta = timedelta(seconds=30)
    control_streams: ControlStreams = ControlStreams()
    liveness: ProbeTimes = ProbeTimes(initial_delay=10)
    readiness: ProbeTimes = ProbeTimes(initial_delay=2)
    startup: ProbeTimes = ProbeTimes(period=1, failure_threshold=120)

    ingress: bool = False
    gateway: bool = False
    external_profiles: bool = False
    admin_shutdown: Switch = Switch.DISABLED
    await_proxy: Switch = Switch.ENABLED
    native_sidecar: bool = True
    wait_before_exit_seconds: int = 0
    shutdown_grace_period: timedelta | None = None
    close_wait_timeout: timedelta | None = None
    additional_env: tuple[EnvironmentEntry, ...] = ()
