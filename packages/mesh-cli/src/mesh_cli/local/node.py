"""What all pods of a local mesh share: the machine's side of a kubelet."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mesh_cli.local.addresses import PodAddresses
from mesh_cli.local.environment import Lookup
from mesh_cli.local.links import Address
from mesh_cli.local.reaper import Reaper
from mesh_cli.local.redirects import Redirects
from mesh_cli.local.settings import Settings
from mesh_cli.local.start_order import StartOrder
from mesh_cli.local.tokens import TokenSigner


@dataclass(frozen=True, slots=True)
class Node:
    """Shared parts; `changed` tells the controllers that some pod's state is another."""

    settings: Settings
    reaper: Reaper
    addresses: PodAddresses
    gateways: tuple[Address, ...]
    dns: tuple[Address, ...]
    signer: TokenSigner
    redirects: Redirects
    order: StartOrder
    lookup: Lookup
    changed: Callable[[], None]

    def pod_directory(self, namespace: str, name: str) -> Path:
        """A pod's own files on the supervisor's side."""
        return self.settings.pods / f"{namespace}_{name}"

    def netns(self, namespace: str, name: str) -> Path:
        """The name under which a pod's net namespace can be entered."""
        return self.settings.pods / f"{namespace}_{name}.net"

    def log(self, namespace: str, pod: str, container: str) -> Path:
        """A container's log."""
        return self.settings.logs / namespace / pod / f"{container}.log"


def python_paths() -> list[Path]:
    """What any user has to be able to read for our own programs to start.

    The interpreter, the environment, and where packages are installed editable, their sources.
    """
    paths = [sys.base_prefix, sys.prefix, *sys.path]
    return [Path(path) for path in paths if path and Path(path).exists()]


def script(name: str) -> list[str]:
    """The command line of a console script of this very environment, isolated from the user's."""
    return [sys.executable, "-I", "-B", str(Path(sys.prefix, "bin", name))]
