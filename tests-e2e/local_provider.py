"""Scenarios on `mesh local`: the whole mesh in namespaces of this machine."""

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pod_processes
from interface_capture import InterfaceCapture
from provider import PodState


class LocalMesh:
    """A mesh of this test run's own; the `mesh` command is the one beside this interpreter."""

    def __init__(self, prefix: str, workloads: Path, programs: Sequence[Path]) -> None:
        """Name it, and say what it runs and which folders of programs its pods see."""
        self._prefix = prefix
        self._workloads = workloads
        self._programs = programs

    def up(self) -> None:
        """Bring it up and wait until everything is ready."""
        paths = [word for folder in self._programs for word in ("--path", str(folder))]
        self._mesh("up", str(self._workloads), "--detach", *paths, timeout=120)

    def down(self) -> None:
        """Take it down."""
        self._mesh("down", timeout=60)

    def diagnosis(self) -> str:
        """What a reader of a failed run wants to see first."""
        return subprocess.run(
            self._command("status"), capture_output=True, text=True, timeout=30, check=False
        ).stdout

    def apply(self, workloads: Path) -> None:
        """Read the folder again; it is the one that `up` was given."""
        assert workloads == self._workloads
        self._mesh("apply")

    def pods(self, namespace: str) -> Sequence[PodState]:
        """The pods of a namespace that are not ending."""
        return [
            PodState(
                namespace=row["namespace"],
                name=row["name"],
                ready=row["ready"],
                restarts=row["restarts"],
                meshed=row["meshed"],
                address=row["addresses"][0],
            )
            for row in self._rows(namespace)
        ]

    def start(self, pod: str, *command: str) -> "subprocess.Popen[str]":
        """Start a command in a pod."""
        return subprocess.Popen(
            self._command("exec", pod, "--", *command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def restart(self, namespace: str) -> None:
        """Begin a rolling restart of every Deployment of a namespace."""
        for row in self._status()["deployments"]:
            if row["namespace"] == namespace:
                names = (f"deployment/{row['name']}", "--namespace", namespace)
                self._mesh("restart", *names, "--wait", "0")

    def kill(self, pod: str, what: str) -> None:
        """SIGKILL the processes in a pod's network whose command line holds `what`."""
        pod_processes.kill(pod_processes.in_network(self._network(pod)), what)

    @contextlib.contextmanager
    def capture(self, pod: str) -> Iterator[InterfaceCapture]:
        """Record what passes the pod's interfaces but loopback."""
        pid = pod_processes.in_network(self._network(pod))[0]
        capture = InterfaceCapture(pid)
        try:
            yield capture
        finally:
            capture.close()

    def _network(self, pod: str) -> str:
        process = self.start(pod, "readlink", "/proc/self/ns/net")
        output, errors = process.communicate(timeout=20)
        assert process.returncode == 0, errors
        return output.strip()

    def _rows(self, namespace: str) -> list[dict[str, Any]]:
        return [
            row
            for row in self._status()["pods"]
            if row["namespace"] == namespace and row["phase"] != "Terminating"
        ]

    def _status(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self._mesh("status", "--output", "json"))
        return document

    def _command(self, verb: str, *arguments: str) -> list[str]:
        mesh = Path(sys.executable).parent / "mesh"
        return [str(mesh), "local", verb, "--prefix", self._prefix, *arguments]

    def _mesh(self, verb: str, *arguments: str, timeout: float = 30) -> str:
        command = self._command(verb, *arguments)
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)
        assert done.returncode == 0, f"{' '.join(command)}:\n{done.stdout}{done.stderr}"
        return done.stdout
