"""All certificates of one cluster, by the names under which its components know them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mesh_clusters.certificates import Authority, KeyPair, make_token_keys

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
    """The files in one folder."""

    folder: Path

    @property
    def authority(self) -> KeyPair:
        """The cluster's own."""
        return KeyPair.at(self.folder, "ca")

    @property
    def front_proxy_authority(self) -> KeyPair:
        """Vouches for the API server towards aggregated APIs."""
        return KeyPair.at(self.folder, "front-proxy-ca")

    @property
    def front_proxy(self) -> KeyPair:
        """The API server as a client of aggregated APIs."""
        return KeyPair.at(self.folder, "front-proxy-client")

    @property
    def server(self) -> KeyPair:
        """The API server."""
        return KeyPair.at(self.folder, "kube-apiserver")

    @property
    def to_kubelet(self) -> KeyPair:
        """The API server as a client of kubelets."""
        return KeyPair.at(self.folder, "kubelet-client")

    @property
    def admin(self) -> KeyPair:
        """The administrator."""
        return KeyPair.at(self.folder, "admin")

    @property
    def tokens(self) -> KeyPair:
        """What ServiceAccount tokens are signed with: a public and a private key."""
        return KeyPair.at(self.folder, "service-accounts")

    def create(self, hosts: Sequence[str] = ()) -> Authority:
        """Make everything in the folder, which is new; `hosts` are more names of the server.

        Returns the authority, which can issue more.
        """
        self.folder.mkdir(parents=True, mode=0o700)
        authority = Authority.create(self.authority, "mesh-cluster-ca")
        front = Authority.create(self.front_proxy_authority, "mesh-cluster-front-proxy-ca")
        make_token_keys(self.tokens)
        authority.issue(self.server, common_name="kube-apiserver", hosts=(*_API_NAMES, *hosts))
        front.issue(self.front_proxy, common_name=FRONT_PROXY)
        authority.issue(self.to_kubelet, common_name="kube-apiserver", organization=ADMIN_GROUP)
        authority.issue(self.admin, common_name="admin", organization=ADMIN_GROUP)
        return authority
