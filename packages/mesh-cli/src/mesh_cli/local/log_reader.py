"""`mesh local logs`: printing and following a container's log file."""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from mesh_cli.local.logfiles import tail

_POLL_SECONDS = 0.1


def print_log(path: Path, *, lines: int | None, follow: bool, alive: Callable[[], bool]) -> None:
    """Print a log; with `follow` also what comes later, as long as `alive`."""
    out = sys.stdout.buffer
    position = path.stat().st_size if path.exists() else 0
    out.write(tail(path, lines, position))
    out.flush()
    try:
        while follow and alive():
            position = _print_from(path, position)
            time.sleep(_POLL_SECONDS)
    except (KeyboardInterrupt, BrokenPipeError):
        return


def _print_from(path: Path, position: int) -> int:
    try:
        with path.open("rb") as log:
            size = os.fstat(log.fileno()).st_size
            # A log that was cut begins anew.
            log.seek(position if size >= position else 0)
            data = log.read()
            end = log.tell()
    except FileNotFoundError:
        return position
    if data:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    return end
