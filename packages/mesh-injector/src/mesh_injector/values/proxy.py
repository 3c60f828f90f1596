"""The values `proxy.*`, and those of other parts that shape every proxy."""

from collections.abc import Mapping
from dataclasses import fields, replace
from types import MappingProxyType
from typing import Any

from mesh_core import annotations as a
from mesh_core.annotations import ValueType
from mesh_core.annotations.value_types import BOOLEAN, PROXY_DURATION, QUANTITY
from mesh_injector.proxy_settings import (
    ControlStreams,
    Http2KeepAlive,
    ProbeTimes,
    ProxySettings,
    Resources,
)
from mesh_injector.values.environment import environment_entries
from mesh_injector.values.kinds import SECONDS, SPAN, SWITCH, WORKERS
from mesh_injector.values.tracing import tracing
from mesh_injector.values.tree import Values

_SETTINGS: Mapping[str, tuple[str, ValueType[Any]]] = MappingProxyType(
    {
        "image": ("proxy.image.name", a.PROXY_IMAGE.type),
        "version": ("proxy.image.version", a.PROXY_VERSION.type),
        "debug_image": ("debugContainer.image.name", a.DEBUG_IMAGE.type),
        "debug_version": ("debugContainer.image.version", a.DEBUG_IMAGE_VERSION.type),
        "inbound_port": ("proxy.ports.inbound", a.INBOUND_PORT.type),
        "outbound_port": ("proxy.ports.outbound", a.OUTBOUND_PORT.type),
        "admin_port": ("proxy.ports.admin", a.ADMIN_PORT.type),
        "control_port": ("proxy.ports.control", a.CONTROL_PORT.type),
        "skip_inbound_ports": ("proxyInit.ignoreInboundPorts", a.SKIP_INBOUND_PORTS.type),
        "skip_outbound_ports": ("proxyInit.ignoreOutboundPorts", a.SKIP_OUTBOUND_PORTS.type),
        "skip_subnets": ("proxyInit.skipSubnets", a.SKIP_SUBNETS.type),
        "close_wait_timeout": ("proxyInit.closeWaitTimeoutSecs", SPAN),
        "opaque_ports": ("proxy.opaquePorts", a.SKIP_INBOUND_PORTS.type),
        "require_identity_inbound_ports": (
            "proxy.requireIdentityOnInboundPorts",
            a.PROXY_REQUIRE_IDENTITY_INBOUND_PORTS.type,
        ),
        "require_tls_inbound_ports": (
            "proxy.requireTLSOnInboundPorts",
            a.PROXY_REQUIRE_IDENTITY_INBOUND_PORTS.type,
        ),
        "default_inbound_policy": ("proxy.defaultInboundPolicy", a.DEFAULT_INBOUND_POLICY.type),
        "uid": ("proxy.uid", a.PROXY_UID.type),
        "gid": ("proxy.gid", a.PROXY_GID.type),
        "workers": ("proxy.cores", WORKERS),
        "minimum_workers": ("proxy.runtime.workers.minimum", WORKERS),
        "maximum_cpu_ratio": (
            "proxy.runtime.workers.maximumCPURatio",
            a.PROXY_CPU_RATIO_LIMIT.type,
        ),
        "log_level": ("proxy.logLevel", a.PROXY_LOG_LEVEL.type),
        "log_format": ("proxy.logFormat", a.PROXY_LOG_FORMAT.type),
        "log_http_headers": ("proxy.logHTTPHeaders", a.PROXY_LOG_HTTP_HEADERS.type),
        "access_log": ("proxy.accessLog", a.ACCESS_LOG.type),
        "metrics_hostname_labels": ("proxy.metrics.hostnameLabels", BOOLEAN),
        "inbound_connect_timeout": ("proxy.inboundConnectTimeout", PROXY_DURATION),
        "outbound_connect_timeout": ("proxy.outboundConnectTimeout", PROXY_DURATION),
        "inbound_discovery_cache_unused_timeout": (
            "proxy.inboundDiscoveryCacheUnusedTimeout",
            PROXY_DURATION,
        ),
        "outbound_discovery_cache_unused_timeout": (
            "proxy.outboundDiscoveryCacheUnusedTimeout",
            PROXY_DURATION,
        ),
        "disable_inbound_protocol_detect_timeout": (
            "proxy.disableInboundProtocolDetectTimeout",
            BOOLEAN,
        ),
        "disable_outbound_protocol_detect_timeout": (
            "proxy.disableOutboundProtocolDetectTimeout",
            BOOLEAN,
        ),
        "external_profiles": ("proxy.enableExternalProfiles", BOOLEAN),
        "admin_shutdown": ("proxy.enableShutdownEndpoint", SWITCH),
        "await_proxy": ("proxy.await", SWITCH),
        "native_sidecar": ("proxy.nativeSidecar", BOOLEAN),
        "wait_before_exit_seconds": ("proxy.waitBeforeExitSeconds", SECONDS),
        "shutdown_grace_period": ("proxy.shutdownGracePeriod", PROXY_DURATION),
    }
)
"""Fields of ProxySettings and the values that set them."""

