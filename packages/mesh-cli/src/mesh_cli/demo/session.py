"""One run of the demo: up, wait, watch, down; whatever happens, down."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from mesh_cli.local import interrupts

from .history import History
from .pods import PodView
from .report import Report

# Ten pods take three to six seconds on two cores; ten times that is no slow start any more.
READY_SECONDS = 60.0
_POLL_SECONDS = 0.2
_LOOK_SECONDS = 1.0


class Mesh(Protocol):
    """The local mesh as the demo uses it."""

    def up(self) -> None:
        """Start it; returns when it starts pods. What fails leaves nothing (MeshError)."""

    def pods(self) -> Sequence[PodView]:
        """Return the application's pods, without what their proxies counted."""

    def look(self) -> Sequence[PodView]:
        """Return the pods with what their proxies have counted by now."""

    def problems(self) -> Sequence[str]:
        """Return what the mesh itself complains about."""

    def down(self) -> None:
        """End it in order, with everything in it."""

    def kill(self) -> None:
        """End it at once."""


class Audience(Protocol):
    """Who is told how it goes."""

    def starting(self, ready: int, pods: int, seconds: float) -> None:
        """So many pods are ready after so many seconds."""

    def watching(self, report: Report, seconds: float) -> None:
        """How the last seconds went."""

    def ending(self) -> None:
        """Everything is being taken down."""


@dataclass(frozen=True, slots=True)
class Timing:
    """The clock, and a sleep that Ctrl-C interrupts; tests bring their own."""

    now: Callable[[], float]
    sleep: Callable[[float], None]


def run(mesh: Mesh, audience: Audience, timing: Timing, seconds: float | None) -> Report:
    """Run the demo for `seconds` after everything is ready, None: until Ctrl-C.

    Returns the report also when something did not become ready; raises MeshError when the
    mesh cannot start, KeyboardInterrupt when Ctrl-C comes before anything could be seen.
    """
    history = History(started=timing.now())
    problems: Sequence[str] = ()
    mesh.up()
    try:
        if _await_ready(mesh, audience, timing, history):
            _watch(mesh, audience, timing, history, seconds)
        problems = mesh.problems()
    finally:
        try:
            audience.ending()
        finally:
            _end(mesh)
    return history.whole(problems)


def _await_ready(mesh: Mesh, audience: Audience, timing: Timing, history: History) -> bool:
    """Wait until every pod is ready; False when that takes too long."""
    while True:
        pods = mesh.pods()
        waited = timing.now() - history.started
        if pods and all(pod.ready for pod in pods):
            audience.starting(len(pods), len(pods), waited)
            history.add(mesh.look(), timing.now())
            return True
        audience.starting(sum(pod.ready for pod in pods), len(pods), waited)
        if waited >= READY_SECONDS:
            history.add(mesh.look(), timing.now())
            return False
        timing.sleep(_POLL_SECONDS)


def _watch(
    mesh: Mesh, audience: Audience, timing: Timing, history: History, seconds: float | None
) -> None:
    """Look once a second until the time is over or Ctrl-C comes."""
    try:
        while True:
            watched = history.measured_seconds(timing.now())
            audience.watching(history.recent(mesh.problems()), watched)
            if seconds is not None and watched >= seconds:
                return
            rest = _LOOK_SECONDS if seconds is None else min(_LOOK_SECONDS, seconds - watched)
            timing.sleep(max(rest, 0.0))
            history.add(mesh.look(), timing.now())
    except KeyboardInterrupt:
        # The way to end a demo without --seconds; what was seen so far is the result.
        return


def _end(mesh: Mesh) -> None:
    try:
        mesh.down()
    except KeyboardInterrupt:
        with interrupts.ignored():
            mesh.kill()
