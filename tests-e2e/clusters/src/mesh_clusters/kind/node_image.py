"""kind's node image, made here: a tar for `docker import`, kept until its parts change."""

import hashlib
import json
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

from mesh_clusters import build, go, linker
from mesh_clusters.binaries import Binaries
from mesh_clusters.errors import BuildFailed
from mesh_clusters.kind import debian, node_images, node_root
from mesh_clusters.places import SOURCES, home

# The node's configuration, as an image has it; `docker import` knows no other way.
CHANGES = ("ENV container=docker", 'ENTRYPOINT ["/usr/local/bin/entrypoint", "/sbin/init"]')

_MODULE = "sigs.k8s.io/kind"
_RELEASE = Path("/etc/os-release")
_RECIPE = ("debian", "node_image", "node_images", "node_root", "tree")
_PROGRAMS = ("kubernetes", "coredns", "pause")


@dataclass(frozen=True, slots=True)
class NodeImage:
    """The image's name in Docker, and its root filesystem."""

    name: str
    root: Path


def ensure(binaries: Binaries, say: Callable[[str], None]) -> NodeImage:
    """Make it unless it is there; no root is needed. Raises BuildFailed, Unsupported, GoMissing."""
    key = _key(home())
    image = NodeImage(f"localhost/mesh-kind-node:{key}", home() / "images" / f"kind-node-{key}.tar")
    if image.root.exists():
        return image
    with build.alone(home(), say):
        if not image.root.exists():
            _make(image.root, binaries, say)
    return image


def _make(root: Path, binaries: Binaries, say: Callable[[str], None]) -> None:
    started = time.monotonic()
    module = linker.module_version("k8s.io/kubernetes", _go_mod("kubernetes").read_text())
    version = "v{major}.{minor}.{patch}".format_map(module)
    wanted = node_images.names(binaries, version)
    root.parent.mkdir(parents=True, exist_ok=True)
    with (
        debian.packages(node_root.PACKAGES, say) as packages,
        tempfile.TemporaryDirectory(prefix="mesh-kind-") as scratch,
    ):
        say("putting the node image together")
        pause = node_images.pause(wanted)
        tree = node_root.system(packages, _source(say), version, pause)
        for archive in node_images.write_archives(wanted, binaries, tree, Path(scratch)):
            tree.file(f"kind/images/{archive.name}", archive)
        tree.file("usr/bin/kubernetes", binaries.path("kubernetes").resolve(), 0o755)
        tree.write(root)
    for other in root.parent.glob("kind-node-*.tar"):
        if other != root:
            other.unlink()
    seconds = time.monotonic() - started
    say(f"kind's node image: {root.stat().st_size / 1e6:.0f} MB in {build.duration(seconds)}")


def _source(say: Callable[[str], None]) -> Path:
    """The folder of kind's module, which holds what every node image has."""
    compiler = go.find(home(), say)
    done = subprocess.run(
        [str(compiler.program), "mod", "download", "-json", _MODULE],
        cwd=SOURCES / "kind",
        env=compiler.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        return Path(json.loads(done.stdout)["Dir"])
    except (ValueError, KeyError):
        raise BuildFailed(
            f"go mod download {_MODULE}: {done.stderr.strip() or done.stdout.strip()}"
        ) from None


def _go_mod(target: str) -> Path:
    return SOURCES / target / "go.mod"


def _key(base: Path) -> str:
    """Changes with the programs, with kind, with the distribution and with how it is made."""
    total = hashlib.sha256(_recipe())
    for program in _PROGRAMS:
        total.update((base / "stamps" / f"{program}.json").read_bytes())
    if _RELEASE.exists():
        total.update(_RELEASE.read_bytes())
    total.update(go.architecture().encode())
    return total.hexdigest()[:12]


@cache
def _recipe() -> bytes:
    folder = Path(str(files("mesh_clusters.kind")))
    recipe = [folder / f"{name}.py" for name in _RECIPE]
    recipe += [_go_mod("kind"), *(path for path in (folder / "root").rglob("*") if path.is_file())]
    total = hashlib.sha256()
    for path in sorted(recipe):
        total.update(f"{path.name} {path.stat().st_size}\n".encode() + path.read_bytes())
    return total.digest()
