"""kind's own node image, where Docker has it or can pull it."""

from collections.abc import Callable

from mesh_clusters.errors import CommandFailed
from mesh_clusters.kind.docker import Docker

# What kind 0.30.0 takes by default.
NAME = (
    "kindest/node:v1.34.0@sha256:7416a61b42b1662ca6ca89f02028ac133a309a2a30ba309614e8ec94d976dc5a"
)
_SECONDS = 600.0


def available(docker: Docker, say: Callable[[str], None]) -> bool:
    """Whether Docker has it, after trying to pull it."""
    if docker.has_image(NAME):
        return True
    say(f"pulling {NAME.partition('@')[0]} (about 450 MB)")
    try:
        docker("pull", "--quiet", NAME, seconds=_SECONDS)
    except CommandFailed as error:
        reason = str(error).rpartition("Error response from daemon: ")[2]
        say(f"it cannot be pulled, so one that is made here is used ({reason})")
        return False
    return True
