"""Starting a child of process 1."""

import os
import signal
from collections.abc import Sequence
from pathlib import Path


def spawn(argv: Sequence[str], log: Path) -> int:
    """Start a program that appends to a log, and give its number; raises OSError."""
    with log.open("ab") as file:
        # Not subprocess: it would compete with the reaper for the exit status.
        return os.posix_spawnp(
            argv[0],
            list(argv),
            os.environ,
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
                (os.POSIX_SPAWN_DUP2, file.fileno(), 1),
                (os.POSIX_SPAWN_DUP2, file.fileno(), 2),
            ],
            setsid=True,
            setsigmask=[],
            setsigdef=[signal.SIGPIPE, signal.SIGINT],
        )
