"""What a cluster is called, where its files lie, and how its process hears of that."""

import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from mesh_clusters.errors import Unsupported
from mesh_clusters.node.networks import Family, Network, families

DEFAULT_NAME = "mesh"
PROXY_MODES = ("nftables", "iptables")
API_PORT = 6443
# Like etcd's own, they are seen on the node only.
ETCD_PORT, ETCD_PEER_PORT = 2379, 2380

STATES = Path("/var/lib/mesh-clusters")
# A link's name has 15 characters at most, and ours begins with `mesh-`.
_NAME = re.compile(r"[a-z]([a-z0-9-]{0,8}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class Settings:
    """One cluster."""

    name: str = DEFAULT_NAME
    index: int = 0
    proxy_mode: str = "nftables"
    ipv6: bool = True

    def check(self) -> None:
        """Raise Unsupported for a name or an index that cannot be."""
        if not _NAME.fullmatch(self.name):
            raise Unsupported(
                f"--name {self.name!r}: give 1 to 10 small letters, digits or dashes, and begin"
                " with a letter"
            )
        families(self.index, ipv6=self.ipv6)

    def to_json(self) -> str:
        """The settings for another process."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The settings that another process was given."""
        return cls(**json.loads(text))

    @property
    def families(self) -> tuple[Family, ...]:
        """Its addresses, by family."""
        return families(self.index, ipv6=self.ipv6)

    @property
    def routed(self) -> tuple[Network, ...]:
        """What the machine reaches by way of the node: its pods and services."""
        return tuple(
            network for family in self.families for network in (family.pods, family.services)
        )

    @property
    def node_name(self) -> str:
        """The Node object's and the host's name."""
        return f"{self.name}-node"

    @property
    def link(self) -> str:
        """The machine's end of the link to the node."""
        return f"mesh-{self.name}"

    @property
    def control_group(self) -> str:
        """The parent of all its pods, from the root of a hierarchy."""
        return f"/mesh-cluster-{self.name}"

    @property
    def server(self) -> str:
        """The API server, as seen from the machine and from the node."""
        return f"https://{self.families[0].node}:{API_PORT}"

    @property
    def state(self) -> Path:
        """All that the cluster has on disk."""
        return STATES / self.name

    @property
    def complete(self) -> Path:
        """There when all of it came up."""
        return self.state / "complete"

    @property
    def pki(self) -> Path:
        """Keys and certificates."""
        return self.state / "pki"

    @property
    def etc(self) -> Path:
        """Configuration files of the components."""
        return self.state / "etc"

    @property
    def logs(self) -> Path:
        """One log per component, and those of the pods below `pods`."""
        return self.state / "logs"

    @property
    def private(self) -> Path:
        """What the node sees in place of the machine's folders."""
        return self.state / "private"

    @property
    def kubeconfig(self) -> Path:
        """The administrator's."""
        return self.state / "kubeconfig"
