"""What a cluster has on the machine outside its namespaces: control groups and a link."""

import contextlib
import json
import os
import socket
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from mesh_cli.local import links
from mesh_cli.local.netlink import NETLINK_ROUTE, NetlinkError, NetlinkSocket
from mesh_clusters.errors import StartFailed, Unsupported
from mesh_clusters.node.networks import Network, parse_routes
from mesh_clusters.node.settings import Settings

HIERARCHIES = Path("/sys/fs/cgroup")

# Far above what the kernel counts up to, so that no query is needed: the number is free.
_LINK_INDEX = 1 << 20
# What the kubelet wants its parent group to be able to limit (version 2).
_CONTROLLERS = ("cpu", "cpuset", "memory", "hugetlb", "pids")
_PATIENCE_SECONDS = 10.0
_INTERVAL_SECONDS = 0.05


def has_ipv6() -> bool:
    """Whether the kernel has IPv6 and lets interfaces use it."""
    disabled = Path("/proc/sys/net/ipv6/conf/all/disable_ipv6")
    return disabled.exists() and disabled.read_text().strip() == "0"


def routes() -> tuple[Network, ...]:
    """The destinations to which this machine has routes."""
    ipv6 = Path("/proc/net/ipv6_route")
    return parse_routes(
        Path("/proc/net/route").read_text(), ipv6.read_text() if ipv6.exists() else ""
    )


def connect(settings: Settings, pid: int) -> None:
    """Link the machine and the node, and route pods and services there.

    The other end becomes the node's `eth0`, which the node sets up itself. Both go with the
    node's network namespace. Raises StartFailed.
    """
    families = settings.families
    index = _LINK_INDEX + settings.index
    namespace = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        plan = links.attach_plan(
            settings.link,
            index,
            namespace,
            [family.node for family in families],
            [family.machine for family in families],
        )
        gateways = {family.node.version: family.node for family in families}
        for network in settings.routed:
            plan.append(links.add_route(network, index, gateway=gateways[network.version]))
        with NetlinkSocket(NETLINK_ROUTE) as netlink:
            netlink.execute(plan)
    except NetlinkError as error:
        raise StartFailed(
            f"the node cannot be connected ({error}); has another cluster just been started with"
            f" --index {settings.index}?"
        ) from error
    finally:
        os.close(namespace)


def disconnect(settings: Settings) -> None:
    """Remove the link, which a node that has just ended may still hold."""
    try:
        # By its name: the number may by now be that of another cluster on the same addresses.
        index = socket.if_nametoindex(settings.link)
    except OSError:
        return
    with NetlinkSocket(NETLINK_ROUTE) as netlink:
        netlink.execute([links.delete_link(index)])


def make_control_groups(settings: Settings) -> None:
    """Make the parent group of all pods, in every hierarchy; raises Unsupported."""
    try:
        if _unified():
            added = _delegate(_CONTROLLERS)
            (settings.state / "controllers.json").write_text(json.dumps(added))
        for group in _groups(settings):
            group.mkdir(exist_ok=True)
            _may_use_everything(group)
    except OSError as error:
        raise Unsupported(
            f"no control group for the pods can be made ({error}): in a container, run that with"
            " --privileged --cgroupns=host, or use a virtual machine"
        ) from error


def _may_use_everything(group: Path) -> None:
    """Version 1: a new group may use no processor and no memory at first."""
    for name in ("cpuset.cpus", "cpuset.mems"):
        inherited = group.parent / name
        if inherited.exists() and not _unified():
            (group / name).write_text(inherited.read_text())


def remove_control_groups(settings: Settings) -> None:
    """Remove the groups, whose last processes may be ending still."""
    for group in _groups(settings):
        for folder, _, _ in os.walk(group, topdown=False):
            patiently(partial(os.rmdir, folder))
    with contextlib.suppress(OSError, ValueError):
        for name in json.loads((settings.state / "controllers.json").read_text()):
            # Somebody else may use it by now: then it stays.
            with contextlib.suppress(OSError):
                (HIERARCHIES / "cgroup.subtree_control").write_text(f"-{name}")


def _delegate(wanted: tuple[str, ...]) -> list[str]:
    """Let groups below the root use the controllers; returns those that could not before."""
    control = HIERARCHIES / "cgroup.subtree_control"
    known = (HIERARCHIES / "cgroup.controllers").read_text().split()
    enabled = control.read_text().split()
    added = [name for name in wanted if name in known and name not in enabled]
    for name in added:
        control.write_text(f"+{name}")
    return added


def _unified() -> bool:
    return (HIERARCHIES / "cgroup.controllers").exists()


def _groups(settings: Settings) -> Iterator[Path]:
    name = settings.control_group.removeprefix("/")
    if _unified():
        yield HIERARCHIES / name
        return
    for hierarchy in sorted(HIERARCHIES.iterdir()):
        # `cpu` is often a link to `cpu,cpuacct`.
        if hierarchy.is_dir() and not hierarchy.is_symlink():
            yield hierarchy / name


def patiently(remove: Callable[[], None]) -> None:
    """Remove what the kernel may hold for a moment after its last process ended."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            return remove()
        except FileNotFoundError:
            return None
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(_INTERVAL_SECONDS)
