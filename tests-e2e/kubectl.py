"""kubectl against one cluster."""

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any


def cluster_environment(
    base: Mapping[str, str], kubeconfig: Path, caches: Path
) -> Mapping[str, str]:
    """What programs run with that talk to a cluster; what they remember of it ends with the run.

    Else root would leave files in the user's ~/.kube, and the next cluster at the same address
    be taken for this one.
    """
    return {**base, "KUBECONFIG": str(kubeconfig), "KUBECACHEDIR": str(caches)}


class Kubectl:
    """Runs kubectl, with its errors in the assertion that fails."""

    def __init__(self, program: Path, environment: Mapping[str, str]) -> None:
        """Use one program and one cluster (`cluster_environment`)."""
        self._program = program
        self.environment = dict(environment)

    def command(self, *arguments: str) -> list[str]:
        """The command line for these arguments."""
        return [str(self._program), *arguments]

    def __call__(self, *arguments: str, stdin: str | None = None, timeout: float = 60) -> str:
        """Run a command that must succeed, and give what it printed."""
        done = self.attempt(*arguments, stdin=stdin, timeout=timeout)
        assert done.returncode == 0, f"kubectl {' '.join(arguments)}:\n{done.stdout}{done.stderr}"
        return done.stdout

    def attempt(
        self, *arguments: str, stdin: str | None = None, timeout: float = 60
    ) -> "subprocess.CompletedProcess[str]":
        """Run a command that may fail."""
        return subprocess.run(
            self.command(*arguments),
            input=stdin,
            capture_output=True,
            text=True,
            env=self.environment,
            timeout=timeout,
            check=False,
        )

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        """Start a command, with pipes."""
        return subprocess.Popen(
            self.command(*arguments),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self.environment,
        )

    def get(self, what: str, namespace: str = "", *arguments: str) -> list[dict[str, Any]]:
        """The objects of a kind (`pods`) or the one named (`pod/NAME`)."""
        where: Sequence[str] = ("--namespace", namespace) if namespace else ()
        document = json.loads(self("get", what, *where, *arguments, "--output", "json"))
        items: list[dict[str, Any]] = document.get("items", [document])
        return items
