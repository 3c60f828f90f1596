"""The root filesystem of kind's node: Debian's systemd and containerd, kind's own files, ours."""

import string
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

from mesh_clusters.kind.node_images import ARCHIVES
from mesh_clusters.kind.tree import Tree

PACKAGES = (
    *(
        "base-files",
        "base-passwd",
        "bash",
        "coreutils",
        "dash",
        "debianutils",
        "findutils",
        "grep",
        "gzip",
    ),
    *("hostname", "libc-bin", "mawk", "mount", "procps", "sed", "tar", "usr-is-merged"),
    *("util-linux", "jq", "kmod", "systemd", "containerd", "runc", "conntrack", "ethtool"),
    *("containernetworking-plugins", "iproute2", "iptables", "nftables"),
)
CNI_PLUGINS = ("bridge", "host-local", "loopback", "portmap", "ptp")

# Wanted by other packages' scripts, none of which runs here.
_ONLY_FOR_SCRIPTS = ("debconf", "dpkg", "init-system-helpers", "perl-base")
_UNWANTED = (
    *("usr/share/doc", "usr/share/man", "usr/share/info", "usr/share/locale", "usr/share/lintian"),
    *("usr/share/bash-completion", "usr/share/zsh", "usr/share/doc-base", "usr/share/bug"),
    *("usr/share/fish", "usr/share/i18n", "usr/lib/gconv", "usr/lib/cni", "usr/lib/modprobe.d"),
    *("usr/bin/containerd-stress", "usr/bin/containerd-shim", "usr/bin/containerd-shim-runc-v1"),
    # Settings of the kernel are the machine's, not a node's.
    *("usr/lib/sysctl.d", "etc/sysctl.d", "etc/sysctl.conf", "usr/lib/binfmt.d"),
)
# What kind's own image leaves out as well: services that a container has no use for.
_WITHOUT = (
    "usr/lib/systemd/system/sysinit.target.wants/systemd-tmpfiles-setup.service",
    "usr/lib/systemd/system/multi-user.target.wants/*",
    "usr/lib/systemd/system/local-fs.target.wants/*",
    "usr/lib/systemd/system/sockets.target.wants/*udev*",
    "usr/lib/systemd/system/sockets.target.wants/*initctl*",
    "usr/lib/systemd/system/basic.target.wants/*",
    "etc/systemd/system/*.wants/*",
)
_SERVICES = {
    "containerd.service": "containerd.service",
    "kubelet.service": "kubelet.service",
    "undo-mount-hacks.service": "undo-mount-hacks.service",
    **{f"preloaded-images@{name}.service": "preloaded-images@.service" for name in ARCHIVES},
}
_LINKS = {
    "etc/systemd/system/systemd-binfmt.service": "/dev/null",
    "usr/bin/awk": "mawk",
    "usr/bin/sh": "dash",
    "usr/bin/which": "which.debianutils",
    "usr/sbin/init": "../lib/systemd/systemd",
    # Where kind's units and kind itself look for them.
    "usr/bin/kubeadm": "kubernetes",
    "usr/bin/kubectl": "kubernetes",
    "usr/bin/kubelet": "kubernetes",
    "usr/local/bin/containerd": "../../bin/containerd",
}
_FILES = {
    "etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
    "etc/systemd/journald.conf": "[Journal]\nReadKMsg=no\n",
    "etc/hosts": "127.0.0.1 localhost\n",
}
_FOLDERS = (
    *("dev", "proc", "run", "sys", "etc/kubernetes/manifests", "kind/manifests", "root"),
    *("var/log/journal", "var/lib/kubelet"),
)


def system(packages: Mapping[str, Path], kind: Path, version: str, pause: str) -> Tree:
    """The tree but for Kubernetes; `kind` is the folder of its module, `pause` an image."""
    tree = Tree()
    for name, archive in packages.items():
        if name not in _ONLY_FOR_SCRIPTS:
            tree.unpack(archive, _UNWANTED)
    _plugins(tree, packages["containernetworking-plugins"])
    tree.remove(*_WITHOUT)
    for path in _FOLDERS:
        tree.folder(path)
    for path in ("tmp", "var/tmp"):
        tree.folder(path, 0o1777)
    for name in ("passwd", "group"):
        tree.file(f"etc/{name}", tree.read(f"usr/share/base-passwd/{name}.master"))
    _kinds_own(tree, kind / "images/base/files")
    _ours(tree, pause)
    for service, unit in _SERVICES.items():
        tree.link(f"etc/systemd/system/multi-user.target.wants/{service}", f"../{unit}")
    for path, target in _LINKS.items():
        tree.link(path, target)
    for path, text in _FILES.items():
        tree.file(path, text.encode())
    tree.file("kind/version", f"{version}\n".encode())
    return tree


def _plugins(tree: Tree, package: Path) -> None:
    plugins = Tree()
    plugins.unpack(package)
    for name in CNI_PLUGINS:
        tree.file(f"opt/cni/bin/{name}", plugins.read(f"usr/lib/cni/{name}"), 0o755)


def _kinds_own(tree: Tree, folder: Path) -> None:
    """Entrypoint, units and settings, as kind's release has them."""
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder).as_posix()
        if path.is_file() and not relative.startswith(("LICENSES/", "etc/containerd/")):
            runs = relative.startswith(("kind/bin/", "usr/local/bin/"))
            tree.file(relative, path.read_bytes(), 0o755 if runs else 0o644)


def _ours(tree: Tree, pause: str) -> None:
    folder = Path(str(files("mesh_clusters.kind"))) / "root"
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            relative = path.relative_to(folder).as_posix()
            runs = "bin" in path.parts[-2:-1]
            tree.file(relative, path.read_bytes(), 0o755 if runs else 0o644)
    configuration = "etc/containerd/config.toml"
    text = string.Template(tree.read(configuration).decode()).substitute(PAUSE=pause)
    tree.file(configuration, text.encode())
