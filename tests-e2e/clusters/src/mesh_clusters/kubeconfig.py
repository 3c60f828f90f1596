"""Kubeconfig files: who talks to which API server, and how it proves who it is."""

import base64
import json
from collections.abc import Mapping
from pathlib import Path

from mesh_clusters.certificates import KeyPair


def certificate_user(files: KeyPair) -> dict[str, str]:
    """A user that shows a certificate."""
    return {
        "client-certificate-data": _encoded(files.certificate),
        "client-key-data": _encoded(files.key),
    }


def token_user(token: str) -> dict[str, str]:
    """A user that shows a token."""
    return {"token": token}


def write(
    path: Path,
    *,
    server: str,
    authority: Path,
    user: Mapping[str, str],
    name: str = "mesh",
    namespace: str = "default",
) -> Path:
    """Write a kubeconfig with one context, readable for its owner only."""
    cluster = {"server": server, "certificate-authority-data": _encoded(authority)}
    context = {"cluster": name, "user": name, "namespace": namespace}
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": name, "cluster": cluster}],
        "users": [{"name": name, "user": dict(user)}],
        "contexts": [{"name": name, "context": context}],
        "current-context": name,
    }
    path.touch(mode=0o600)
    # JSON is YAML.
    path.write_text(json.dumps(document, indent=2) + "\n")
    return path


def _encoded(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()
