"""Steps that scenarios share: run a client in a pod, wait for a state."""

import json
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

from provider import PodState, Provider

CLIENT = ("python", "-m", "e2e_apps.client")
T = TypeVar("T")
Note: TypeAlias = Callable[[str], None]
"""Has a line printed at the end of the run."""


class Mesh:
    """A provider with the scenarios' application in it."""

    def __init__(self, provider: Provider, workloads: Path) -> None:
        """Use `workloads`, a folder of this run's own that tests may edit."""
        self.provider = provider
        self.workloads = workloads

    def run(self, pod: str, *arguments: str, timeout: float = 60) -> Any:
        """Run a client in a pod and return the JSON that it prints."""
        process = self.start(pod, *arguments)
        return self.finish(process, timeout)

    def start(self, pod: str, *arguments: str) -> "subprocess.Popen[str]":
        """Start a client in a pod."""
        return self.provider.start(f"e2e/{pod}", *CLIENT, *arguments)

    def finish(self, process: "subprocess.Popen[str]", timeout: float = 60) -> Any:
        """End a client's standard input and return what it prints."""
        try:
            output, errors = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            output, errors = process.communicate()
            raise AssertionError(f"no answer within {timeout} s: {output} {errors}") from None
        assert process.returncode == 0, f"{process.args!r}: {errors}{output}"
        return json.loads(output.splitlines()[-1])

    def get(self, pod: str, url: str, *arguments: str) -> dict[str, Any]:
        """The first answer to a GET from a pod; a JSON body is parsed under `json`."""
        answer: dict[str, Any] = self.run(pod, "get", url, *arguments)[0]
        if answer["headers"].get("content-type") == "application/json":
            answer["json"] = json.loads(answer["body"])
        return answer

    def pods(self, deployment: str) -> Sequence[PodState]:
        """The pods of a Deployment."""
        prefix = deployment + "-"
        return [pod for pod in self.provider.pods("e2e") if pod.name.startswith(prefix)]

    def ready(self, deployment: str, count: int, timeout: float = 30) -> list[PodState]:
        """Wait until a Deployment has exactly so many pods, all ready."""

        def all_ready() -> list[PodState] | None:
            pods = list(self.pods(deployment))
            return pods if len(pods) == count and all(pod.ready for pod in pods) else None

        return wait_for(f"{count} ready pods of {deployment}", all_ready, timeout)

    def edit(self, old: str, new: str, file: str = "meshed.yaml") -> None:
        """Replace text in a workload file and apply the folder."""
        path = self.workloads / file
        text = path.read_text()
        assert old in text, f"{file} does not hold {old!r}"
        path.write_text(text.replace(old, new))
        self.provider.apply(self.workloads)


def wait_for(what: str, probe: Callable[[], T | None], timeout: float = 30) -> T:
    """Ask again until the answer is not None; fail with what was awaited."""
    deadline = time.monotonic() + timeout
    while True:
        found = probe()
        if found is not None:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout} s: {what}")
        time.sleep(0.1)


def header(answer: dict[str, Any], name: str) -> list[str]:
    """The values of a request header field as the server saw it."""
    return [value for field, value in answer["json"]["headers"] if field == name]
