"""A pod's namespaces and its link to the router, from creation to removal.

A short-lived child makes the namespaces and the mounts; the supervisor keeps descriptors of
them, so that they outlive it. The net namespace also gets a name, for `mesh-proxy init`.
"""

import asyncio
import contextlib
import os
import signal
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mesh_cli.local import kernel, links, mounts
from mesh_cli.local.errors import StartError
from mesh_cli.local.kernel import Namespace
from mesh_cli.local.links import Address
from mesh_cli.local.netlink import NETLINK_ROUTE, NetlinkSocket
from mesh_cli.local.processes import read_until_closed
from mesh_cli.local.reaper import Reaper

_FILES = {
    Namespace.NET: "net",
    Namespace.UTS: "uts",
    Namespace.IPC: "ipc",
    Namespace.MOUNT: "mnt",
}
_SYSCTLS = {
    # As container runtimes do: an application that is not root may listen on port 80.
    "net/ipv4/ip_unprivileged_port_start": "0",
    "net/ipv4/ping_group_range": "0 2147483647",
    # Addresses are ours alone: duplicate detection would only delay the first packet.
    "net/ipv6/conf/default/accept_dad": "0",
    "net/ipv6/conf/all/accept_dad": "0",
}


@dataclass(frozen=True, slots=True)
class SandboxPlan:
    """What a pod's namespaces look like."""

    hostname: str
    steps: Sequence[mounts.Step]
    addresses: Sequence[Address]
    link: str
    link_index: int


@dataclass(slots=True)
class Sandbox:
    """The namespaces of one pod; `close` frees everything."""

    namespaces: Mapping[Namespace, int]
    netns: Path
    link_index: int
    _closed: bool = field(default=False)

    def close(self) -> None:
        """Kill what still runs in the pod, remove its link, let go of the namespaces."""
        if self._closed:
            return
        self._closed = True
        kill_inside(self.namespaces[Namespace.NET])
        with NetlinkSocket(NETLINK_ROUTE) as netlink:
            netlink.execute([links.delete_link(self.link_index)])
        with contextlib.suppress(OSError):
            kernel.detach(str(self.netns))
            self.netns.unlink()
        for descriptor in self.namespaces.values():
            os.close(descriptor)


async def create(
    plan: SandboxPlan, netns: Path, staging: Path, gateways: Sequence[Address], reaper: Reaper
) -> Sandbox:
    """Make a pod's namespaces and connect them; raises StartError with the failed step."""
    reader, writer = os.pipe2(os.O_CLOEXEC)
    hold_reader, hold_writer = os.pipe2(os.O_CLOEXEC)
    pid = os.fork()
    if pid == 0:
        _be_born(plan, staging, writer, hold_reader)
    os.close(writer)
    exited = reaper.register(pid)
    try:
        if complaint := await read_until_closed(reader):
            raise StartError(f"cannot make the pod's namespaces: {complaint}")
        sandbox = _adopt(pid, plan, netns, gateways)
    finally:
        os.close(reader)
        # A byte, not only end-of-file: children forked meanwhile hold this end as well.
        os.write(hold_writer, b".")
        os.close(hold_writer)
        os.close(hold_reader)
    try:
        await asyncio.shield(exited)
    except asyncio.CancelledError:
        # The pod is removed in this very moment, and nobody knows of its namespaces yet.
        sandbox.close()
        raise
    return sandbox


def _adopt(pid: int, plan: SandboxPlan, netns: Path, gateways: Sequence[Address]) -> Sandbox:
    namespaces = {
        kind: os.open(f"/proc/{pid}/ns/{name}", os.O_RDONLY | os.O_CLOEXEC)
        for kind, name in _FILES.items()
    }
    sandbox = Sandbox(namespaces, netns, plan.link_index)
    try:
        netns.touch()
        kernel.bind(f"/proc/{pid}/ns/net", str(netns))
        _connect(plan, namespaces[Namespace.NET], gateways)
    except OSError:
        sandbox.close()
        raise
    return sandbox


def _connect(plan: SandboxPlan, namespace: int, gateways: Sequence[Address]) -> None:
    with inside(namespace):
        pod = NetlinkSocket(NETLINK_ROUTE)
    with pod, NetlinkSocket(NETLINK_ROUTE) as router:
        router.execute(
            links.attach_plan(plan.link, plan.link_index, namespace, plan.addresses, gateways)
        )
        pod.execute(links.pod_plan(plan.addresses, gateways))


@contextlib.contextmanager
def inside(namespace: int) -> Iterator[None]:
    """Be in another net namespace for a moment: sockets made there belong to it.

    Never await inside: another task would run in the wrong namespace.
    """
    own = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        kernel.enter(namespace, Namespace.NET)
        try:
            yield
        finally:
            kernel.enter(own, Namespace.NET)
    finally:
        os.close(own)


def kill_inside(namespace: int) -> None:
    """Kill every process of a net namespace; none can leave it without privileges."""
    inode = os.fstat(namespace).st_ino
    killed: set[int] = set()
    # Again until none is new: a process may fork while this looks elsewhere.
    while new := _members(inode) - killed:
        for pid in new:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        killed |= new


def _members(inode: int) -> set[int]:
    """Processes of a net namespace, without the supervisor itself."""
    found = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and entry.name != "1":
            with contextlib.suppress(OSError):
                if (entry / "ns/net").stat().st_ino == inode:
                    found.add(int(entry.name))
    return found


def _be_born(plan: SandboxPlan, staging: Path, complaints: int, hold: int) -> None:
    """The child's part: make the namespaces, wait until they are adopted, end."""
    try:
        signal.set_wakeup_fd(-1)
        kernel.unshare(Namespace.NET | Namespace.UTS | Namespace.IPC | Namespace.MOUNT)
        kernel.set_hostname(plan.hostname)
        for name, value in _SYSCTLS.items():
            # Absent ones belong to a kernel without IPv6.
            with contextlib.suppress(FileNotFoundError):
                Path("/proc/sys", name).write_text(value)
        mounts.apply(plan.steps, staging)
        os.close(complaints)
        os.read(hold, 1)
    except BaseException as problem:  # noqa: BLE001 - the child must never return to the loop
        with contextlib.suppress(OSError):
            os.write(complaints, str(problem).encode())
    finally:
        os._exit(0)
