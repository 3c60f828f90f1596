"""From a process on the machine to process 1 of a node: `python -m mesh_clusters.node.boot`.

Started by `up` with the settings as argument and the node's PATH. It makes the namespaces,
notes the first process's number, and ends; that process waits for a line that says that the
network is there.
"""

import asyncio
import os
import signal
import sys
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NoReturn

from mesh_cli.local import kernel, links
from mesh_cli.local.kernel import Namespace
from mesh_cli.local.netlink import NETLINK_ROUTE, NetlinkSocket
from mesh_cli.local.record import SupervisorRecord, pid_namespace
from mesh_clusters.node import view
from mesh_clusters.node.settings import Settings
from mesh_clusters.node.supervisor import Supervisor

CONNECTED = b"connected\n"
_NAMESPACES = Namespace.MOUNT | Namespace.PID | Namespace.NET | Namespace.UTS | Namespace.IPC
_SYSCTLS = {
    "net/ipv4/ip_forward": "1",
    "net/ipv6/conf/all/forwarding": "1",
    # A pod's address is its own without asking around, and usable at once.
    "net/ipv6/conf/default/accept_dad": "0",
    "net/ipv6/conf/all/accept_dad": "0",
}


def main() -> None:
    """`boot SETTINGS`, and the line on standard input; process 1 never returns."""
    settings = Settings.from_json(sys.argv[1])
    enter(settings, partial(_become_node, settings))


def enter(settings: Settings, become: Callable[[], None]) -> NoReturn:
    """Make the namespaces, and have their first process call `become`, which should not return."""
    kernel.unshare(_NAMESPACES)
    go_reader, go_writer = os.pipe2(os.O_CLOEXEC)
    pid = os.fork()
    if pid:
        inode = pid_namespace(pid)
        if inode is not None:
            SupervisorRecord(pid, inode).save(settings.state)
            os.write(go_writer, b".")
        os._exit(0 if inode is not None else 1)
    os.close(go_writer)
    noted = os.read(go_reader, 1)
    os.close(go_reader)
    try:
        if noted:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            become()
    except BaseException:  # noqa: BLE001 - process 1 ends here, and with it the node
        traceback.print_exc()
    os._exit(1)


def connected() -> bool:
    """Wait until `up` has connected the network namespace; False if it ended before."""
    if sys.stdin.buffer.readline() == CONNECTED:
        return True
    print("`up` ended before it connected the node", flush=True)
    return False


def _become_node(settings: Settings) -> None:
    view.make(settings)
    kernel.set_hostname(settings.node_name)
    if not connected():
        return
    for name, value in _SYSCTLS.items():
        setting = Path("/proc/sys", name)
        if setting.exists():
            setting.write_text(value)
    families = settings.families
    plan = links.pod_plan(
        [family.node for family in families], [family.machine for family in families]
    )
    with NetlinkSocket(NETLINK_ROUTE) as netlink:
        netlink.execute(plan)
    asyncio.run(Supervisor(settings).run())


if __name__ == "__main__":
    main()
