"""AdmissionReviews, as an API server writes them, and how their answers are read."""

import base64
import json
from typing import Any

import jsonpatch

from mesh_core.resources import Namespace, ObjectMeta

PROXY = "linkerd-proxy"
VALUES = """
linkerdVersion: "0.1.0"
proxy:
  image: {name: localhost/mesh-proxy, version: "0.1.0"}
"""
INJECT = "linkerd.io/inject"


def pod(
    name: str = "",
    *,
    annotations: dict[str, str] | None = None,
    owner: dict[str, Any] | None = None,
    **spec: Any,
) -> dict[str, Any]:
    """A pod as its controller makes it: without a name yet, with nulls here and there."""
    metadata: dict[str, Any] = {"creationTimestamp": None, "labels": {"app": "web"}}
    metadata |= {"name": name} if name else {"generateName": "web-5d9f8b6c7d-"}
    metadata |= {"annotations": annotations} if annotations else {}
    metadata |= {"ownerReferences": [{"controller": True, **owner}]} if owner else {}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": metadata,
        "spec": {
            "containers": [
                {
                    "name": "app",
                    "image": "registry.example/web:1",
                    "ports": [{"name": "http", "containerPort": 8080, "protocol": "TCP"}],
                    "resources": {},
                }
            ],
            "serviceAccountName": "web",
            **spec,
        },
        "status": {},
    }


def namespace(name: str = "shop", **annotations: str) -> Namespace:
    return Namespace(ObjectMeta(name=name, annotations=annotations))


def service(*ports: int, annotations: dict[str, str] | None = None) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "db", **({"annotations": annotations} if annotations else {})},
        "spec": {"ports": [{"port": port, "targetPort": port} for port in ports]},
    }


def review(
    resource: Any,
    namespace: str = "shop",
    *,
    version: str = "v1",
    kind: dict[str, str] | None = None,
    **request: Any,
) -> dict[str, Any]:
    kind = kind or {"group": "", "version": "v1", "kind": resource["kind"]}
    return {
        "kind": "AdmissionReview",
        "apiVersion": f"admission.k8s.io/{version}",
        "request": {
            "uid": "705ab4f5-6393-11e8-b7cc-42010a800002",
            "kind": kind,
            "resource": {"group": "", "version": "v1", "resource": "pods"},
            "name": "",
            "namespace": namespace,
            "operation": "CREATE",
            "userInfo": {"username": "system:serviceaccount:kube-system:replicaset-controller"},
            "object": resource,
            "oldObject": None,
            "dryRun": False,
            "options": {"kind": "CreateOptions", "apiVersion": "meta.k8s.io/v1"},
            **request,
        },
    }


def body(resource: Any, namespace: str = "shop", **request: Any) -> bytes:
    return json.dumps(review(resource, namespace, **request)).encode()


def response(answer: bytes) -> dict[str, Any]:
    decoded = json.loads(answer)
    assert decoded["kind"] == "AdmissionReview"
    result: dict[str, Any] = decoded["response"]
    assert result["uid"] == "705ab4f5-6393-11e8-b7cc-42010a800002"
    return result


def patched(resource: Any, answer: bytes) -> Any:
    """The object as the API server stores it: the patch laid over it, if it is allowed."""
    result = response(answer)
    assert result["allowed"], result
    if "patch" not in result:
        return resource
    assert result["patchType"] == "JSONPatch"
    operations = json.loads(base64.b64decode(result["patch"]))
    return jsonpatch.apply_patch(resource, operations)


def containers(pod: Any) -> list[str]:
    spec = pod["spec"]
    return [each["name"] for each in (*spec.get("initContainers", ()), *spec["containers"])]
