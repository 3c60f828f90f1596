"""`mesh-proxy run`: prepares the process, then hands it to the engine for good.

Every pod pays for what is imported here, so it is a few modules of the standard library.
"""

import os
import resource
import signal
import sys

from . import _engine

_STANDARD_ERROR = 2


def main() -> int:
    """Run the engine until it ends and return its exit code."""
    _occupy_standard_streams()
    _raise_file_limit()
    # The engine handles both with handlers of its own, which it installs only over the
    # default; Python's SIGINT handler would wait for an interpreter that never runs.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    return _engine.run()


def _occupy_standard_streams() -> None:
    """Open what is closed of descriptors 0 to 2: a socket there would be sent the log."""
    descriptor = 0
    while descriptor <= _STANDARD_ERROR:
        descriptor = os.open(os.devnull, os.O_RDWR)  # the lowest that is closed
    os.close(descriptor)


def _raise_file_limit() -> None:
    """Allow as many open files as the system lets us: a connection costs two."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == hard:
        return
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    except (OSError, ValueError) as error:
        print(f"mesh-proxy: open files stay limited to {soft}: {error}", file=sys.stderr)
