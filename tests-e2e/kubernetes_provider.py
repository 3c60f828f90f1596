"""Scenarios on a Kubernetes cluster: one that the run made, or one that was there."""

import contextlib
import json
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pod_processes
from cluster_place import ClusterPlace
from helm import Helm
from interface_capture import InterfaceCapture
from kubectl import Kubectl
from provider import PodState

_SECONDS_TO_READY = 180


class KubernetesMesh:
    """A cluster with the mesh installed; its nodes run on this machine unless said otherwise."""

    def __init__(self, kubectl: Kubectl, helm: Helm, place: ClusterPlace) -> None:
        """Work on the cluster that kubectl and helm reach."""
        self.kubectl = kubectl
        self.helm = helm
        self.place = place
        self._applied: set[tuple[str, str, str]] = set()

    def apply(self, workloads: Path) -> None:
        """Apply the folder's files and delete what an earlier version of them held."""
        printed = self.kubectl("apply", "--filename", str(workloads), "--output", "json")
        document = json.loads(printed)
        held = {_identity(item) for item in document.get("items", [document])}
        for kind, namespace, name in self._applied - held:
            self.kubectl("delete", kind, name, "--namespace", namespace, "--ignore-not-found")
        self._applied = held

    def wait_until_ready(self, namespace: str) -> None:
        """Wait for every Deployment and every bare pod of a namespace."""
        timeout = f"--timeout={_SECONDS_TO_READY}s"
        scope = ("--namespace", namespace, timeout)
        for deployment in self.kubectl.get("deployments", namespace):
            name = f"deployment/{deployment['metadata']['name']}"
            self.kubectl("rollout", "status", name, *scope, timeout=_SECONDS_TO_READY + 10)
        for pod in self.kubectl.get("pods", namespace):
            if not pod["metadata"].get("ownerReferences"):
                name = f"pod/{pod['metadata']['name']}"
                ready = "--for=condition=Ready"
                self.kubectl("wait", ready, name, *scope, timeout=_SECONDS_TO_READY + 10)

    def pods(self, namespace: str) -> Sequence[PodState]:
        """The pods of a namespace that are not ending."""
        return [
            _state(pod)
            for pod in self.kubectl.get("pods", namespace)
            if "deletionTimestamp" not in pod["metadata"]
        ]

    def start(self, pod: str, *command: str) -> "subprocess.Popen[str]":
        """Start a command in a pod's first container."""
        namespace, name = pod.split("/")
        container = self._pod(pod)["spec"]["containers"]
        first = next(each["name"] for each in container if each["name"] != "linkerd-proxy")
        where = (name, "--namespace", namespace, "--container", first)
        return self.kubectl.start("exec", "--stdin", *where, "--", *command)

    def restart(self, namespace: str) -> None:
        """Begin a rolling restart of every Deployment of a namespace."""
        self.kubectl("rollout", "restart", "deployment", "--namespace", namespace)

    def kill(self, pod: str, what: str) -> None:
        """SIGKILL the processes of a pod whose command line holds `what`."""
        pod_processes.kill(self._processes(pod), what)

    @contextlib.contextmanager
    def capture(self, pod: str) -> Iterator[InterfaceCapture]:
        """Record what passes the pod's interfaces but loopback."""
        capture = InterfaceCapture(self._processes(pod)[0])
        try:
            yield capture
        finally:
            capture.close()

    def _processes(self, pod: str) -> list[int]:
        found = pod_processes.in_pod(self._pod(pod)["metadata"]["uid"])
        assert found, f"no process of {pod} runs on this machine"
        return found

    def _pod(self, pod: str) -> dict[str, Any]:
        namespace, name = pod.split("/")
        return self.kubectl.get(f"pod/{name}", namespace)[0]


def _identity(item: dict[str, Any]) -> tuple[str, str, str]:
    metadata = item["metadata"]
    return item["kind"], metadata.get("namespace", ""), metadata["name"]


def _state(pod: dict[str, Any]) -> PodState:
    status = pod.get("status", {})
    spec = pod["spec"]
    conditions = {each["type"]: each["status"] for each in status.get("conditions", [])}
    containers = [*spec["containers"], *spec.get("initContainers", [])]
    return PodState(
        namespace=pod["metadata"]["namespace"],
        name=pod["metadata"]["name"],
        ready=conditions.get("Ready") == "True",
        restarts=sum(each["restartCount"] for each in status.get("containerStatuses", [])),
        meshed=any(each["name"] == "linkerd-proxy" for each in containers),
        address=status.get("podIP", ""),
    )
