"""The control plane as objects: the same workloads and Services as in a cluster."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mesh_cli.local.mounts import Bind
from mesh_cli.local.node import script
from mesh_cli.local.pod_set import Place
from mesh_cli.local.settings import (
    CLUSTER_DOMAIN,
    CONTROL_NAMESPACE,
    CONTROLLER_UID,
    TRUST_DOMAIN,
    Settings,
)
from mesh_core.resources import Deployment, Namespace, Resource, Service, ServiceAccount, decode_as
from mesh_injector import COMPONENT_LABEL

_IDENTITY_ADMIN, _DESTINATION_ADMIN, _POLICY_ADMIN = 9990, 9996, 9990
_IDENTITY_PORT, _DESTINATION_PORT, _POLICY_PORT = 8080, 8086, 8090
# The probes are the node's: their source is the router's address.
_PROBE_NETWORKS = "0.0.0.0/0,::/0"

Wanted = list[tuple[Resource, Place]]


def token_key(settings: Settings) -> Path:
    """The public key that identity checks tokens with."""
    return settings.identity / "tokens.pub"


def control_plane(settings: Settings, *, ipv6: bool) -> Wanted:
    """Everything of the control plane's namespace, and what its pods find on the machine."""
    plain = Place()
    identity = Place(binds=(Bind(settings.identity, settings.identity, read_only=True),))
    # Status, events and leases are written by the control plane itself.
    destination = Place(binds=(Bind(settings.objects, settings.objects, read_only=False),))
    namespace = {
        "metadata": {
            "name": CONTROL_NAMESPACE,
            "labels": {"linkerd.io/is-control-plane": "true"},
            "annotations": {"linkerd.io/inject": "disabled"},
        }
    }
    return [
        (decode_as(Namespace, namespace), plain),
        (decode_as(ServiceAccount, _named("linkerd-identity")), plain),
        (decode_as(ServiceAccount, _named("linkerd-destination")), plain),
        *((service, plain) for service in _services()),
        (_identity(settings), identity),
        (_destination(settings, ipv6=ipv6), destination),
    ]


def _named(name: str) -> dict[str, Any]:
    return {"metadata": {"name": name, "namespace": CONTROL_NAMESPACE}}


def _services() -> list[Service]:
    rows = [
        ("linkerd-identity", "identity", _IDENTITY_PORT, False),
        ("linkerd-identity-headless", "identity", _IDENTITY_PORT, True),
        ("linkerd-dst", "destination", _DESTINATION_PORT, False),
        ("linkerd-dst-headless", "destination", _DESTINATION_PORT, True),
        ("linkerd-policy", "destination", _POLICY_PORT, True),
    ]
    return [_service(*row) for row in rows]


def _service(name: str, component: str, port: int, headless: bool) -> Service:
    spec: dict[str, Any] = {
        "selector": {COMPONENT_LABEL: component},
        "ports": [{"name": "grpc", "port": port}],
    }
    if headless:
        spec["clusterIP"] = "None"
    return decode_as(Service, {**_named(name), "spec": spec})


def _identity(settings: Settings) -> Deployment:
    arguments = [
        *("serve", "--dir", str(settings.identity), "--token-key", str(token_key(settings))),
        *("--addr", f"0.0.0.0:{_IDENTITY_PORT}", "--admin-addr", f"0.0.0.0:{_IDENTITY_ADMIN}"),
        *("--trust-domain", TRUST_DOMAIN, "--controller-namespace", CONTROL_NAMESPACE),
    ]
    ports = {"ident-grpc": _IDENTITY_PORT, "ident-admin": _IDENTITY_ADMIN}
    command = [*script("mesh-identity"), *arguments]
    return _deployment("identity", command, ports, _IDENTITY_ADMIN)


def _destination(settings: Settings, *, ipv6: bool) -> Deployment:
    arguments = [
        *("serve", "--objects", str(settings.objects)),
        *("--addr", f"0.0.0.0:{_DESTINATION_PORT}", "--policy-addr", f"0.0.0.0:{_POLICY_PORT}"),
        *("--admin-addr", f"0.0.0.0:{_DESTINATION_ADMIN}"),
        *("--policy-admin-addr", f"0.0.0.0:{_POLICY_ADMIN}"),
        *("--controller-namespace", CONTROL_NAMESPACE, "--trust-domain", TRUST_DOMAIN),
        *("--cluster-domain", CLUSTER_DOMAIN, "--probe-networks", _PROBE_NETWORKS),
        "--enable-ipv6" if ipv6 else "--no-enable-ipv6",
    ]
    ports = {
        "dest-grpc": _DESTINATION_PORT,
        "policy-grpc": _POLICY_PORT,
        "dest-admin": _DESTINATION_ADMIN,
        "policy-admin": _POLICY_ADMIN,
    }
    command = [*script("mesh-destination"), *arguments]
    return _deployment("destination", command, ports, _DESTINATION_ADMIN)


def _deployment(
    component: str, command: Sequence[str], ports: Mapping[str, int], admin: int
) -> Deployment:
    labels = {COMPONENT_LABEL: component}
    container = {
        "name": component,
        "image": f"localhost/mesh-{component}",
        "command": list(command),
        "ports": [{"name": name, "containerPort": port} for name, port in ports.items()],
        "readinessProbe": {"httpGet": {"path": "/ready", "port": admin}, "periodSeconds": 2},
        "livenessProbe": {"httpGet": {"path": "/ping", "port": admin}, "timeoutSeconds": 5},
        "securityContext": {"runAsUser": CONTROLLER_UID, "runAsGroup": CONTROLLER_UID},
    }
    template = {
        "metadata": {"labels": labels, "annotations": {"linkerd.io/inject": "enabled"}},
        "spec": {
            "serviceAccountName": f"linkerd-{component}",
            "containers": [container],
            "terminationGracePeriodSeconds": 5,
        },
    }
    document = {
        **_named(f"linkerd-{component}"),
        "spec": {"replicas": 1, "selector": {"matchLabels": labels}, "template": template},
    }
    return decode_as(Deployment, document)
