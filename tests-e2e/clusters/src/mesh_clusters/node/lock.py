"""One `up` or `down` of a cluster at a time."""

import contextlib
import fcntl
import os
from collections.abc import Iterator

from mesh_clusters.node.settings import STATES, Settings


@contextlib.contextmanager
def locked(settings: Settings) -> Iterator[None]:
    """Hold the cluster's lock, whose file goes with the cluster."""
    path = STATES / f".{settings.name}.lock"
    while True:
        STATES.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            # Meanwhile a `down` may have removed the file, and another process made a new one.
            with contextlib.suppress(FileNotFoundError):
                if path.stat().st_ino == os.fstat(descriptor).st_ino:
                    break
            os.close(descriptor)
    try:
        yield
    finally:
        if not settings.state.exists():
            path.unlink()
            with contextlib.suppress(OSError):
                STATES.rmdir()  # unless other clusters have something there
        os.close(descriptor)
