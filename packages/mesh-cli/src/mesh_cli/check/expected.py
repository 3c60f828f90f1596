"""What the chart installs, by name; a test compares with what it renders."""

COMPONENTS = ("destination", "identity", "proxy-injector")
DEPLOYMENTS = tuple(f"linkerd-{component}" for component in COMPONENTS)
SERVICE_ACCOUNTS = DEPLOYMENTS
DEFINITIONS = ("servers.policy.linkerd.io", "serviceprofiles.linkerd.io")

CONFIG = "linkerd-config"
CONFIG_KEY = "values"
ISSUER = "linkerd-identity-issuer"
WEBHOOK = "linkerd-proxy-injector-webhook-config"
WEBHOOK_SERVICE = "linkerd-proxy-injector"
WEBHOOK_SECRET = "linkerd-proxy-injector-k8s-tls"  # noqa: S105 - a Secret's name
INJECTOR = "proxy-injector"
INJECTOR_ADMIN_PORT = 9995

COMPONENT_LABEL = "linkerd.io/control-plane-component"

UPGRADE = "bring it back with `helm upgrade`"
"""What to do when something that the chart installs is gone."""


def cluster_roles(control_plane: str) -> tuple[str, ...]:
    """Name the ClusterRoles, and their bindings, of a control plane."""
    return tuple(f"linkerd-{control_plane}-{component}" for component in COMPONENTS)
