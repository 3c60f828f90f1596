"""What a kind cluster is called, where its files lie, and how the machine reaches it."""

from dataclasses import dataclass
from pathlib import Path

from mesh_clusters.node.networks import Network
from mesh_clusters.node.settings import STATES, Settings

DEFAULT_NAME = "kind"
DEFAULT_INDEX = 25


@dataclass(frozen=True, slots=True)
class KindSettings(Settings):
    """One cluster; of the index's addresses it has those of the link only."""

    name: str = DEFAULT_NAME
    index: int = DEFAULT_INDEX
    ipv6: bool = False

    @property
    def routed(self) -> tuple[Network, ...]:
        """Nothing: kind's pods and services are reached by way of the API server."""
        return ()

    @property
    def node_name(self) -> str:
        """The Node object's and the container's name, which kind chooses."""
        return f"{self.kind_name}-control-plane"

    @property
    def kind_name(self) -> str:
        """What kind knows it by; a cluster that the user made with kind has no such name."""
        return f"mesh-{self.name}"

    @property
    def link(self) -> str:
        """The machine's end of the link to the private Docker."""
        return f"kind-{self.name}"

    @property
    def control_group(self) -> str:
        """The parent of all containers of the private Docker."""
        return f"/mesh-kind-{self.name}"

    @property
    def state(self) -> Path:
        """All that the cluster has on disk."""
        return STATES / f"kind.{self.name}"

    @property
    def docker_socket(self) -> Path:
        """Where the private Docker listens."""
        return self.state / "docker.sock"
