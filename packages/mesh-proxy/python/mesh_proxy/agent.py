"""`mesh-proxy run`: prepares the process, then hands it to the engine for good.

Every pod pays for what is imported here, so it is a few modules of the standard library.
"""

import resource
import signal
import sys

from . import _engine


def main() -> int:
    """Run the engine until it ends and return its exit code."""
    _raise_file_limit()
    # The engine handles both with handlers of its own, which it installs only over the
    # default; Python's SIGINT handler would wait for an interpreter that never runs.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    return _engine.run()


def _raise_file_limit() -> None:
    """Allow as many open files as the system lets us: a connection costs two."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == hard:
        return
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    except (OSError, ValueError) as error:
        print(f"mesh-proxy: open files stay limited to {soft}: {error}", file=sys.stderr)
