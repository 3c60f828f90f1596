"""The programs of a cluster, built once and kept: `ensure().path("kube-apiserver")`."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mesh_clusters import build
from mesh_clusters.errors import NotBuilt
from mesh_clusters.places import home
from mesh_clusters.targets import PARTS, TARGETS, target_of


@dataclass(frozen=True, slots=True)
class Binaries:
    """The folder with all programs, each under its usual name."""

    folder: Path

    def path(self, name: str) -> Path:
        """Where the program of that name lies; raises NotBuilt, which says how to build it."""
        program = self.folder / name
        if not program.exists():
            target = target_of(name).name
            part = next(part for part, targets in PARTS.items() if target in targets)
            raise NotBuilt(
                f"{name} is not built; run: {sys.executable} -m mesh_clusters build --only {part}"
            )
        return program


def say(message: str) -> None:
    """Tell the user how it goes, on standard error."""
    print(f"mesh_clusters: {message}", file=sys.stderr, flush=True)


def ensure(part: str = "all", progress: Callable[[str], None] = say) -> Binaries:
    """Build what a part needs and is not up to date; parts: apiserver, helm, node, kind, all.

    Returns within 50 ms when nothing is to do. Raises GoMissing or BuildFailed.
    """
    base = home()
    build.build([TARGETS[name] for name in PARTS[part]], base, progress)
    return Binaries(base / "bin")
