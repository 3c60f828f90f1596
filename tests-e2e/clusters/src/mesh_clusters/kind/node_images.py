"""The images that kubeadm starts a cluster from, under the names that it knows them by."""

import subprocess
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from mesh_clusters.binaries import Binaries
from mesh_clusters.errors import BuildFailed
from mesh_clusters.kind.tree import Tree
from mesh_clusters.node.images import image
from mesh_images import elf
from mesh_images.archive import write
from mesh_images.image import Config, Image
from mesh_images.layer import Entry, Layer, digest, file, folder, link, tar
from mesh_images.libraries import below_usr

# kube-proxy's: programs, and links to them.
_TOOLS = ("usr/sbin/xtables-nft-multi", "usr/sbin/nft", "usr/sbin/conntrack", "usr/bin/kmod")
_TOOL_LINKS = {
    "usr/sbin/modprobe": "../bin/kmod",
    **{
        f"usr/sbin/{name}{suffix}": "xtables-nft-multi"
        for name in ("iptables", "ip6tables")
        for suffix in ("", "-save", "-restore")
    },
}
_COMPONENTS = (
    *("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kube-proxy", "etcd"),
)
ARCHIVES = ("kubernetes", "small")
_SINGLE = {"coredns/coredns": "coredns", "pause": "pause"}


def names(binaries: Binaries, version: str) -> list[str]:
    """The images that kubeadm wants for a version; raises BuildFailed."""
    arguments = ["config", "images", "list", f"--kubernetes-version={version}"]
    done = subprocess.run(
        [str(binaries.path("kubeadm")), *arguments], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise BuildFailed(f"kubeadm {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout.split()


def pause(wanted: list[str]) -> str:
    """The one of every pod's first process."""
    return next(name for name in wanted if _repository(name) == "pause")


def write_archives(wanted: list[str], binaries: Binaries, tree: Tree, where: Path) -> list[Path]:
    """Write the images' archives; kube-proxy's tools are taken from a node's tree."""
    shared, single = (where / f"{name}.tar" for name in ARCHIVES)
    programs = {name: _SINGLE.get(_repository(name)) for name in wanted}
    write(
        single,
        [
            image(program, binaries.path(program), name)
            for name, program in programs.items()
            if program
        ],
    )
    # One image with all of Kubernetes bears the names of all its parts.
    everything = tuple(name for name, program in programs.items() if not program)
    write(shared, [_kubernetes(everything, binaries, tree)])
    return [shared, single]


def _repository(name: str) -> str:
    return name.removeprefix("registry.k8s.io/").rpartition(":")[0]


def _kubernetes(names: tuple[str, ...], binaries: Binaries, tree: Tree) -> Image:
    entries = [
        file("usr/local/bin/kubernetes", binaries.path("kubernetes").resolve(), 0o755),
        *(link(f"usr/local/bin/{name}", "kubernetes") for name in _COMPONENTS),
        *_tools(tree),
    ]
    content = tar(entries)
    # As fast as zlib goes: a node unpacks it at every start, and nobody fetches it.
    layer = Layer(zlib.compress(content, 1, wbits=31), digest(content), "Kubernetes")
    return Image(names, (layer,), Config())


def _tools(tree: Tree) -> Iterator[Entry]:
    """The programs and what they load, where a merged system has them."""
    for name in ("bin", "lib", "lib64", "sbin"):
        yield link(name, f"usr/{name}")
    yield folder("usr/lib64")
    libraries = {PurePosixPath(path).name: path for path in tree if ".so" in path}
    extensions = [path for path in tree if "/xtables/" in path and path.endswith(".so")]
    waiting, seen = [*_TOOLS, *extensions], set[str]()
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        content = tree.read(path)
        yield file(path, content, 0o755)
        if binary := elf.read(content):
            if binary.loader:
                waiting.append(below_usr(binary.loader))
            waiting += [libraries[name] for name in binary.needed if name in libraries]
    for path, target in _TOOL_LINKS.items():
        yield link(path, target)
