"""Where a cluster comes from: made for this run, or there already."""

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from mesh_clusters import binaries
from mesh_clusters.node import machine
from mesh_clusters.node.cluster import Cluster
from mesh_clusters.node.settings import Settings

NAME = "e2e"
INDEX = 20
"""Its networks are others than those of a cluster that the user has up."""


class ClusterPlace(Protocol):
    """A cluster's life around the scenarios."""

    def up(self) -> Path:
        """Make it, or find it, and give its administrator's kubeconfig."""
        ...

    def load(self, archives: Sequence[Path]) -> None:
        """Give its nodes the images."""
        ...

    def down(self) -> None:
        """Take it away, if it was made."""
        ...

    def pause_api_server(self) -> None:
        """Stop the API server's process where it is."""
        ...

    def resume_api_server(self) -> None:
        """Let it go on."""
        ...


class NodePlace:
    """A single node in namespaces of this machine."""

    def __init__(self) -> None:
        """Name it; nothing is started yet."""
        self._cluster = Cluster(Settings(NAME, INDEX, ipv6=machine.has_ipv6()))

    def up(self) -> Path:
        """Start it."""
        self._cluster.up(binaries.say)
        return self._cluster.kubeconfig

    def load(self, archives: Sequence[Path]) -> None:
        """Import into the node's containerd."""
        self._cluster.load(archives)

    def down(self) -> None:
        """End it; nothing is left."""
        self._cluster.down()

    def pause_api_server(self) -> None:
        """Stop its process, so that connections stay and nobody answers."""
        self._signal("-STOP")

    def resume_api_server(self) -> None:
        """Let it go on."""
        self._signal("-CONT")

    def _signal(self, name: str) -> None:
        command = self._cluster.node_command("pkill", name, "-x", "kube-apiserver")
        subprocess.run(command, check=True, timeout=20)


class ExistingPlace:
    """Somebody's cluster; its nodes can pull the images or have them."""

    def __init__(self, kubeconfig: Path) -> None:
        """Use the cluster that a kubeconfig names."""
        self._kubeconfig = kubeconfig

    def up(self) -> Path:
        """Nothing is to do."""
        return self._kubeconfig

    def load(self, archives: Sequence[Path]) -> None:
        """Nothing is to do."""

    def down(self) -> None:
        """Nothing is to do."""

    def pause_api_server(self) -> None:
        """Not somebody else's."""
        raise NotImplementedError

    def resume_api_server(self) -> None:
        """Not somebody else's."""
        raise NotImplementedError
