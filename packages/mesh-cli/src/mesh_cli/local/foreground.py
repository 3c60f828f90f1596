"""`mesh local up` after the start: progress, then staying as the mesh's client."""

import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType

from mesh_cli.local import interrupts
from mesh_cli.local.client import LocalMesh
from mesh_cli.local.control_protocol import Document
from mesh_cli.local.errors import ControlError, NotRunning
from mesh_cli.local.settings import prefix_option
from mesh_cli.output import say

_INTERRUPTED = 130
_ERASE = "\033[K"


class _Interrupts:
    """The first Ctrl-C asks for an orderly end, the second for an immediate one."""

    def __init__(self, mesh: LocalMesh) -> None:
        self.count = 0
        self._mesh = mesh
        self._ending: threading.Thread | None = None

    def install(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._handle)

    def _handle(self, _number: int, _frame: FrameType | None) -> None:
        self.count += 1
        if self.count == 1:
            say("\ntaking the mesh down; Ctrl-C again ends it at once")
            # In a thread: a second signal has to come through while this waits.
            self._ending = threading.Thread(target=self._mesh.down, name="take the mesh down")
            self._ending.start()
        else:
            self._mesh.kill()

    def finish(self) -> None:
        """Return when nothing is left of a mesh that has ended or was told to."""
        if self._ending is not None:
            self._ending.join()
        with interrupts.ignored():
            self._mesh.down()


def stay(mesh: LocalMesh, *, wait: float, detach: bool, report: Callable[[Document], None]) -> int:
    """Wait until everything is ready, report, and stay until the mesh ends; the exit code."""
    pressed = _Interrupts(mesh)
    pressed.install()
    try:
        in_time = _report_when_ready(mesh, wait, report)
    except (ControlError, NotRunning):
        if not pressed.count:
            raise
        pressed.finish()
        return _INTERRUPTED
    if detach and not pressed.count:
        say(f"the mesh runs on; end it with `mesh local down{prefix_option(mesh.prefix)}`")
        return 0 if in_time else 1
    say("Ctrl-C takes everything down. If this process is killed, the mesh runs on until `down`.")
    orderly = _until_end(mesh)
    pressed.finish()
    if not orderly and not pressed.count:
        say("the mesh has ended: its supervisor was killed, and the kernel ended the rest")
        return 1
    return 0


def _report_when_ready(mesh: LocalMesh, wait: float, report: Callable[[Document], None]) -> bool:
    """Wait, show what there is, and say whether everything became ready in time."""
    try:
        document = mesh.wait(wait, _progress)
    finally:
        _end_progress()
    report(document)
    if document.get("timed_out"):
        say(f"not everything is ready after {wait:g} s; what runs goes on")
        return False
    say(f"ready after {document['ready_seconds']:.1f} s")
    return True


def _until_end(mesh: LocalMesh) -> bool:
    """Wait for the mesh's end; False when its supervisor ended without a word."""
    try:
        mesh.request("follow")
    except (NotRunning, ControlError, OSError):
        return False
    return True


def _progress(notice: Document) -> None:
    """One line that is written over; nothing where it would fill a log."""
    if sys.stderr.isatty() and notice["pods"]:
        print(
            f"\r{notice['ready']} of {notice['pods']} pods ready{_ERASE}", end="", file=sys.stderr
        )
        sys.stderr.flush()


def _end_progress() -> None:
    if sys.stderr.isatty():
        print(f"\r{_ERASE}", end="", file=sys.stderr, flush=True)
