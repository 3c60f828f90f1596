"""`mesh local up` after the start: progress, then staying as the mesh's client."""

import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType

from mesh_cli.local.client import LocalMesh
from mesh_cli.local.control_protocol import Document
from mesh_cli.local.errors import ControlError, NotRunning
from mesh_cli.output import say

_DOWN_THREAD = "take the mesh down"
_ERASE = "\033[K"


class _Interrupts:
    """The first Ctrl-C asks for an orderly end, the second for an immediate one."""

    def __init__(self, mesh: LocalMesh) -> None:
        self.count = 0
        self._mesh = mesh

    def install(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._handle)

    def _handle(self, _number: int, _frame: FrameType | None) -> None:
        self.count += 1
        if self.count == 1:
            say("\ntaking the mesh down; Ctrl-C again ends it at once")
            # In a thread: a second signal has to come through while this waits.
            threading.Thread(target=self._mesh.down, name=_DOWN_THREAD).start()
        else:
            self._mesh.kill()


def stay(mesh: LocalMesh, *, wait: float, detach: bool, report: Callable[[Document], None]) -> int:
    """Wait until everything is ready, report, and stay until the mesh ends; the exit code."""
    interrupts = _Interrupts(mesh)
    interrupts.install()
    try:
        document = mesh.wait(wait, _progress)
    except (ControlError, NotRunning):
        if interrupts.count:
            return 130
        raise
    _end_progress()
    report(document)
    late = bool(document.get("timed_out"))
    if late:
        say(f"not everything is ready after {wait:g} s; what runs goes on")
    else:
        say(f"ready after {document['ready_seconds']:.1f} s")
    if detach:
        say("the mesh runs on; end it with `mesh local down`")
        return 1 if late else 0
    say("Ctrl-C takes everything down. If this process is killed, the mesh runs on until `down`.")
    orderly = _until_end(mesh)
    for thread in threading.enumerate():
        if thread.name == _DOWN_THREAD:
            thread.join()
    mesh.down()
    if not orderly and not interrupts.count:
        say("the mesh has ended: its supervisor was killed, and the kernel ended the rest")
        return 1
    return 0


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