_ZERO_MEANS_UNSET = frozenset({"workers", "close_wait_timeout"})

_PROBES = ("initialDelaySeconds", "timeoutSeconds", "periodSeconds", "failureThreshold")


def proxy(values: Values) -> ProxySettings:
    """Read everything about the proxies; raises ValuesError."""
    base = ProxySettings()
    changes = {
        field: value
        for field, (path, kind) in _SETTINGS.items()
        if (value := values.read(path, kind)) is not None
    }
    for field in _ZERO_MEANS_UNSET & changes.keys():
        changes[field] = changes[field] or None
    general = values.read("imagePullPolicy", a.IMAGE_PULL_POLICY.type) or base.image_pull_policy
    return replace(
        base,
        **changes,
        image_pull_policy=_pull_policy(values, "proxy.image") or general,
        debug_image_pull_policy=_pull_policy(values, "debugContainer.image") or general,
        resources=_resources(values),
        security_context=values.mapping("proxy.securityContext") or None,
        inbound_http2_keep_alive=_keep_alive(values, "inbound"),
        outbound_http2_keep_alive=_keep_alive(values, "outbound"),
        control_streams=_control_streams(values),
        liveness=_probe(values, "livenessProbe", base.liveness),
        readiness=_probe(values, "readinessProbe", base.readiness),
        startup=_probe(values, "startupProbe", base.startup),
        tracing=tracing(values),
        additional_env=environment_entries(values),
    )


def _pull_policy(values: Values, path: str) -> a.ImagePullPolicy | None:
    return values.read(f"{path}.pullPolicy", a.IMAGE_PULL_POLICY.type)


def _resources(values: Values) -> Resources:
    texts = {}
    for field in fields(Resources):
        resource, _, bound = field.name.rpartition("_")
        path = f"proxy.resources.{resource.replace('_', '-')}.{bound}"
        texts[field.name] = values.read(path, QUANTITY) or ""
    return Resources(**texts)


def _keep_alive(values: Values, side: str) -> Http2KeepAlive:
    base, path = Http2KeepAlive(), f"proxy.{side}.server.http2"
    interval = values.read(f"{path}.keepAliveInterval", PROXY_DURATION)
    timeout = values.read(f"{path}.keepAliveTimeout", PROXY_DURATION)
    return Http2KeepAlive(
        interval=base.interval if interval is None else interval,
        timeout=base.timeout if timeout is None else timeout,
    )


def _control_streams(values: Values) -> ControlStreams:
    names = {
        "initial_timeout": "initialTimeout",
        "idle_timeout": "idleTimeout",
        "lifetime": "lifetime",
    }
    given = {
        field: duration
        for field, name in names.items()
        if (duration := values.read(f"proxy.control.streams.{name}", PROXY_DURATION)) is not None
    }
    return replace(ControlStreams(), **given)


def _probe(values: Values, name: str, base: ProbeTimes) -> ProbeTimes:
    """Read a probe's times; the names are Kubernetes' own."""
    order = (field.name for field in fields(ProbeTimes))
    given = {
        field: seconds
        for field, path in zip(order, _PROBES, strict=True)
        if (seconds := values.read(f"proxy.{name}.{path}", SECONDS)) is not None
    }
    return replace(base, **given)
