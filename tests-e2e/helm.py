"""The chart, installed with helm as a user does it."""

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

CHART = Path(__file__).parents[1] / "deploy/mesh"
NAMESPACE = "linkerd"
RELEASE = "mesh"


class Helm:
    """Runs helm on one cluster, with its errors in the assertion that fails."""

    def __init__(
        self, program: Path, environment: Mapping[str, str], values: Sequence[str] = ()
    ) -> None:
        """`values` are `NAME=VALUE`, the same for each installation and upgrade."""
        self._program = program
        self._environment = dict(environment)
        self._values = [word for value in values for word in ("--set", value)]

    def install(self) -> None:
        """Install the mesh and wait until it is ready."""
        self._release("upgrade", "--install", "--create-namespace")

    def upgrade(self, *more: str) -> None:
        """Install it again over itself; `more` are further options."""
        self._release("upgrade", *more)

    def test(self) -> str:
        """Run the chart's own tests and give what helm says."""
        return self("test", RELEASE, "--namespace", NAMESPACE, timeout=180)

    def uninstall(self) -> None:
        """Take the release away and wait until its objects are gone."""
        self("uninstall", RELEASE, "--namespace", NAMESPACE, "--wait", timeout=180)

    def __call__(self, *arguments: str, timeout: float = 60) -> str:
        """Run a command that must succeed, and give what it printed."""
        done = subprocess.run(
            [str(self._program), *arguments],
            capture_output=True,
            text=True,
            env=self._environment,
            timeout=timeout,
            check=False,
        )
        assert done.returncode == 0, f"helm {' '.join(arguments)}:\n{done.stdout}{done.stderr}"
        return done.stdout

    def _release(self, *words: str) -> None:
        where = (RELEASE, str(CHART), "--namespace", NAMESPACE)
        wait = ("--wait", "--timeout", "150s")
        self(*words, *where, *wait, *self._values, timeout=170)
