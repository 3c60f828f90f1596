"""Where a node's programs lie: ours, and those that come from the distribution."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mesh_cli.local.programs import ProgramMissing, find_program, unpacked_package
from mesh_clusters.binaries import Binaries
from mesh_clusters.errors import Unsupported
from mesh_clusters.node import iptables

CNI_PLUGINS = ("bridge", "host-local", "loopback", "portmap", "ptp")

# Each with its Debian package. `ctr` and the shim come with containerd.
_PROGRAMS = {
    "containerd": "containerd",
    "runc": "runc",
    "nft": "nftables",
    "nsenter": "util-linux",
}
_CNI_PACKAGE = "containernetworking-plugins"
# Debian's, upstream's and Fedora's place.
_CNI_PLACES = (Path("/usr/lib/cni"), Path("/opt/cni/bin"), Path("/usr/libexec/cni"))
_SYSTEM = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")


@dataclass(frozen=True, slots=True)
class NodePrograms:
    """The folders that the node's PATH has, in order, and that of the CNI plugins."""

    folders: tuple[Path, ...]
    cni: Path

    @property
    def path(self) -> str:
        """The node's PATH."""
        return ":".join([*map(str, self.folders), *_SYSTEM])


def find(binaries: Binaries, say: Callable[[str], None]) -> NodePrograms:
    """Find everything, fetching what is missing; raises Unsupported with what to install."""
    try:
        found = [find_program(name, package, progress=say) for name, package in _PROGRAMS.items()]
        # Not for services, but for the host ports of pods.
        tables = iptables.folder(say)
        cni = next(filter(_has_plugins, _CNI_PLACES), None)
        if cni is None:
            root = unpacked_package(_CNI_PACKAGE, Path("usr/lib/cni/bridge"), progress=say)
            cni = root / "usr/lib/cni"
    except ProgramMissing as error:
        raise Unsupported(str(error)) from error
    folders = dict.fromkeys([binaries.folder, *(program.parent for program in found), tables])
    return NodePrograms(tuple(folders), cni)


def _has_plugins(folder: Path) -> bool:
    return all((folder / name).exists() for name in CNI_PLUGINS)
