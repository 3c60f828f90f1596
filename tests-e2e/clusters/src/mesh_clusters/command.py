"""Real Kubernetes clusters on this machine.

  build                 the programs, once; --only says for what
  up                    a node until pods run and names resolve (root)
  eval "$(… env)"       KUBECONFIG, and kubectl and helm on PATH
  load ARCHIVE...       images for the node
  node -- CMD ARG...    a command on the node
  logs [COMPONENT]      of kubelet, kube-apiserver, containerd …; `node` is process 1
  status, kubeconfig, down
  kind up|load|logs|status|kubeconfig|down
                        the same for a cluster of kind's, in Docker

Several clusters run side by side: give each a --name and an --index.
"""

import argparse
import os
import shlex
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from mesh_cli.errors import MeshError
from mesh_clusters import binaries, elevation
from mesh_clusters.binaries import say
from mesh_clusters.errors import ClusterError
from mesh_clusters.kind import command as kind
from mesh_clusters.kind.cluster import prepare
from mesh_clusters.node import machine, programs
from mesh_clusters.node.cluster import Cluster
from mesh_clusters.node.networks import LARGEST_INDEX
from mesh_clusters.node.settings import DEFAULT_NAME, PROXY_MODES, Settings
from mesh_clusters.targets import PARTS

# As a shell reports a command that Ctrl-C ended.
_INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    arguments = _parser().parse_args(argv)
    try:
        if arguments.command == "build":
            _build(arguments.only)
            return 0
        if arguments.command == "kind":
            return kind.run(arguments)
        settings = Settings(
            arguments.name, arguments.index, arguments.proxy_mode, ipv6=machine.has_ipv6()
        )
        return _COMMANDS[arguments.command](Cluster(settings), arguments)
    except (ClusterError, MeshError) as error:
        print(f"mesh_clusters: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("mesh_clusters: interrupted; nothing half made is left", file=sys.stderr)
        return _INTERRUPTED
    except BrokenPipeError:
        # Whoever read has enough (`logs | head`); nothing more can be flushed at exit either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m mesh_clusters",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    build = commands.add_parser("build", help="build what is missing or out of date")
    build.add_argument(
        "--only", choices=tuple(PARTS), nargs="+", default=["all"], help="what to build for"
    )

    kind.add(commands)

    which = argparse.ArgumentParser(add_help=False)
    which.add_argument("--name", default=DEFAULT_NAME, help="the cluster (default: %(default)s)")
    which.add_argument(
        "--index", type=int, default=0, help=f"chooses its addresses, 0 to {LARGEST_INDEX}"
    )
    which.add_argument("--proxy-mode", choices=PROXY_MODES, default=PROXY_MODES[0])
    helps = {
        "up": "start it; returns when pods can run",
        "down": "end it and leave nothing behind",
        "status": "its node and pods",
        "env": "KUBECONFIG and PATH, for a shell's eval",
        "kubeconfig": "the path of its kubeconfig",
        "load": "give it images",
        "logs": "print a component's log",
        "node": "run a command on its node",
    }
    parsers = {
        name: commands.add_parser(name, help=text, parents=[which]) for name, text in helps.items()
    }
    parsers["load"].add_argument("archives", type=Path, nargs="+", metavar="ARCHIVE")
    parsers["logs"].add_argument("component", nargs="?", default="node", metavar="COMPONENT")
    parsers["node"].add_argument("words", nargs="+", metavar="CMD")
    return parser


def _build(parts: Sequence[str]) -> None:
    """Build and fetch all that a later `up` needs, which runs as root and would own it."""
    for part in parts:
        built = binaries.ensure(part)
        if part in ("node", "all"):
            programs.find(built, say)
        if part in ("kind", "all"):
            prepare(say)
    print(built.folder)


def _up(cluster: Cluster, _arguments: argparse.Namespace) -> int:
    cluster.up(say)
    elevation.hand_over(cluster.kubeconfig)
    return 0


def _down(cluster: Cluster, _arguments: argparse.Namespace) -> int:
    cluster.down()
    return 0


def _status(cluster: Cluster, _arguments: argparse.Namespace) -> int:
    cluster.check_running()
    print(cluster.kubectl("get", "nodes,pods", "--all-namespaces", "--output=wide"), end="")
    return 0


def _env(cluster: Cluster, _arguments: argparse.Namespace) -> int:
    folder = binaries.ensure("apiserver").folder
    print(f"export KUBECONFIG={shlex.quote(str(cluster.kubeconfig))}")
    print(f'export PATH={shlex.quote(str(folder))}:"$PATH"')
    return 0


def _kubeconfig(cluster: Cluster, _arguments: argparse.Namespace) -> int:
    cluster.check_running()
    print(cluster.kubeconfig)
    return 0


def _load(cluster: Cluster, arguments: argparse.Namespace) -> int:
    cluster.load(arguments.archives)
    return 0


def _logs(cluster: Cluster, arguments: argparse.Namespace) -> int:
    with cluster.log(arguments.component).open("rb") as log:
        shutil.copyfileobj(log, sys.stdout.buffer)
    return 0


def _node(cluster: Cluster, arguments: argparse.Namespace) -> int:
    return cluster.run_on_node(*arguments.words)


_COMMANDS: Mapping[str, Callable[[Cluster, argparse.Namespace], int]] = MappingProxyType(
    {
        "up": _up,
        "down": _down,
        "status": _status,
        "env": _env,
        "kubeconfig": _kubeconfig,
        "load": _load,
        "logs": _logs,
        "node": _node,
    }
)
