"""runc for a root that lacks capabilities: asks for those that there are.

`--privileged` means all capabilities, and a kernel refuses to give what the giver does not have
(CAP_SYS_RESOURCE on some virtual machines). Run as `runtime.py RUNC ARGUMENT...`, without any of
this package: it starts with every `docker exec`.
"""

import json
import os
import sys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

# By number (linux/capability.h).
_NAMES = (
    *("CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID"),
    *("SETPCAP", "LINUX_IMMUTABLE", "NET_BIND_SERVICE", "NET_BROADCAST", "NET_ADMIN", "NET_RAW"),
    *("IPC_LOCK", "IPC_OWNER", "SYS_MODULE", "SYS_RAWIO", "SYS_CHROOT", "SYS_PTRACE", "SYS_PACCT"),
    *("SYS_ADMIN", "SYS_BOOT", "SYS_NICE", "SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "MKNOD"),
    *("LEASE", "AUDIT_WRITE", "AUDIT_CONTROL", "SETFCAP", "MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG"),
    *("WAKE_ALARM", "BLOCK_SUSPEND", "AUDIT_READ", "PERFMON", "BPF", "CHECKPOINT_RESTORE"),
)
_STATUS = Path("/proc/self/status")


def missing(status: str) -> set[str]:
    """The capabilities that a process cannot have, from its `/proc/PID/status`."""
    bounding = next(line for line in status.splitlines() if line.startswith("CapBnd:"))
    bits = int(bounding.split()[1], 16)
    return {f"CAP_{name}" for number, name in enumerate(_NAMES) if not bits >> number & 1}


def lacks_any() -> bool:
    """Whether this process, and all that it starts, lacks one."""
    return bool(missing(_STATUS.read_text()))


def specification(arguments: Sequence[str]) -> Path | None:
    """The file in which runc is told what to start: a container, or a process in one."""
    for option, value in pairwise(arguments):
        if option == "--bundle":
            return Path(value, "config.json")
        if option == "--process":
            return Path(value)
    return None


def without(document: dict[str, Any], refused: set[str]) -> dict[str, Any]:
    """The same specification, asking for fewer capabilities."""
    process = document.get("process", document)
    wanted = process.get("capabilities") or {}
    process["capabilities"] = {
        kind: [name for name in names if name not in refused] for kind, names in wanted.items()
    }
    return document


def main() -> None:
    """Change the specification, and become runc."""
    runc, *arguments = sys.argv[1:]
    path = specification(arguments)
    if path is not None:
        changed = without(json.loads(path.read_text()), missing(_STATUS.read_text()))
        path.write_text(json.dumps(changed))
    os.execv(runc, [runc, *arguments])


if __name__ == "__main__":
    main()
