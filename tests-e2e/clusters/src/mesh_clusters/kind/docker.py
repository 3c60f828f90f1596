"""Docker's command line, towards a daemon of the machine's or of our own."""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from mesh_cli.local.programs import installed
from mesh_clusters.daemons import environment
from mesh_clusters.errors import CommandFailed

_SECONDS = 300.0
_ANSWER_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Docker:
    """A client program, and the variables that say which daemon it talks to."""

    program: Path
    variables: Mapping[str, str]

    @classmethod
    def ordinary(cls) -> Self | None:
        """The machine's own, which the user's variables choose; None if none answers."""
        program = installed("docker")
        if program is None:
            return None
        found = cls(program, {k: v for k, v in os.environ.items() if k.startswith("DOCKER_")})
        return found if found.answers() else None

    @classmethod
    def private(cls, program: Path, socket: Path) -> Self:
        """The daemon at a socket, without any settings of the user's."""
        own = {"DOCKER_HOST": f"unix://{socket}", "DOCKER_CONFIG": str(socket.parent / "client")}
        return cls(program, own)

    @property
    def environment(self) -> dict[str, str]:
        """What a program needs that runs `docker` itself, as kind does."""
        others = {k: v for k, v in environment().items() if not k.startswith("DOCKER_")}
        path = f"{self.program.parent}:{others.get('PATH', os.defpath)}"
        return {**others, **self.variables, "PATH": path, "KIND_EXPERIMENTAL_PROVIDER": "docker"}

    def answers(self) -> bool:
        """Whether the daemon is there and lets us in."""
        try:
            self("version", seconds=_ANSWER_SECONDS)
        except CommandFailed:
            return False
        return True

    def has_image(self, name: str) -> bool:
        """Whether an image is there already."""
        return self._succeeds("image", "inspect", name)

    def is_running(self, container: str) -> bool:
        """Whether a container is there and its first process lives."""
        try:
            return self("inspect", "--format={{.State.Running}}", container).strip() == "true"
        except CommandFailed:
            return False

    def has_network(self, name: str) -> bool:
        """Whether a network is there."""
        return self._succeeds("network", "inspect", name)

    def _succeeds(self, *arguments: str) -> bool:
        try:
            self(*arguments)
        except CommandFailed:
            return False
        return True

    def __call__(self, *arguments: str, seconds: float = _SECONDS) -> str:
        """Run a command and give what it prints; raises CommandFailed."""
        return run([str(self.program), *arguments], self.environment, seconds)


def run(argv: list[str], variables: Mapping[str, str], seconds: float = _SECONDS) -> str:
    """Run a program and give what it prints; raises CommandFailed with what it complains about."""
    said = f"{Path(argv[0]).name} {' '.join(argv[1:])}"
    try:
        done = subprocess.run(
            argv,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=seconds,
            env=dict(variables),
        )
    except subprocess.TimeoutExpired:
        raise CommandFailed(f"{said}: no end after {seconds:g} s") from None
    if done.returncode != 0:
        raise CommandFailed(f"{said}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout
