"""CPU time of processes, as the scheduler counts it."""

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

PROC = Path("/proc")
UTIME, STIME = 11, 12
"""Places in `/proc/PID/stat` after the command (proc(5), fields 14 and 15)."""


@dataclass(frozen=True)
class Process:
    """A process of a pod, by the machine's number for it."""

    pid: int
    command: str


@dataclass(frozen=True)
class Usage:
    """CPU time that was used."""

    seconds: float
    """To the nanosecond (sched(5), schedstat)."""
    user_ticks: int
    system_ticks: int
    """These two only tell the shares: a tick is 10 ms."""

    def __sub__(self, earlier: Self) -> "Usage":
        """What was used since."""
        return Usage(
            self.seconds - earlier.seconds,
            self.user_ticks - earlier.user_ticks,
            self.system_ticks - earlier.system_ticks,
        )


def user_share(usages: Iterable[Usage]) -> float:
    """The share of user space, 0 to 1; half where nothing was long enough to be told."""
    taken = list(usages)
    user = sum(usage.user_ticks for usage in taken)
    ticks = user + sum(usage.system_ticks for usage in taken)
    return user / ticks if ticks else 0.5


def network_namespace(pid: int) -> str | None:
    """The identity of a process's network namespace; None if it has ended."""
    try:
        return (PROC / str(pid) / "ns/net").readlink().name
    except OSError:
        return None


def processes_in(namespace: str) -> list[Process]:
    """All processes in a network namespace."""
    found = []
    for entry in PROC.iterdir():
        if entry.name.isdigit() and network_namespace(int(entry.name)) == namespace:
            with contextlib.suppress(OSError):
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                found.append(Process(int(entry.name), command))
    return found


def cpu_seconds(processes: list[Process]) -> float:
    """CPU time that all threads of the processes have used so far."""
    return usage(processes).seconds


def usage(processes: list[Process]) -> Usage:
    """What all threads of the processes have used so far."""
    nanoseconds = user = system = 0
    for process in processes:
        for task in (PROC / str(process.pid) / "task").iterdir():
            # A thread may end between the listing and the reading.
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                nanoseconds += int((task / "schedstat").read_text().split()[0])
                fields = (task / "stat").read_text().rpartition(")")[2].split()
                user += int(fields[UTIME])
                system += int(fields[STIME])
    return Usage(nanoseconds / 1e9, user, system)
