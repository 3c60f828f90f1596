"""What the certificate authority needs to be allowed in a cluster."""

from __future__ import annotations

from mesh_core.kubernetes.access import EVENT_ACCESS, Access
from mesh_core.names import DEFAULT_CONTROL_PLANE_NAMESPACE
from mesh_core.resources import ConfigMap, Deployment, Secret

DEPLOYMENT = "linkerd-identity"
ISSUER_SECRET = "linkerd-identity-issuer"  # noqa: S105 - a name
TRUST_ROOTS = "linkerd-identity-trust-roots"
WEBHOOK_SECRET = "linkerd-proxy-injector-k8s-tls"  # noqa: S105 - a name
WEBHOOK_CONFIGURATION = "linkerd-proxy-injector-webhook-config"


def service_access(namespace: str) -> tuple[Access, ...]:
    """What `serve` needs when it runs in `namespace`: the issuer itself is mounted, not read."""
    return (
        Access("authentication.k8s.io", "tokenreviews", ("create",)),
        EVENT_ACCESS,
        # `kubectl describe` finds events by the object's uid.
        Access.to(Deployment, "get", namespace=namespace, name=DEPLOYMENT),
    )


def provision_access(namespace: str) -> tuple[Access, ...]:
    """What `provision` needs for `namespace`; a role cannot name what is to be created."""
    return (
        Access.to(ConfigMap, "create", namespace=namespace),
        Access.to(ConfigMap, "get", "patch", namespace=namespace, name=TRUST_ROOTS),
        Access.to(Secret, "create", namespace=namespace),
        Access.to(Secret, "get", "patch", namespace=namespace, name=ISSUER_SECRET),
        Access.to(Secret, "get", "patch", namespace=namespace, name=WEBHOOK_SECRET),
        Access(
            "admissionregistration.k8s.io",
            "mutatingwebhookconfigurations",
            ("get", "patch"),
            name=WEBHOOK_CONFIGURATION,
        ),
    )


ACCESS = service_access(DEFAULT_CONTROL_PLANE_NAMESPACE)
"""For the usual namespace."""

PROVISION_ACCESS = provision_access(DEFAULT_CONTROL_PLANE_NAMESPACE)
"""The same for the Job that makes the certificates."""
