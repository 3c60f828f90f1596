"""What a reader of a failed run wants to have: states, descriptions, logs, events."""

import subprocess
import sys
from pathlib import Path
from typing import Any

from kubectl import Kubectl

_LISTINGS = {
    "pods": ("get", "pods", "--all-namespaces", "--output=wide"),
    "events": ("get", "events", "--all-namespaces", "--sort-by=.lastTimestamp"),
    "services": ("get", "services,endpointslices", "--all-namespaces", "--output=wide"),
    "nodes": ("describe", "nodes"),
}
_LOG_LINES = "--tail=2000"


def collect(kubectl: Kubectl, folder: Path) -> None:
    """Write it below a folder, one file for each listing, pod and container."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, arguments in _LISTINGS.items():
        _keep(kubectl, folder / f"{name}.txt", *arguments)
    (folder / "mesh-check.txt").write_text(_check(kubectl))
    for pod in kubectl.get("pods", "", "--all-namespaces"):
        _keep_pod(kubectl, folder, pod)


def summary(kubectl: Kubectl) -> str:
    """The first look: which pods there are and how they are."""
    return kubectl.attempt("get", "pods", "--all-namespaces", "--output=wide").stdout


def _check(kubectl: Kubectl) -> str:
    """What `mesh check` says of it all."""
    mesh = Path(sys.executable).parent / "mesh"
    done = subprocess.run(
        [str(mesh), "check", "--proxy", "--wait", "0s"],
        capture_output=True,
        text=True,
        env=kubectl.environment,
        timeout=120,
        check=False,
    )
    return done.stdout + done.stderr


def _keep_pod(kubectl: Kubectl, folder: Path, pod: dict[str, Any]) -> None:
    metadata = pod["metadata"]
    where = (metadata["name"], "--namespace", metadata["namespace"])
    here = folder / metadata["namespace"]
    _keep(kubectl, here / f"{metadata['name']}.txt", "describe", "pod", *where)
    for container in (*pod["spec"].get("initContainers", ()), *pod["spec"]["containers"]):
        logs = ("logs", *where, "--container", container["name"], _LOG_LINES)
        name = f"{metadata['name']}.{container['name']}"
        _keep(kubectl, here / f"{name}.log", *logs)
        if _restarted(pod, container["name"]):
            _keep(kubectl, here / f"{name}.previous.log", *logs, "--previous")


def _restarted(pod: dict[str, Any], container: str) -> bool:
    status = pod.get("status", {})
    states = (*status.get("initContainerStatuses", ()), *status.get("containerStatuses", ()))
    return any(each["name"] == container and each["restartCount"] for each in states)


def _keep(kubectl: Kubectl, path: Path, *arguments: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    done = kubectl.attempt(*arguments)
    path.write_text(done.stdout + done.stderr)
