"""What needs root: whether we may, how to run it, and giving back what it made."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from house.places import CACHE, ROOT

_MISSING = (
    "this machine lets even root make no network namespaces (an unprivileged container, WSL 1?);"
    " run it on a virtual machine, or in a container with CAP_SYS_ADMIN and CAP_NET_ADMIN"
)


@dataclass(frozen=True)
class Elevation:
    """How a command gets to be root: a prefix, empty when we are root already."""

    prefix: tuple[str, ...]

    def wrap(self, argv: Sequence[str], environ: Mapping[str, str]) -> list[str]:
        """The command as root, with our environment and without writing bytecode."""
        if not self.prefix:
            return list(argv)
        # sudo drops most of the environment; HOME stays the user's, where the caches are.
        kept = [f"{name}={environ[name]}" for name in _KEPT if name in environ]
        return [*self.prefix, "env", *kept, "PYTHONDONTWRITEBYTECODE=1", *argv]

    def give_back(self) -> None:
        """Makes everything in checkout and caches the user's again."""
        if not self.prefix:
            return
        owner = f"{os.getuid()}:{os.getgid()}"
        places = [str(place) for place in (ROOT, CACHE) if place.exists()]
        subprocess.run(
            [
                *(*self.prefix, "find", *places, "-xdev", "-user", "0"),
                *("-exec", "chown", "--no-dereference", owner, "{}", "+"),
            ],
            check=False,
        )


# Where things are and come from; nothing that changes what a program does.
_KEPT = (
    *("CARGO_HOME", "CARGO_TARGET_DIR", "RUSTUP_HOME", "RUSTUP_TOOLCHAIN"),
    *("GOPROXY", "PIP_CONFIG_FILE", "PIP_INDEX_URL"),
    *("CI", "HOME", "KUBECONFIG", "NO_COLOR", "PATH", "TERM", "VIRTUAL_ENV"),
    *("HYPOTHESIS_STORAGE_DIRECTORY", "MESH_CACHE", "XDG_CACHE_HOME"),
)


class CannotElevateError(Exception):
    """Root or namespaces are out of reach; the text says why and what to do."""

    def __init__(self, reason: str, *, elsewhere: bool = False) -> None:
        super().__init__(reason)
        self.elsewhere = elsewhere


def elevate() -> Elevation:
    """A way to be root that can make namespaces, asking for a password when there is a terminal."""
    if sys.platform != "linux":
        reason = "needs Linux's network namespaces; use a Linux machine or virtual machine"
        raise CannotElevateError(reason, elsewhere=True)
    elevation = Elevation(_prefix())
    probe = [*elevation.prefix, "unshare", "--net", "--mount", "true"]
    if subprocess.run(probe, capture_output=True, check=False).returncode:
        raise CannotElevateError(_MISSING)
    return elevation


def _prefix() -> tuple[str, ...]:
    if os.geteuid() == 0:
        return ()
    if not shutil.which("sudo"):
        raise CannotElevateError("needs root; install sudo, or run it as root in a container")
    quiet = subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False)
    if quiet.returncode and not sys.stdin.isatty():
        raise CannotElevateError("needs root; allow sudo without password, or use a terminal")
    if quiet.returncode:
        print("dev: network namespaces need root; sudo asks for it", file=sys.stderr)
        if subprocess.run(["sudo", "-v"], check=False).returncode:
            raise CannotElevateError("needs root; sudo refused")
    return ("sudo",)
