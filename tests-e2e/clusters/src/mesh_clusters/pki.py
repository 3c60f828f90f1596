"""All certificates of one cluster, by the names under which its components know them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from mesh_clusters.certificates import Authority, KeyPair, token_keys

ADMIN_GROUP = "system:masters"
FRONT_PROXY = "front-proxy-client"
_API_NAMES = (
    "kubernetes",
    "kubernetes.default",
    "kubernetes.default.svc",
    "kubernetes.default.svc.cluster.local",
    "localhost",
    "127.0.0.1",
    "::1",
)


@dataclass(frozen=True, slots=True)
class Pki:
    """What the API server needs, and the administrator's certificate."""

    authority: Authority
    front_proxy_authority: Authority
    tokens: KeyPair
    server: KeyPair
    front_proxy: KeyPair
    to_kubelet: KeyPair
    admin: KeyPair

    @classmethod
    def create(cls, folder: Path, hosts: Sequence[str] = ()) -> Self:
        """Make everything in a new folder; `hosts` are further names of the API server."""
        folder.mkdir(parents=True, mode=0o700)
        authority = Authority.create("ca", folder)
        front = Authority.create("front-proxy-ca", folder)
        return cls(
            authority=authority,
            front_proxy_authority=front,
            tokens=token_keys(folder),
            server=authority.issue(
                "kube-apiserver", common_name="kube-apiserver", hosts=(*_API_NAMES, *hosts)
            ),
            front_proxy=front.issue(FRONT_PROXY, common_name=FRONT_PROXY),
            to_kubelet=authority.issue(
                "kubelet-client", common_name="kube-apiserver", organization=ADMIN_GROUP
            ),
            admin=authority.issue("admin", common_name="admin", organization=ADMIN_GROUP),
        )
