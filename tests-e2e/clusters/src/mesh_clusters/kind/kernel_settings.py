"""Settings of the whole machine that a node of kind's official image changes."""

from collections.abc import Mapping
from pathlib import Path

_SYSCTL = Path("/proc/sys")
# The kubelet's, and those that the systemd of a node sets.
_CHANGED = (
    *("kernel/keys/root_maxbytes", "kernel/keys/root_maxkeys", "kernel/panic"),
    *("kernel/panic_on_oops", "kernel/pid_max", "vm/overcommit_memory", "vm/panic_on_oom"),
    *("fs/protected_fifos", "fs/protected_hardlinks", "fs/protected_regular"),
    "fs/protected_symlinks",
)


def read(folder: Path = _SYSCTL) -> dict[str, str]:
    """The settings as they are."""
    return {name: (folder / name).read_text() for name in _CHANGED if (folder / name).exists()}


def restore(before: Mapping[str, str], folder: Path = _SYSCTL) -> None:
    """Set what is not as it was."""
    now = read(folder)
    for name, value in before.items():
        if now.get(name, value) != value:
            (folder / name).write_text(value)
