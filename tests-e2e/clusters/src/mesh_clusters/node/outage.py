"""Outages of a node's components, made on purpose: ended until further notice, or frozen."""

import os
import signal
from pathlib import Path

from mesh_cli.local.record import SupervisorRecord
from mesh_clusters.errors import NotRunning
from mesh_clusters.node.settings import Settings


def held(settings: Settings, component: str) -> Path:
    """The file that keeps the node from starting a component again."""
    return settings.state / "held" / component


def stop(settings: Settings, node: SupervisorRecord, component: str) -> None:
    """End a component at once; it stays away until `start`."""
    pid = process(node, component)
    mark = held(settings, component)
    mark.parent.mkdir(exist_ok=True)
    mark.touch()
    os.kill(pid, signal.SIGKILL)


def start(settings: Settings, component: str) -> None:
    """Let the node start it again, which it does within a second."""
    held(settings, component).unlink(missing_ok=True)


def process(node: SupervisorRecord, component: str) -> int:
    """This machine's number of a component's process; raises NotRunning."""
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            name = (entry / "cmdline").read_bytes().split(b"\0")[0]
        except OSError:
            continue
        if parent == node.pid and Path(name.decode(errors="replace")).name == component:
            return int(entry.name)
    raise NotRunning(f"no {component} runs on the node")
