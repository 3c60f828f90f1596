"""Command lines of etcd and the API server, for a whole node and for an API server alone."""

from pathlib import Path

from mesh_clusters.pki import FRONT_PROXY, Pki

ISSUER = "https://kubernetes.default.svc.cluster.local"


def etcd(data: Path, client_port: int, peer_port: int) -> list[str]:
    """A store of one member that forgets what a power failure interrupts, and is fast for it."""
    client = f"http://127.0.0.1:{client_port}"
    peer = f"http://127.0.0.1:{peer_port}"
    return [
        f"--data-dir={data}",
        f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=default={peer}",
        "--unsafe-no-fsync",
        "--log-level=warn",
    ]


def api_server(pki: Pki, etcd_port: int, port: int, services: str) -> list[str]:
    """What every API server of ours has: RBAC, tokens, aggregation.

    `services` are the networks of cluster IPs, with commas between them.
    """
    return [
        f"--etcd-servers=http://127.0.0.1:{etcd_port}",
        f"--secure-port={port}",
        f"--service-cluster-ip-range={services}",
        "--authorization-mode=Node,RBAC",
        "--allow-privileged",
        f"--client-ca-file={pki.authority.certificate}",
        f"--tls-cert-file={pki.server.certificate}",
        f"--tls-private-key-file={pki.server.key}",
        f"--service-account-issuer={ISSUER}",
        f"--service-account-key-file={pki.tokens.certificate}",
        f"--service-account-signing-key-file={pki.tokens.key}",
        # How an aggregated API (tap) knows the API server, and learns who asks.
        f"--requestheader-client-ca-file={pki.front_proxy_authority.certificate}",
        f"--requestheader-allowed-names={FRONT_PROXY}",
        "--requestheader-username-headers=X-Remote-User",
        "--requestheader-group-headers=X-Remote-Group",
        "--requestheader-extra-headers-prefix=X-Remote-Extra-",
        f"--proxy-client-cert-file={pki.front_proxy.certificate}",
        f"--proxy-client-key-file={pki.front_proxy.key}",
    ]
