"""How the demo tells its user what happens: a live screen, or plain lines."""

from collections.abc import Sequence
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.text import Text

from .report import Report
from .view import LiveScreen, verdict

_USUAL_SECONDS = 4
_LINE_SECONDS = 10.0


class LiveAudience:
    """Redraws the terminal; used as a context, which gives the terminal back."""

    def __init__(self, console: Console, name: str, footer: Sequence[str], end: str) -> None:
        """Take the terminal, what runs, what to try next, and how it ends."""
        self._name = name
        self._footer = footer
        self._end = end
        self._live = Live(console=console, auto_refresh=False, transient=True)

    def __enter__(self) -> Self:
        """Begin to draw."""
        self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop drawing."""
        self._live.stop()

    def starting(self, ready: int, pods: int, seconds: float) -> None:
        """Show the progress of the start."""
        self._show(Text(_starting(ready, pods, seconds)))

    def watching(self, report: Report, seconds: float) -> None:
        """Show the tables."""
        ready = f"ready after {report.ready_seconds or 0:.1f} s"
        title = f"{self._name} · {ready} · watching for {seconds:.0f} s · {self._end}"
        self._live.update(LiveScreen(report, title, self._footer), refresh=True)

    def ending(self) -> None:
        """Say that it ends."""
        self._show(Text("taking everything down"))

    def _show(self, text: Text) -> None:
        self._live.update(text, refresh=True)


class PlainAudience:
    """Writes a line when something changes."""

    def __init__(self, console: Console) -> None:
        """Take where to write."""
        self._console = console
        self._ready = -1
        self._next_line = 0.0

    def __enter__(self) -> Self:
        """Nothing to prepare."""
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to give back."""

    def starting(self, ready: int, pods: int, seconds: float) -> None:
        """Say how many are ready, when that changes."""
        if ready != self._ready:
            self._ready = ready
            self._say(_starting(ready, pods, seconds))

    def watching(self, report: Report, seconds: float) -> None:
        """Say every now and then how it goes."""
        if seconds < self._next_line:
            return
        if self._next_line:
            self._say(f"after {seconds:.0f} s: {verdict(report)}")
        else:
            self._say(f"ready after {report.ready_seconds or 0:.1f} s; watching the traffic")
        self._next_line = seconds + _LINE_SECONDS

    def ending(self) -> None:
        """Say that it ends."""
        self._say("taking everything down")

    def _say(self, line: str) -> None:
        self._console.print(line, highlight=False, markup=False, soft_wrap=True)


def _starting(ready: int, pods: int, seconds: float) -> str:
    if not pods:
        return f"starting the mesh · {seconds:.1f} s (usually about {_USUAL_SECONDS} s)"
    return f"{ready} of {pods} pods ready · {seconds:.1f} s (usually about {_USUAL_SECONDS} s)"
