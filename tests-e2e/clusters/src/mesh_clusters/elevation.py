"""Whether this user, on this machine, can have namespaces; and who asked for them."""

import os
import shlex
import sys
from pathlib import Path

from mesh_cli.errors import MeshError
from mesh_cli.local import preconditions
from mesh_clusters.errors import Unsupported
from mesh_clusters.places import home


def check_machine() -> None:
    """Raise Unsupported with what is missing and the way that works."""
    need_root()
    try:
        preconditions.check()
    except MeshError as error:
        raise Unsupported(str(error)) from error


def need_root() -> None:
    """Raise Unsupported, with the command to type, unless this is root."""
    if os.geteuid() != 0:
        # The cache as well: root's own would be built from the beginning.
        command = ["env", f"MESH_CACHE={home().parent}", sys.executable, "-m", "mesh_clusters"]
        words = shlex.join([*command, *sys.argv[1:]])
        raise Unsupported(f"a node is made of namespaces, which needs root: sudo {words}")


def hand_over(file: Path) -> None:
    """Give a file to the user who asked with sudo, who could not read it otherwise."""
    owner, group = os.environ.get("SUDO_UID"), os.environ.get("SUDO_GID")
    if owner and group:
        os.chown(file, int(owner), int(group))
