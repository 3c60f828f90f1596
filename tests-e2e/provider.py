"""What a scenario needs from the place where it runs; `local` is the first such place."""

import subprocess
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True)
class PodState:
    """One pod as the provider sees it."""

    namespace: str
    name: str
    ready: bool
    restarts: int
    meshed: bool
    address: str


class Capture(Protocol):
    """All bytes on a pod's network interface since the capture began."""

    def bytes(self) -> bytes:
        """What was seen so far, payloads and headers, in order."""
        ...


class Provider(Protocol):
    """A place with a mesh, into which workloads can be put."""

    def apply(self, workloads: Path) -> None:
        """Make the cluster hold exactly what the folder's files say."""
        ...

    def pods(self, namespace: str) -> Sequence[PodState]:
        """The pods of a namespace, those that are ending left out."""
        ...

    def start(self, pod: str, *command: str) -> "subprocess.Popen[str]":
        """Start a command in a pod's first container (`namespace/name`), with pipes."""
        ...

    def restart(self, namespace: str) -> None:
        """Begin a rolling restart of every Deployment of a namespace."""
        ...

    def kill(self, pod: str, what: str) -> None:
        """SIGKILL the processes of a pod whose command line holds `what`."""
        ...

    def capture(self, pod: str) -> AbstractContextManager[Capture]:
        """Record what passes a pod's network interface."""
        ...
