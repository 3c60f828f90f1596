"""In which Docker a cluster lives, and what was there before it."""

import contextlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from mesh_clusters.errors import CommandFailed
from mesh_clusters.kind import kernel_settings
from mesh_clusters.kind.docker import Docker

NETWORK = "kind"
_FILE = "docker.json"


@dataclass(frozen=True, slots=True)
class Residence:
    """A daemon, and what is to be left in it or put back when the cluster is gone."""

    docker: Docker
    # Ours, with everything in it; else the machine's, where we take away only what we brought.
    private: bool
    image: str
    had_image: bool
    had_network: bool
    kernel: dict[str, str]

    @classmethod
    def of(cls, docker: Docker, image: str, *, private: bool) -> Self:
        """Look at what is there before anything of ours is; `image` is the node's."""
        had_network = docker.has_network(NETWORK)
        had_image = docker.has_image(image)
        return cls(docker, private, image, had_image, had_network, kernel_settings.read())

    def save(self, state: Path) -> None:
        """Write it down in the cluster's folder."""
        (state / _FILE).write_text(json.dumps(asdict(self), default=str))

    @classmethod
    def load(cls, state: Path) -> Self | None:
        """What was written down, if that was all written."""
        try:
            said = json.loads((state / _FILE).read_text())
        except (OSError, ValueError):
            return None
        docker = Docker(Path(said["docker"]["program"]), said["docker"]["variables"])
        return cls(**{**said, "docker": docker})

    def leave(self) -> None:
        """Take away what the cluster, already deleted, has left in the machine's Docker."""
        if not self.had_image:
            with contextlib.suppress(CommandFailed):
                self.docker("image", "rm", self.image)
        if not self.had_network:
            # Unless somebody else uses it by now.
            with contextlib.suppress(CommandFailed):
                self.docker("network", "rm", NETWORK)
        kernel_settings.restore(self.kernel)
