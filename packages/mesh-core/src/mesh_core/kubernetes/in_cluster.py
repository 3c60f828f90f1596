"""The connection that every pod has: a ServiceAccount's token and the cluster's CA."""

import os
from collections.abc import Mapping
from pathlib import Path

from mesh_core.kubernetes.connection import Connection, Source, TokenFile, read_token, trust
from mesh_core.kubernetes.errors import ConfigurationError

ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
"""Where the kubelet puts token, CA and namespace."""


def in_cluster(account: Path = ACCOUNT, environ: Mapping[str, str] = os.environ) -> Source:
    """Find the connection of the pod that this runs in.

    Without the Kubernetes library: that would cost each service 20 MB and 0.3 s for four lines.
    """

    async def find() -> Connection:
        host = environ.get("KUBERNETES_SERVICE_HOST", "")
        port = environ.get("KUBERNETES_SERVICE_PORT", "")
        token, authority = account / "token", account / "ca.crt"
        if not host or not port:
            msg = (
                "no kubeconfig, and no KUBERNETES_SERVICE_HOST and _PORT as in a pod; "
                "name a kubeconfig with --kubeconfig or in KUBECONFIG"
            )
            raise ConfigurationError(msg)
        read_token(token)  # to say now what is wrong, if something is
        return Connection(
            server=f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}",
            default_namespace=_namespace(account / "namespace"),
            tls=trust(authority),
            authorization=TokenFile(token),
        )

    return find


def _namespace(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip() or "default"
    except (OSError, UnicodeDecodeError):
        return "default"
