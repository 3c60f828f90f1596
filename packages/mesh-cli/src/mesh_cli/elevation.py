"""From an ordinary user to root, for the one step that needs it: making namespaces."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence

from mesh_cli.errors import MeshError

# sudo drops most of the environment; HOME stays the user's, where the caches are.
_MAIN = "from mesh_cli.main import main; main()"
_KEPT = ("COLORTERM", "HOME", "LANG", "MESH_CACHE", "NO_COLOR", "PATH", "TERM", "XDG_CACHE_HOME")


class RootNeeded(MeshError):
    """Only root may make namespaces, and this user cannot become root."""

    exit_code = 3


def become_root(arguments: Sequence[str]) -> None:
    """Return when this is root already; else replace the process by itself under sudo.

    `arguments` are those of the `mesh` command. Raises RootNeeded where sudo is missing, or
    would ask somebody who is not there.
    """
    if os.geteuid() == 0:
        return
    sudo = shutil.which("sudo")
    if sudo is None:
        raise RootNeeded(
            "network namespaces need root, and there is no sudo; run this as root: "
            + " ".join(["mesh", *arguments])
        )
    if not sys.stdin.isatty() and not _without_password(sudo):
        raise RootNeeded(
            "network namespaces need root, and sudo wants a password, but there is no terminal; "
            f"run this as root: {' '.join(['mesh', *arguments])}"
        )
    print("network namespaces need root; sudo asks for it", file=sys.stderr)
    command = as_root(sudo, sys.executable, arguments, os.environ)
    sys.stdout.flush()
    os.execv(sudo, command)  # noqa: S606 - sudo itself, no shell


def _without_password(sudo: str) -> bool:
    asked = subprocess.run([sudo, "-n", "true"], capture_output=True, check=False)
    return asked.returncode == 0


def as_root(
    sudo: str, python: str, arguments: Sequence[str], environment: Mapping[str, str]
) -> list[str]:
    """Return the command line that runs `mesh` with these arguments as root.

    Without bytecode, so that nothing in a checkout or the caches becomes root's.
    """
    kept = [f"{name}={environment[name]}" for name in _KEPT if name in environment]
    return [sudo, "--", "env", *kept, python, "-I", "-B", "-c", _MAIN, *arguments]
