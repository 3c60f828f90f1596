"""Whether this machine can hold a local mesh; asked before anything is made."""

import errno
import os
import platform
import sys
from collections.abc import Callable
from pathlib import Path

from mesh_cli.local import kernel, nftables, service_table
from mesh_cli.local.errors import Unsupported
from mesh_cli.local.kernel import MountFlag, Namespace
from mesh_cli.local.netlink import NetlinkError
from mesh_cli.local.settings import SERVICE_NETWORKS

_CAP_NET_ADMIN, _CAP_SYS_ADMIN = 12, 21
_NOT_HERE = "lint, types and unit tests run here all the same"


def check() -> None:
    """Raise Unsupported with one line that names what is missing and the way that works."""
    check_platform()
    need_root()
    if missing := _missing_capabilities(Path("/proc/self/status").read_text()):
        raise Unsupported(
            f"root lacks {missing} here, as in an unprivileged container: run the container "
            f"with --privileged, or use a virtual machine; {_NOT_HERE}"
        )
    if problem := in_child(_try_namespaces):
        raise Unsupported(problem)


def check_platform() -> None:
    """Raise Unsupported where no user, not even root, could have namespaces."""
    if sys.platform != "linux":
        raise Unsupported(
            f"`mesh local` needs Linux's network namespaces, and this is {platform.system()}: "
            f"run it in a Linux virtual machine; {_NOT_HERE}"
        )
    if _wsl1(Path("/proc/version")):
        raise Unsupported(
            "WSL 1 has no Linux kernel: convert with `wsl --set-version DISTRIBUTION 2`; "
            f"{_NOT_HERE}"
        )


def need_root() -> None:
    """Raise Unsupported, with the command to type, unless this is root."""
    if os.geteuid() != 0:
        raise Unsupported(f"making namespaces needs root: sudo {' '.join(_command_line())}")


def _command_line() -> list[str]:
    return [str(Path(sys.argv[0]).absolute()) if "/" in sys.argv[0] else sys.argv[0], *sys.argv[1:]]


def _wsl1(version: Path) -> bool:
    """WSL 2's kernel calls itself `microsoft-standard`; WSL 1 only `Microsoft`."""
    try:
        text = version.read_text()
    except OSError:
        return False
    return "Microsoft" in text and "microsoft-standard" not in text


def _missing_capabilities(status: str) -> str:
    """Names of needed capabilities that are not effective."""
    line = next((row for row in status.splitlines() if row.startswith("CapEff:")), "CapEff: 0")
    effective = int(line.split()[1], 16)
    needed = {"CAP_NET_ADMIN": _CAP_NET_ADMIN, "CAP_SYS_ADMIN": _CAP_SYS_ADMIN}
    return " and ".join(name for name, bit in needed.items() if not effective >> bit & 1)


def in_child(attempt: Callable[[], str]) -> str:
    """Run something that changes its process in a child; returns what it says."""
    reader, writer = os.pipe2(os.O_CLOEXEC)
    pid = os.fork()
    if pid == 0:
        try:
            os.write(writer, attempt().encode())
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as answer:
        text = answer.read().decode()
    os.waitpid(pid, 0)
    return text


def _try_namespaces() -> str:
    """In a throw-away child: make what a mesh needs; empty if all of it works."""
    try:
        kernel.unshare(Namespace.MOUNT | Namespace.NET | Namespace.UTS | Namespace.IPC)
        kernel.mount("none", "/", flags=MountFlag.PRIVATE | MountFlag.RECURSIVE)
        Path("/proc/sys/net/ipv4/ip_forward").write_text("1")
    except OSError as problem:
        return (
            f"this machine does not let root make namespaces ({problem}): run in a privileged "
            f"container or a virtual machine; {_NOT_HERE}"
        )
    try:
        nftables.commit(service_table.plan([], SERVICE_NETWORKS[:1], []))
    except NetlinkError as problem:
        return f"the kernel has no usable nftables ({problem}): load nf_tables and nft_chain_nat"
    except OSError as problem:
        if problem.errno in (errno.EPROTONOSUPPORT, errno.ENOPROTOOPT):
            return "the kernel has no nftables: load nf_tables, or use a kernel that has it"
        return f"netfilter cannot be reached: {problem}"
    return ""
