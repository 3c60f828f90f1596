"""The note on the host that says which process a mesh's supervisor is.

A pid alone may be another process by now, so the note also holds the inode of the pid
namespace whose first process it must be.
"""

import contextlib
import os
import signal
from dataclasses import dataclass
from pathlib import Path

_NAME = "supervisor"


@dataclass(frozen=True, slots=True)
class SupervisorRecord:
    """A supervisor as the host sees it."""

    pid: int
    namespace: int

    def save(self, state: Path) -> None:
        """Write the note (by rename, so that it is never half there)."""
        temporary = state / f".{_NAME}"
        temporary.write_text(f"{self.pid} {self.namespace}\n")
        temporary.rename(state / _NAME)

    @property
    def alive(self) -> bool:
        """Whether that very process still runs."""
        return pid_namespace(self.pid) == self.namespace and not _is_zombie(self.pid)

    def kill(self) -> None:
        """End it at once; the kernel ends everything in its namespaces."""
        # The pidfd closes the gap between the check and the signal.
        with contextlib.suppress(ProcessLookupError):
            descriptor = os.pidfd_open(self.pid)
            try:
                if self.alive:
                    signal.pidfd_send_signal(descriptor, signal.SIGKILL)
            finally:
                os.close(descriptor)


def load(state: Path) -> SupervisorRecord | None:
    """Read the note; None where there is none or it is damaged."""
    try:
        pid, namespace = (state / _NAME).read_text().split()
        return SupervisorRecord(int(pid), int(namespace))
    except (OSError, ValueError):
        return None


def pid_namespace(pid: int) -> int | None:
    """The inode of a process's pid namespace, or None if the process is gone."""
    try:
        return Path(f"/proc/{pid}/ns/pid").stat().st_ino
    except OSError:
        return None


def _is_zombie(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return True
    return stat.rpartition(")")[2].split()[0] == "Z"
