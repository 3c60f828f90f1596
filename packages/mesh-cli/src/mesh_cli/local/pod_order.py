"""What is asked of a pod's runner."""

from dataclasses import dataclass
from pathlib import Path

from mesh_cli.local.mounts import Bind
from mesh_cli.local.sidecar import Sidecar
from mesh_core.resources import Pod


@dataclass(frozen=True, slots=True)
class PodOrder:
    """What to run: an admitted pod, its sidecar, and what its processes find where."""

    pod: Pod
    sidecar: Sidecar | None = None
    working_directory: str = "/"
    search_path: tuple[Path, ...] = ()
    binds: tuple[Bind, ...] = ()
