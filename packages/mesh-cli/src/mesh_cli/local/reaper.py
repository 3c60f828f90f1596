"""The exit status of every child, and of every orphan, in one place.

Process 1 must reap what its descendants leave behind, so it calls waitpid(-1). That races
with subprocess and asyncio's own child watchers for exit statuses: nothing in the supervisor
may use them. Children are registered by the code that forks them, on the loop's thread, so
that none can be reaped before it is known.
"""

import asyncio
import os
import signal


class Reaper:
    """Waits for all children of this process."""

    def __init__(self) -> None:
        self._waiting: dict[int, asyncio.Future[int]] = {}

    def install(self) -> None:
        """Begin to reap; call on the running loop's thread."""
        asyncio.get_running_loop().add_signal_handler(signal.SIGCHLD, self._reap)

    def register(self, pid: int) -> "asyncio.Future[int]":
        """The future of a child's exit code (negative: the signal that ended it)."""
        future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._waiting[pid] = future
        return future

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            future = self._waiting.pop(pid, None)
            if future is not None and not future.done():
                future.set_result(os.waitstatus_to_exitcode(status))
