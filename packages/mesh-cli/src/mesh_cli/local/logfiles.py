"""Container logs: plain files that the processes append to, kept below a size."""

import contextlib
import os
from pathlib import Path

MAX_BYTES = 8 << 20
_KEPT_BYTES = 4 << 20


def open_log(path: Path) -> int:
    """Open a log for appending; its directory is made. The caller closes the descriptor."""
    path.parent.mkdir(parents=True, exist_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
    return os.open(path, flags, 0o600)


def shorten(path: Path, limit: int = MAX_BYTES, kept: int = _KEPT_BYTES) -> bool:
    """Cut a log that has grown past the limit; its newest part moves to `<name>.1`.

    The processes keep writing to the same file (they append, so cutting it to nothing is
    safe); what they write between the copy and the cut is lost.
    """
    with contextlib.suppress(FileNotFoundError):
        if path.stat().st_size <= limit:
            return False
        with path.open("rb") as log:
            log.seek(-kept, os.SEEK_END)
            log.readline()
            path.with_name(f"{path.name}.1").write_bytes(log.read())
        os.truncate(path, 0)
        return True
    return False


def tail(path: Path, lines: int | None, end: int | None = None) -> bytes:
    """The last lines of a log (None: all of it), the kept older part included.

    `end` is the size of the log to look at: what came later is left to the caller.
    """
    parts = []
    for part, size in ((path.with_name(f"{path.name}.1"), None), (path, end)):
        with contextlib.suppress(FileNotFoundError):
            parts.append(part.read_bytes()[:size])
    text = b"".join(parts)
    if lines is None:
        return text
    return b"".join(text.splitlines(keepends=True)[-lines:]) if lines else b""


def last_line(path: Path, limit: int = 200) -> str:
    """The last thing that was written, shortened: most often the reason of an end."""
    try:
        with path.open("rb") as log:
            log.seek(max(log.seek(0, os.SEEK_END) - 4096, 0))
            lines = log.read().decode(errors="replace").strip().splitlines()
    except OSError:
        return ""
    return lines[-1].strip()[:limit] if lines else ""
