"""Starting process 1 of a node, and connecting it with the machine."""

import subprocess
import sys
from collections.abc import Mapping

from mesh_cli.local import record
from mesh_clusters.errors import StartFailed
from mesh_clusters.node import machine
from mesh_clusters.node.boot import CONNECTED
from mesh_clusters.node.settings import Settings

_LOG_LINES = 5


def launch(settings: Settings, module: str, environment: Mapping[str, str]) -> None:
    """Run a module that becomes process 1 (`boot.enter`); raises StartFailed.

    What it prints goes to the log `node`.
    """
    argv = [sys.executable, "-I", "-B", "-m", module, settings.to_json()]
    with (
        (settings.logs / "node.log").open("wb") as log,
        subprocess.Popen(
            argv,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            start_new_session=True,
            cwd="/",
            env=environment,
        ) as boot,
    ):
        if boot.wait() != 0:
            raise StartFailed(f"the node's namespaces could not be made: {last_words(settings)}")
        node = record.load(settings.state)
        if node is None or not node.alive:
            raise StartFailed(f"the node ended at once: {last_words(settings)}")
        machine.connect(settings, node.pid)
        # Process 1 holds the other end of the pipe.
        boot.communicate(CONNECTED)


def last_words(settings: Settings) -> str:
    """The end of what process 1 said."""
    lines = (settings.logs / "node.log").read_text(errors="replace").strip().splitlines()
    return "\n".join(lines[-_LOG_LINES:]) or "it said nothing"
