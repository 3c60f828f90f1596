"""Where a cluster comes from: made for this run, or there already."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Protocol

import pytest

from mesh_clusters import binaries
from mesh_clusters.kind.cluster import KindCluster
from mesh_clusters.kind.settings import KindSettings
from mesh_clusters.node import machine
from mesh_clusters.node.cluster import Cluster
from mesh_clusters.node.settings import Settings

NAME = "e2e"
INDEX = 20
"""Its networks are others than those of a cluster that the user has up."""
KIND_INDEX = 21


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

    def stop_api_server(self) -> None:
        """End the API server, until it is started."""
        ...

    def start_api_server(self) -> None:
        """Start it again."""
        ...


class OwnCluster(Protocol):
    """What the run's own clusters have in common."""

    @property
    def kubeconfig(self) -> Path:
        """The administrator's."""
        ...

    def up(self, say: Callable[[str], None]) -> None:
        """Start it."""
        ...

    def load(self, archives: Sequence[Path]) -> None:
        """Import into the node's containerd."""
        ...

    def down(self) -> None:
        """End it; nothing is left."""
        ...


class OwnPlace:
    """A cluster that the run makes."""

    def __init__(
        self, cluster: OwnCluster, stop: Callable[[], None], start: Callable[[], None]
    ) -> None:
        """`stop` and `start` are for its API server, which keeps its data."""
        self._cluster = cluster
        self.stop_api_server = stop
        self.start_api_server = start

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


def node() -> OwnPlace:
    """A single node in namespaces of this machine."""
    cluster = Cluster(Settings(NAME, INDEX, ipv6=machine.has_ipv6()))
    server = "kube-apiserver"
    return OwnPlace(cluster, partial(cluster.stop, server), partial(cluster.start, server))


def kind() -> OwnPlace:
    """kind's cluster, in Docker: the machine's own or one of ours."""
    cluster = KindCluster(KindSettings(NAME, KIND_INDEX))
    return OwnPlace(cluster, cluster.stop_api_server, cluster.start_api_server)


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

    def stop_api_server(self) -> None:
        """Leave it alone; the scenario is left out here."""
        pytest.skip("the API server of an existing cluster is not ours to stop")

    def start_api_server(self) -> None:
        """Nothing is to do."""
