"""CPU time of processes, as the scheduler counts it."""

import contextlib
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")


@dataclass(frozen=True)
class Process:
    """A process of a pod, by the machine's number for it."""

    pid: int
    command: str


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
    """CPU time that all threads of the processes have used so far (`sched(5)`, schedstat)."""
    nanoseconds = 0
    for process in processes:
        for schedstat in (PROC / str(process.pid) / "task").glob("*/schedstat"):
            nanoseconds += int(schedstat.read_text().split()[0])
    return nanoseconds / 1e9


def resident_bytes(processes: list[Process]) -> int:
    """Resident memory of the processes, shared pages counted in each."""
    pages = (int((PROC / str(p.pid) / "statm").read_text().split()[1]) for p in processes)
    return sum(pages) * 4096
