"""What `mesh demo` does: prepare as the user, run as root, show, and judge."""

import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from mesh_cli.elevation import become_root
from mesh_cli.local.settings import Settings, check_prefix, prefix_option
from mesh_cli.output import Format, print_json

from .audience import LiveAudience, PlainAudience
from .bookshop import find_bookshop, search_path
from .local_mesh import DemoMesh
from .report import Report
from .session import Timing, run
from .view import final_tables

# Without a terminal nobody can press Ctrl-C.
_SECONDS_WITHOUT_TERMINAL = 10.0
_INTERRUPTED = 130


def main(
    arguments: Sequence[str],
    prefix: str,
    directory: Path | None,
    seconds: float | None,
    output: Format,
) -> int:
    """Run the demo and return its exit code: 0 only if everything was secured and answered."""
    check_prefix(prefix)
    screen = Console()
    notes = Console(stderr=True)
    live = output is Format.TABLE and screen.is_terminal
    if seconds is None and not live:
        seconds = _SECONDS_WITHOUT_TERMINAL
    bookshop = find_bookshop(directory)
    programs = search_path(bookshop, lambda line: notes.print(line, highlight=False))
    become_root(arguments)
    settings = Settings(prefix, (bookshop,), programs)
    audience = (
        LiveAudience(screen, "bookshop", _try_while_running(bookshop, prefix), _end(seconds))
        if live
        else PlainAudience(notes)
    )
    timing = Timing(time.monotonic, time.sleep)
    try:
        with _ended_by_signals(), audience:
            report = run(DemoMesh(settings), audience, timing, seconds)
    except KeyboardInterrupt:
        notes.print("interrupted before everything was ready; nothing is left", highlight=False)
        return _INTERRUPTED
    _show(report, bookshop, programs, screen, output)
    return 0 if report.succeeded else 1


def _show(
    report: Report, bookshop: Path, programs: Sequence[Path], screen: Console, output: Format
) -> None:
    if output is Format.JSON:
        print_json(report.document())
        return
    screen.print(final_tables(report), highlight=False)
    for line in _afterwards(report, bookshop, programs):
        screen.print(line, style="dim", highlight=False, soft_wrap=True)


def _afterwards(report: Report, bookshop: Path, programs: Sequence[Path]) -> list[str]:
    mesh = _program(bookshop)
    if report.succeeded:
        return [
            f"Try next, with YAML of your own: {mesh} local up DIR,",
            f"then {mesh} local status, logs POD, exec POD -- COMMAND",
        ]
    paths = "".join(f" --path {directory}" for directory in programs)
    return [
        "To look into it, bring it up without the demo, and ask in another terminal:",
        f"{mesh} local up {bookshop}{paths}",
        f"{mesh} local status, {mesh} local logs POD, {mesh} local logs POD -c linkerd-proxy",
    ]


def _try_while_running(bookshop: Path, prefix: str) -> list[str]:
    option = prefix_option(prefix)
    try:
        place = (bookshop / "stock.yaml").relative_to(Path.cwd())
    except ValueError:
        place = bookshop / "stock.yaml"
    return [
        f"Try next: change the replicas in {place}; or, elsewhere:",
        "   ".join(f"{_program(bookshop)} local {name}{option}" for name in ("restart", "status")),
    ]


def _program(bookshop: Path) -> str:
    """Return how this clone's `mesh` is called from another terminal."""
    return "./dev mesh" if (bookshop.parents[1] / "dev").is_file() else "mesh"


def _end(seconds: float | None) -> str:
    return "Ctrl-C ends it" if seconds is None else f"ends after {seconds:g} s"


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Take SIGTERM and a closed terminal as Ctrl-C, so that they leave nothing either."""

    def interrupt(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    before = {
        number: signal.signal(number, interrupt) for number in (signal.SIGTERM, signal.SIGHUP)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
