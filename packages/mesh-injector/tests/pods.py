"""Pods and namespaces for the tests, as short as a test reads them."""

import copy
from typing import Any

import jsonpatch
import msgspec

from mesh_core.resources import Namespace, ObjectMeta, Pod, decode_as
from mesh_injector import Inject, Installation, Owner, decide, patch_pod

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


def decoded(document: dict[str, Any], in_namespace: str = "shop") -> Pod:
    """The pod of a document that has no name yet, as the API server sends it."""
    metadata = {"name": "web-x", "namespace": in_namespace, **(document.get("metadata") or {})}
    return decode_as(Pod, {**document, "metadata": metadata})


def operations(
    document: dict[str, Any],
    theirs: Namespace | None = None,
    installation: Installation = INSTALLATION,
    owner: Owner | None = None,
) -> list[dict[str, Any]]:
    """What injection does to a document, as JSON has it."""
    theirs = theirs or namespace(inject="enabled")
    mine = decoded(document, theirs.name)
    decision = decide(mine, theirs, installation, owner)
    assert isinstance(decision, Inject), decision
    made = patch_pod(document, mine, theirs, installation, owner, decision)
    decoded_again: list[dict[str, Any]] = msgspec.json.decode(msgspec.json.encode(made))
    return decoded_again


def patched(
    document: dict[str, Any],
    theirs: Namespace | None = None,
    installation: Installation = INSTALLATION,
    owner: Owner | None = None,
) -> dict[str, Any]:
    """A document after injection, by a library that knows nothing of ours."""
    before = copy.deepcopy(document)
    steps = operations(document, theirs, installation, owner)
    assert document == before, "the document of the request is not ours to change"
    result: dict[str, Any] = jsonpatch.apply_patch(document, steps)
    return result


def container(document: dict[str, Any], name: str) -> dict[str, Any]:
    """One container of a document, init or not."""
    spec = document["spec"]
    every = [*(spec.get("initContainers") or ()), *(spec.get("containers") or ())]
    (found,) = (item for item in every if item["name"] == name)
    return found


def variables(document: dict[str, Any]) -> dict[str, str]:
    """The plain variables of the proxy's container."""
    env = container(document, "linkerd-proxy")["env"]
    return {item["name"]: item["value"] for item in env if "value" in item}
