"""The command line: `python -m mesh_clusters COMMAND`."""

import argparse
import sys
from collections.abc import Sequence

from mesh_clusters import binaries
from mesh_clusters.errors import ClusterError
from mesh_clusters.targets import PARTS


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    arguments = _parser().parse_args(argv)
    try:
        return _run(arguments)
    except ClusterError as error:
        print(f"mesh_clusters: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m mesh_clusters", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    build = commands.add_parser("build", help="build what is missing or out of date")
    build.add_argument("--only", choices=tuple(PARTS), default="all", help="what to build for")
    return parser


def _run(arguments: argparse.Namespace) -> int:
    if arguments.command == "build":
        print(binaries.ensure(arguments.only).folder)
    return 0
