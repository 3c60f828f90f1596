"""All values that reach proxies."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, TypeVar

from mesh_core.annotations import PROXY_LOG_FORMAT, PROXY_VERSION, ValueType
from mesh_core.annotations.value_types import BOOLEAN, DURATION, NETWORKS, PORTS, TEXT
from mesh_core.names import DEFAULT_CONTROL_PLANE_NAMESPACE
from mesh_injector.init_settings import InitSettings, NetworkValidatorSettings
from mesh_injector.installation import Installation
from mesh_injector.values.checks import check_installation
from mesh_injector.values.kinds import (
    DIRECTORY,
    DNS_NAME,
    IPTABLES_MODE,
    LOG_LEVEL,
    SOCKET,
    USER,
)
from mesh_injector.values.proxy import proxy
from mesh_injector.values.review_scope import review_scope
from mesh_injector.values.tree import Values

D = TypeVar("D", Installation, InitSettings, NetworkValidatorSettings)
Table = Mapping[str, tuple[str, ValueType[Any]]]

_INSTALLATION: Table = MappingProxyType(
    {
        "cluster_domain": ("clusterDomain", DNS_NAME),
        "trust_domain": ("identityTrustDomain", DNS_NAME),
        "cluster_networks": ("clusterNetworks", NETWORKS),
        "cni": ("cniEnabled", BOOLEAN),
        "token_projection": ("identity.serviceAccountTokenProjection", BOOLEAN),
        "kubernetes_api_ports": ("proxyInit.kubeAPIServerPorts", PORTS),
        "version": ("linkerdVersion", PROXY_VERSION.type),
    }
)
_INIT: Table = MappingProxyType(
    {
        "iptables_mode": ("proxyInit.iptablesMode", IPTABLES_MODE),
        "log_level": ("proxyInit.logLevel", LOG_LEVEL),
        "log_format": ("proxyInit.logFormat", PROXY_LOG_FORMAT.type),
        "privileged": ("proxyInit.privileged", BOOLEAN),
        "run_as_root": ("proxyInit.runAsRoot", BOOLEAN),
        "run_as_user": ("proxyInit.runAsUser", USER),
        "run_as_group": ("proxyInit.runAsGroup", USER),
        "lock_directory": ("proxyInit.xtMountPath.mountPath", DIRECTORY),
    }
)
_NETWORK_VALIDATOR: Table = MappingProxyType(
    {
        "log_level": ("networkValidator.logLevel", LOG_LEVEL),
        "log_format": ("networkValidator.logFormat", PROXY_LOG_FORMAT.type),
        "connect_address": ("networkValidator.connectAddr", SOCKET),
        "listen_address": ("networkValidator.listenAddr", SOCKET),
        "timeout": ("networkValidator.timeout", DURATION),
        "security_context": ("networkValidator.enableSecurityContext", BOOLEAN),
    }
)


def installation(
    text: str,
    trust_anchors: str = "",
    *,
    control_plane_namespace: str = DEFAULT_CONTROL_PLANE_NAMESPACE,
) -> Installation:
    """Read the chart's values, YAML; what they do not say is the chart's default.

    Without `trust_anchors`, PEM, they are those of the values. Names that are not known are left
    alone: the chart's schema refuses them. Raises ValuesError.
    """
    values = Values.parse(text)
    ipv4_only = values.read("disableIPv6", BOOLEAN)
    result = replace(
        _changed(Installation(), _INSTALLATION, values),
        control_plane_namespace=control_plane_namespace,
        trust_anchors=trust_anchors or values.read("identityTrustAnchorsPEM", TEXT) or "",
        ipv6=ipv4_only is False,
        proxy=proxy(values),
        init=_changed(InitSettings(), _INIT, values),
        network_validator=_changed(NetworkValidatorSettings(), _NETWORK_VALIDATOR, values),
        review_scope=review_scope(values),
    )
    check_installation(result)
    return result


def _changed(base: D, table: Table, values: Values) -> D:
    changes = {
        field: value
        for field, (path, kind) in table.items()
        if (value := values.read(path, kind)) is not None
    }
    return replace(base, **changes)
