"""Pods and namespaces for the tests, as short as a test reads them."""

from typing import Any

from mesh_core.resources import Namespace, ObjectMeta, Pod, decode_as
from mesh_injector import Installation

CONFIG = "config.linkerd.io/"
INSTALLATION = Installation(trust_anchors="-----BEGIN CERTIFICATE-----\nMA==\n")


def namespace(name: str = "shop", **annotations: str) -> Namespace:
    return Namespace(ObjectMeta(name=name, annotations=_full(annotations)))


def pod(
    *ports: int | tuple[int, str] | tuple[int, str, str],
    labels: dict[str, str] | None = None,
    in_namespace: str = "shop",
    spec: dict[str, Any] | None = None,
    **annotations: str,
) -> Pod:
    """A running pod; a port is its number, perhaps with a name and a protocol."""
    document = {
        "metadata": {
            "name": "web-1",
            "namespace": in_namespace,
            "labels": labels or {},
            "annotations": _full(annotations),
        },
        "spec": {
            "nodeName": "node-1",
            "serviceAccountName": "web",
            "containers": [{"name": "app", "ports": list(map(_port, ports))}],
            **(spec or {}),
        },
        "status": {"podIP": "10.1.0.5", "podIPs": [{"ip": "10.1.0.5"}, {"ip": "fd00::5"}]},
    }
    return decode_as(Pod, document)


def _full(annotations: dict[str, str]) -> dict[str, str]:
    """`inject` and `proxy_uid` stand for the full names; others are full already."""
    return {
        name if "/" in name else _prefixed(name.replace("_", "-")): value
        for name, value in annotations.items()
    }


def _prefixed(name: str) -> str:
    return f"linkerd.io/{name}" if name == "inject" else CONFIG + name


def _port(port: int | tuple[Any, ...]) -> dict[str, Any]:
    number, *rest = port if isinstance(port, tuple) else (port,)
    return {"containerPort": number, **dict(zip(("name", "protocol"), rest, strict=False))}
