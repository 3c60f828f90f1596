"""The commands' end of the control socket."""

import contextlib
import json
import os
import select
import shutil
import socket
from collections.abc import Callable, Sequence
from pathlib import Path

from mesh_cli.local import record
from mesh_cli.local.control_protocol import Document, encode, send
from mesh_cli.local.errors import ControlError, NotRunning
from mesh_cli.local.settings import RUN_DIRECTORY

_END_SECONDS = 15.0


def _ignore(_: Document) -> None:
    """Take no notice."""


class LocalMesh:
    """A mesh on this machine, addressed by its prefix."""

    def __init__(self, prefix: str) -> None:
        """Nothing is contacted yet."""
        self.prefix = prefix
        self.state = RUN_DIRECTORY / prefix

    @property
    def running(self) -> bool:
        """Whether its supervisor lives."""
        found = record.load(self.state)
        return found is not None and found.alive

    def request(
        self,
        operation: str,
        notice: Callable[[Document], None] = _ignore,
        descriptors: Sequence[int] = (),
        **arguments: object,
    ) -> Document:
        """Ask the supervisor and wait for its answer; raises NotRunning or ControlError."""
        with self.connect() as connection:
            try:
                send(connection, {"op": operation, **arguments}, descriptors)
            except OSError as problem:
                raise ControlError(f"the supervisor does not listen: {problem}") from problem
            return self.answer(connection, notice)

    def connect(self) -> socket.socket:
        """A connection to the supervisor; raises NotRunning."""
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
        try:
            connection.connect(str(self.state / "control.sock"))
        except PermissionError:
            connection.close()
            raise NotRunning(f"only root reaches mesh {self.prefix!r}: use sudo") from None
        except OSError:
            connection.close()
            raise NotRunning(self._not_running()) from None
        return connection

    def _not_running(self) -> str:
        others = [path.name for path in RUN_DIRECTORY.glob("*") if LocalMesh(path.name).running]
        running = f"; running: {', '.join(sorted(others))}" if others else ""
        return f"no mesh {self.prefix!r} runs here; start one with `mesh local up DIR`{running}"

    @staticmethod
    def answer(connection: socket.socket, notice: Callable[[Document], None] = _ignore) -> Document:
        """Read notices until the result comes."""
        with connection.makefile("rb") as lines, contextlib.suppress(ConnectionError):
            for line in lines:
                document = json.loads(line)
                if "notice" in document:
                    notice(document["notice"])
                elif "error" in document:
                    raise ControlError(str(document["error"]))
                else:
                    result: Document = document["result"]
                    return result
        raise ControlError("the supervisor ended before it answered")

    # -- what commands and the demo use

    def status(self) -> Document:
        """The state of everything as one document."""
        return self.request("status")

    def scrape(self, pods: Sequence[str] = (), path: str = "/metrics") -> dict[str, str]:
        """A page of the proxies' admin servers by `namespace/pod`."""
        return {
            str(pod): str(text)
            for pod, text in self.request("scrape", pods=list(pods), path=path).items()
        }

    def wait(self, seconds: float, notice: Callable[[Document], None] = _ignore) -> Document:
        """Wait until everything is ready; `timed_out` in the answer says that it is not."""
        return self.request("wait", notice, seconds=seconds)

    def down(self, *, patience: float = _END_SECONDS) -> bool:
        """End the mesh and remove its directory; False if there was nothing."""
        found = record.load(self.state)
        there = self.state.exists()
        if found is not None and found.alive:
            try:
                self.request("down")
                ended = _gone(found, patience)
            except (NotRunning, ControlError):
                ended = _gone(found, 1.0)
            if not ended:
                self.kill()
        self.remove_state()
        _remove_if_empty(RUN_DIRECTORY)
        return there

    def remove_state(self) -> None:
        """Remove the directory of a mesh that does not run."""
        shutil.rmtree(self.state, ignore_errors=True)

    def kill(self) -> None:
        """End the supervisor at once, and with it everything in its namespaces."""
        found = record.load(self.state)
        if found is not None and found.alive:
            found.kill()
            if not _gone(found, _END_SECONDS):
                raise ControlError(f"process {found.pid} does not end; see dmesg")

    def send_signal(self, connection: socket.socket, number: int) -> None:
        """Pass a signal to the command of a running `exec`."""
        # The command may have ended in this very moment.
        with contextlib.suppress(OSError):
            connection.sendall(encode({"signal": number}))


def _gone(found: record.SupervisorRecord, seconds: float) -> bool:
    """Wait for a process that is not a child of ours to end."""
    try:
        descriptor = os.pidfd_open(found.pid)
    except ProcessLookupError:
        return True
    try:
        if not found.alive:
            return True
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        return bool(poll.poll(seconds * 1000)) or not found.alive
    finally:
        os.close(descriptor)


def _remove_if_empty(path: Path) -> None:
    try:
        path.rmdir()
    except OSError:
        return
