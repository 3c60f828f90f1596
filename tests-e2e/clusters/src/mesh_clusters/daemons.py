"""Servers as children of this process: they write a log, and none outlives this process."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from mesh_clusters.errors import StartFailed

# The kernel ends a child with the *thread* that made it (PR_SET_PDEATHSIG), and a test may
# start a server from a thread of its own. So one thread, which lives to the end, makes all.
_spawner = ThreadPoolExecutor(max_workers=1, thread_name_prefix="daemons")
_LOG_LINES = 5


def environment() -> dict[str, str]:
    """Ours, but without proxies: everything that a cluster talks to is on this machine."""
    return {key: value for key, value in os.environ.items() if not key.lower().endswith("_proxy")}


class Daemon:
    """One server that can be started, stopped, frozen and started again."""

    def __init__(self, name: str, argv: Sequence[str | Path], log: Path) -> None:
        self.name = name
        self.log = log
        self._argv = [str(word) for word in argv]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The process's number while it runs."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    def start(self) -> None:
        """Start it, unless it runs."""
        if self.pid is None:
            self._process = _spawner.submit(self._spawn).result()

    def _spawn(self) -> "subprocess.Popen[bytes]":
        with self.log.open("ab") as log:
            return subprocess.Popen(
                ["setpriv", "--pdeathsig=KILL", "--", *self._argv],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment(),
                # Ctrl-C is for the tests; they end their servers themselves.
                start_new_session=True,
                cwd="/",
            )

    def check(self) -> None:
        """Raise StartFailed, with the end of the log, if it has ended by itself."""
        if self._process is not None and (code := self._process.poll()) is not None:
            lines = self.log.read_text(errors="replace").strip().splitlines()[-_LOG_LINES:]
            said = "\n".join(lines) or "nothing"
            raise StartFailed(f"{self.name} ended with {code}; {self.log} ends with:\n{said}")

    def signal(self, number: signal.Signals) -> None:
        """Send a signal, if it runs."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(number)

    def stop(self, patience: float = 10.0) -> None:
        """End it: politely, and after `patience` seconds for sure; also when it is frozen."""
        if self._process is None:
            return
        if patience:
            self.signal(signal.SIGCONT)
            self.signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(patience)
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        self._process = None
