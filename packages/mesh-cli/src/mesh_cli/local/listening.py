"""Which TCP ports something listens on, from a process's view of its net namespace."""

from pathlib import Path

_LISTEN = "0A"


def listening_ports(pid: int) -> set[int]:
    """Ports with a listener in the namespace of a process; empty when it is gone."""
    found: set[int] = set()
    for table in ("tcp", "tcp6"):
        try:
            text = Path(f"/proc/{pid}/net/{table}").read_text()
        except OSError:
            continue
        found |= parse(text)
    return found


def parse(text: str) -> set[int]:
    """The listeners of a `/proc/net/tcp` table (proc(5))."""
    rows = (line.split() for line in text.splitlines()[1:])
    return {
        int(row[1].rpartition(":")[2], 16) for row in rows if len(row) > 3 and row[3] == _LISTEN
    }
