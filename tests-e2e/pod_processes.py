"""The processes of a pod, by this machine's numbers, whatever runs the pod."""

import contextlib
import os
import signal
from collections.abc import Callable, Iterable
from pathlib import Path

PROC = Path("/proc")


def in_network(network: str) -> list[int]:
    """The processes in a network namespace, named as `/proc/PID/ns/net` names it."""

    def there(process: Path) -> bool:
        return (process / "ns/net").readlink().name == network

    return [int(process.name) for process in _processes() if _true(there, process)]


def in_pod(uid: str) -> list[int]:
    """The processes in a Kubernetes pod's control group, if its node runs on this machine."""
    # The systemd driver writes the uid with underscores.
    names = (f"pod{uid}", f"pod{uid.replace('-', '_')}")

    def there(process: Path) -> bool:
        groups = (process / "cgroup").read_text()
        return any(name in groups for name in names)

    return [int(process.name) for process in _processes() if _true(there, process)]


def kill(processes: Iterable[int], what: str) -> None:
    """SIGKILL those whose command line holds `what`; there must be one."""
    victims = [pid for pid in processes if what in command_line(pid)]
    assert victims, f"no process has {what!r} in its command line"
    for pid in victims:
        os.kill(pid, signal.SIGKILL)


def command_line(pid: int) -> str:
    """A process's arguments, joined with blanks; empty when it has ended."""
    try:
        return (PROC / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def _processes() -> list[Path]:
    found = [entry for entry in PROC.iterdir() if entry.name.isdigit()]
    return sorted(found, key=lambda entry: int(entry.name))


def _true(there: Callable[[Path], bool], process: Path) -> bool:
    """Ask; a process that has ended meanwhile is nowhere."""
    with contextlib.suppress(OSError):
        return there(process)
    return False
