"""What the node's processes see of the machine: its files, hardly any that they could change.

Its `/etc`, `/opt` and `/var` show through a layer: what is written there (the configuration of a
CNI plugin, say) stays in memory and ends with the node. What is large or wanted afterwards lies
in the cluster's own folder on disk. All in a mount namespace of its own.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from mesh_cli.local import kernel
from mesh_cli.local.kernel import MountFlag
from mesh_clusters.node.machine import HIERARCHIES
from mesh_clusters.node.settings import Settings

_SHARED = MountFlag(1 << 20)  # MS_SHARED
_SCRATCH = Path("/run/view")
_LAYERED = ("etc", "opt", "var")
NODE_FOLDERS: Mapping[str, str] = MappingProxyType(
    {
        "/var/lib/containerd": "private/containerd",
        "/var/lib/kubelet": "private/kubelet",
        "/opt/cni/bin": "private/cni-plugins",
        "/etc/cni/net.d": "private/cni-chain",
        "/var/log/pods": "logs/pods",
    }
)
# The kubelet sets these for the whole machine unless it finds them so.
_SETTINGS: Mapping[str, int] = MappingProxyType(
    {
        "kernel/keys/root_maxbytes": 25_000_000,
        "kernel/keys/root_maxkeys": 1_000_000,
        "kernel/panic": 10,
        "kernel/panic_on_oops": 1,
        "vm/overcommit_memory": 1,
        "vm/panic_on_oom": 0,
    }
)


def make(settings: Settings, on_disk: Mapping[str, str] = NODE_FOLDERS) -> None:
    """Change the mounts of the calling process, which has a mount namespace of its own.

    `on_disk` says where it shows what lies in the cluster's folder, by the path there.
    """
    kernel.mount("none", "/", flags=MountFlag.PRIVATE | MountFlag.RECURSIVE)
    plain = MountFlag.NO_SUID | MountFlag.NO_DEVICES
    kernel.mount("proc", "/proc", "proc", plain | MountFlag.NO_EXEC)
    state = os.open(settings.state, os.O_PATH | os.O_CLOEXEC)
    kernel.mount("tmpfs", "/run", "tmpfs", plain, "mode=755")
    _SCRATCH.mkdir()
    for name in _LAYERED:
        _layer(name)
    _show_state(settings, state, on_disk)
    _own_sysfs()
    _answer_kubelet()
    # Pods' volumes are mounted on the node and have to show in their containers.
    kernel.mount("none", "/", flags=_SHARED | MountFlag.RECURSIVE)


def _layer(name: str) -> None:
    upper, work = _SCRATCH / f"{name}.upper", _SCRATCH / f"{name}.work"
    upper.mkdir()
    work.mkdir()
    options = f"lowerdir=/{name},upperdir={upper},workdir={work}"
    kernel.mount("overlay", f"/{name}", "overlay", options=options)


def _show_state(settings: Settings, state: int, on_disk: Mapping[str, str]) -> None:
    """Show the cluster's folder itself, which the layers cover, and parts of it elsewhere."""
    settings.state.mkdir(parents=True, exist_ok=True)
    kernel.bind(f"/proc/self/fd/{state}", str(settings.state))
    os.close(state)
    for target, source in on_disk.items():
        (settings.state / source).mkdir(parents=True, exist_ok=True)
        Path(target).mkdir(parents=True, exist_ok=True)
        kernel.bind(str(settings.state / source), target)


def _own_sysfs() -> None:
    """Give the node a /sys that shows its own interfaces, and the control groups as before."""
    groups = _SCRATCH / "cgroup"
    groups.mkdir()
    kernel.bind(str(HIERARCHIES), str(groups), recursive=True)
    kernel.mount("sysfs", "/sys", "sysfs")
    kernel.bind(str(groups), str(HIERARCHIES), recursive=True)
    # Before the mounts are shared: afterwards this would take away the other copy, too.
    kernel.detach(str(groups))


def _answer_kubelet() -> None:
    for name, value in _SETTINGS.items():
        pretended = _SCRATCH / name.replace("/", ".")
        pretended.write_text(f"{value}\n")
        kernel.bind(str(pretended), f"/proc/sys/{name}")
