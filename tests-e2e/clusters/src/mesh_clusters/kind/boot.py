"""From a process on the machine to process 1 of a private Docker's namespaces.

`python -m mesh_clusters.kind.boot SETTINGS`, started by `mesh_clusters.node.launch`.
"""

import asyncio
import sys
from functools import partial
from pathlib import Path

from mesh_cli.local import links
from mesh_cli.local.netlink import NETLINK_ROUTE, NetlinkSocket
from mesh_cli.local.reaper import Reaper
from mesh_clusters.kind.settings import KindSettings
from mesh_clusters.node import boot, view
from mesh_clusters.node.spawn import spawn

DAEMON_FILE = "daemon.json"


def main() -> None:
    """Process 1 never returns."""
    settings = KindSettings.from_json(sys.argv[1])
    boot.enter(settings, partial(_become_host, settings))


def _become_host(settings: KindSettings) -> None:
    view.make(settings, {})
    if not boot.connected():
        return
    Path("/proc/sys/net/ipv4/ip_forward").write_text("1")
    _set_up_network(settings)
    asyncio.run(_run_docker(settings))


def _set_up_network(settings: KindSettings) -> None:
    """The machine and nothing beyond: what asks for the rest of the world is refused at once."""
    family = settings.families[0]
    plan = [
        links.set_up(links.LOOPBACK_INDEX),
        links.set_up(links.POD_LINK_INDEX),
        links.add_address(links.POD_LINK_INDEX, family.node),
        links.add_route(links.host_network(family.machine), links.POD_LINK_INDEX),
    ]
    with NetlinkSocket(NETLINK_ROUTE) as netlink:
        netlink.execute(plan)


async def _run_docker(settings: KindSettings) -> None:
    """Run the daemon; when it ends, so do we, and with us all that it has started."""
    reaper = Reaper()
    reaper.install()
    argv = ["dockerd", f"--config-file={settings.etc / DAEMON_FILE}"]
    code = await reaper.register(spawn(argv, settings.logs / "dockerd.log"))
    print(f"dockerd ended with {code}", flush=True)


if __name__ == "__main__":
    main()
