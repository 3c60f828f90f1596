"""Everything about one pod's proxy that may be set."""

from dataclasses import dataclass
from datetime import timedelta

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
class ProxySettings:
    """One pod's proxy; the defaults are those of an installation that changes nothing."""

    image: str = "cr.l5d.io/linkerd/proxy"
    version: str = ""
    image_pull_policy: ImagePullPolicy = ImagePullPolicy.IF_NOT_PRESENT
    debug: bool = False
    debug_image: str = "cr.l5d.io/linkerd/debug"
    debug_version: str = ""
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

    uid: int = ports.PROXY_UID
    gid: int = -1
    resources: Resources = Resources()
    minimum_workers: int = 1
    maximum_cpu_ratio: float | None = None

    log_level: str = "warn,linkerd=info,hickory=error"
    log_format: LogFormat = LogFormat.PLAIN
    log_http_headers: LogHeaders = LogHeaders.OFF
    access_log: AccessLog | None = None
    metrics_hostname_labels: bool = False

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
