"""The two images that every node has: the pod's first process, and the cluster's DNS server."""

from collections.abc import Callable
from pathlib import Path

from mesh_clusters.binaries import Binaries
from mesh_clusters.places import home
from mesh_images.archive import write
from mesh_images.image import Config, Image
from mesh_images.layer import file, pack

PAUSE = "localhost/mesh-cluster-pause:1"
DNS = "localhost/mesh-cluster-dns:1"

_USERS = {"pause": "65535:65535", "coredns": ""}
_NAMES = {"pause": PAUSE, "coredns": DNS}


def archives(binaries: Binaries, say: Callable[[str], None]) -> list[Path]:
    """The images' archives, made again when a program is newer."""
    return [_archive(name, binaries.path(name), say) for name in _NAMES]


def _archive(program: str, path: Path, say: Callable[[str], None]) -> Path:
    archive = home() / "images" / f"{program}.tar"
    if not archive.exists() or archive.stat().st_mtime < path.stat().st_mtime:
        say(f"packing the image {_NAMES[program]}")
        write(archive, [image(program, path)])
    return archive


def image(program: str, path: Path, *names: str) -> Image:
    """An image with one static program; by our names, or by others (kubeadm has its own)."""
    layer = pack([file(program, path, 0o755)], note=program)
    config = Config(entrypoint=[f"/{program}"], user=_USERS[program])
    return Image(names or (_NAMES[program],), (layer,), config)
