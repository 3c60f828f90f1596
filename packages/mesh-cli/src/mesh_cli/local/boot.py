"""From a process on the host to process 1 of a mesh: `python -m mesh_cli.local.boot`.

Started by `mesh local up`, it makes the namespaces, notes the first process's pid for the
host and ends. Failures are written to a descriptor that the starter reads.
"""

import asyncio
import contextlib
import os
import signal
import sys
import traceback
from pathlib import Path

from mesh_cli.local import kernel, links
from mesh_cli.local.errors import StartError
from mesh_cli.local.kernel import MountFlag, Namespace
from mesh_cli.local.links import Address
from mesh_cli.local.netlink import NETLINK_ROUTE, NetlinkSocket
from mesh_cli.local.record import SupervisorRecord, pid_namespace
from mesh_cli.local.settings import (
    DNS_ADDRESSES,
    GATEWAYS,
    SERVICE_NETWORKS,
    Settings,
    settings_from_json,
)

READY = b"ready\n"
_NAMESPACES = Namespace.MOUNT | Namespace.PID | Namespace.NET | Namespace.UTS | Namespace.IPC
_ROUTER_SYSCTLS = {
    "net/ipv4/ip_forward": "1",
    "net/ipv6/conf/all/forwarding": "1",
    "net/ipv6/conf/default/accept_dad": "0",
    "net/ipv6/conf/all/accept_dad": "0",
}


def main() -> None:
    """`boot SETTINGS REPORT_DESCRIPTOR`; the first process never returns from here."""
    settings = settings_from_json(sys.argv[1])
    report = int(sys.argv[2])
    # The mesh's DNS server may ask the host's; nothing else ever uses this.
    host_network = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    kernel.unshare(_NAMESPACES)
    go_reader, go_writer = os.pipe2(os.O_CLOEXEC)
    pid = os.fork()
    if pid:
        _note(pid, settings)
        os.write(go_writer, b".")
        os._exit(0)
    # The note needs the host's /proc, and the mount that hides it is seen by both processes.
    os.close(go_writer)
    if not os.read(go_reader, 1):
        os._exit(1)
    os.close(go_reader)
    try:
        become_router(settings)
        _supervise(settings, report, host_network)
    except BaseException as problem:  # noqa: BLE001 - process 1 ends here, with its mesh
        traceback.print_exc()
        with contextlib.suppress(OSError):
            os.write(report, f"{problem}\n".encode())
        os._exit(1)
    os._exit(0)


def _note(pid: int, settings: Settings) -> None:
    inode = pid_namespace(pid)
    if inode is None:
        raise StartError("the supervisor's process is gone before it began")
    SupervisorRecord(pid, inode).save(settings.state)


def families() -> int:
    """2 where the kernel has IPv6, else 1."""
    return 2 if Path("/proc/sys/net/ipv6/conf/all/forwarding").exists() else 1


def become_router(settings: Settings) -> None:
    """Make the fresh namespaces the mesh's node: mounts, host name, router."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    kernel.mount("none", "/", flags=MountFlag.PRIVATE | MountFlag.RECURSIVE)
    kernel.mount(
        "proc", "/proc", "proc", MountFlag.NO_SUID | MountFlag.NO_DEVICES | MountFlag.NO_EXEC
    )
    kernel.set_hostname(f"mesh-{settings.prefix}")
    # Tokens, keys and volumes of pods: in memory, and invisible from the host.
    flags = MountFlag.NO_SUID | MountFlag.NO_DEVICES
    kernel.mount("tmpfs", str(settings.pods), "tmpfs", flags, "mode=711")
    (settings.pods / "root").mkdir()
    for name, value in _ROUTER_SYSCTLS.items():
        with contextlib.suppress(FileNotFoundError):
            Path("/proc/sys", name).write_text(value)
    count = families()
    own: list[Address] = list(DNS_ADDRESSES[:count])
    with NetlinkSocket(NETLINK_ROUTE) as netlink:
        netlink.execute(links.router_plan(GATEWAYS[:count], SERVICE_NETWORKS[:count], own))


def _supervise(settings: Settings, report: int, host_network: int) -> None:
    # Only here: the host's process above ends without needing any of it.
    from mesh_cli.local.supervisor import Supervisor  # noqa: PLC0415

    def ready() -> None:
        os.write(report, READY)
        os.close(report)

    asyncio.run(Supervisor(settings, families(), host_network).run(ready))


if __name__ == "__main__":
    main()
