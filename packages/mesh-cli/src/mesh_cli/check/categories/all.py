"""Which categories are looked at, in which order."""

from enum import StrEnum

from mesh_cli.check.categories import (
    control_plane_version,
    kubernetes_api,
    kubernetes_version,
    linkerd_config,
    linkerd_control_plane_proxy,
    linkerd_data_plane,
    linkerd_existence,
    linkerd_identity,
    linkerd_identity_data_plane,
    linkerd_webhooks,
    pre_kubernetes_setup,
    unmeshed_pods,
)
from mesh_cli.check.check import Category


class Purpose(StrEnum):
    """Why somebody looks."""

    INSTALL = "install"
    """Before the mesh is installed."""
    CONTROL_PLANE = "control plane"
    DATA_PLANE = "data plane"
    """The control plane's health, and the proxies beside applications."""


_CLUSTER = (kubernetes_api.CATEGORY, kubernetes_version.CATEGORY)
_CONTROL_PLANE = (
    linkerd_existence.CATEGORY,
    linkerd_config.CATEGORY,
    linkerd_identity.CATEGORY,
    linkerd_webhooks.CATEGORY,
)

CATEGORIES: dict[Purpose, tuple[Category, ...]] = {
    Purpose.INSTALL: (*_CLUSTER, pre_kubernetes_setup.CATEGORY),
    Purpose.CONTROL_PLANE: (
        *_CLUSTER,
        *_CONTROL_PLANE,
        control_plane_version.CATEGORY,
        linkerd_control_plane_proxy.CATEGORY,
        unmeshed_pods.CATEGORY,
    ),
    Purpose.DATA_PLANE: (
        *_CLUSTER,
        *_CONTROL_PLANE,
        linkerd_identity_data_plane.CATEGORY,
        linkerd_control_plane_proxy.CATEGORY,
        linkerd_data_plane.CATEGORY,
        unmeshed_pods.CATEGORY,
    ),
}
