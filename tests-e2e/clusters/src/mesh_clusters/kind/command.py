"""`python -m mesh_clusters kind …`: a cluster of kind's, in Docker."""

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from mesh_clusters import elevation
from mesh_clusters.binaries import say
from mesh_clusters.kind.cluster import KindCluster
from mesh_clusters.kind.settings import DEFAULT_INDEX, DEFAULT_NAME, KindSettings
from mesh_clusters.node.networks import LARGEST_INDEX

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]


def add(commands: "Commands") -> None:
    """Add the command and its own commands."""
    which = argparse.ArgumentParser(add_help=False)
    which.add_argument("--name", default=DEFAULT_NAME, help="the cluster (default: %(default)s)")
    which.add_argument(
        "--index",
        type=int,
        default=DEFAULT_INDEX,
        help=f"chooses the addresses of its link, 0 to {LARGEST_INDEX} (default: %(default)s)",
    )
    parser = commands.add_parser("kind", help="a cluster of kind's, in Docker")
    own = parser.add_subparsers(dest="action", required=True, metavar="COMMAND")
    helps = {
        "up": "start it; returns when pods can run",
        "down": "end it and leave nothing behind",
        "status": "its node and pods",
        "kubeconfig": "the path of its kubeconfig",
        "load": "give it images",
        "logs": "write all its logs below a folder",
    }
    parsers = {
        name: own.add_parser(name, help=text, parents=[which]) for name, text in helps.items()
    }
    parsers["load"].add_argument("archives", type=Path, nargs="+", metavar="ARCHIVE")
    parsers["logs"].add_argument("folder", type=Path, metavar="FOLDER")


def run(arguments: argparse.Namespace) -> int:
    """Run one of them; returns the exit code. Raises ClusterError."""
    _ACTIONS[arguments.action](
        KindCluster(KindSettings(arguments.name, arguments.index)), arguments
    )
    return 0


def _up(cluster: KindCluster, _arguments: argparse.Namespace) -> None:
    cluster.up(say)
    elevation.hand_over(cluster.kubeconfig)


def _status(cluster: KindCluster, _arguments: argparse.Namespace) -> None:
    cluster.check_running()
    print(cluster.kubectl("get", "nodes,pods", "--all-namespaces", "--output=wide"), end="")


def _kubeconfig(cluster: KindCluster, _arguments: argparse.Namespace) -> None:
    cluster.check_running()
    print(cluster.kubeconfig)


_ACTIONS: Mapping[str, Callable[[KindCluster, argparse.Namespace], None]] = MappingProxyType(
    {
        "up": _up,
        "down": lambda cluster, _: cluster.down(),
        "status": _status,
        "kubeconfig": _kubeconfig,
        "load": lambda cluster, arguments: cluster.load(arguments.archives),
        "logs": lambda cluster, arguments: cluster.logs(arguments.folder),
    }
)
