"""The report for people, line by line while it is made."""

import re
import textwrap

from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.text import Text

from mesh_cli.check.check import Check
from mesh_cli.check.finding import Finding, Level
from mesh_cli.check.report import CategoryReport, Report, Result

MARKS = {Level.SUCCESS: "√", Level.WARNING: "‼", Level.ERROR: "×"}
_STYLES = {Level.SUCCESS: "green", Level.WARNING: "yellow", Level.ERROR: "bold red"}
_NOT_RUN = "–"
_INDENT = "    "
_COMMAND = re.compile(r"`[^`]*`")
_NO_BREAK = "\u00a0"
_FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_FRAMES_PER_SECOND = 8


class Printed:
    """Prints each result as it comes; where there is a terminal, also what is waited for."""

    def __init__(
        self, console: Console, *, only_problems: bool = False, times: bool = False
    ) -> None:
        """Print on `console`, if wanted without successes, or with how long each took."""
        self._console = console
        self._only_problems = only_problems
        self._times = times
        self._category = ""
        self._unchecked: list[CategoryReport] = []
        self._live: Live | None = None

    def begin(self, category: str, check: Check) -> None:
        """Show what is done now."""
        if not self._only_problems:
            self._head(category)
        self._show(check.description)

    def wait(self, _category: str, check: Check, finding: Finding, seconds: float) -> None:
        """Show what is waited for."""
        self._show(f"{check.description} · waiting {_rough(seconds)} for: {finding.lines[0]}")

    def tell(self, result: Result) -> None:
        """Print how a check ended."""
        self.close()
        if self._only_problems and result.finding is None:
            return
        self._head(result.category)
        style = _STYLES[result.level]
        line = Text.assemble((MARKS[result.level], style), " ", result.check.description)
        if self._times:
            line.append(f" ({result.seconds:.2f} s)", "dim")
        self._print(line)
        if result.finding is not None:
            for said in result.finding.lines:
                self._detail(said)
            self._detail(f"see {result.hint} for hints", "dim")

    def leave_out(self, category: CategoryReport) -> None:
        """Print what is not checked, and why."""
        if not category.results:
            self._unchecked.append(category)
            return
        self._head(category.name)
        number = len(category.not_run)
        self._leave_out(f"{number} more check{'s' if number > 1 else ''}", category.reason)

    def end(self, report: Report) -> None:
        """Print what it comes to."""
        self.close()
        for reason in dict.fromkeys(category.reason for category in self._unchecked):
            names = (each.name for each in self._unchecked if each.reason == reason)
            self._print(Text())
            self._leave_out(", ".join(names), reason)
        if self._category:
            self._print(Text())
        worst = Level.SUCCESS if report.success else Level.ERROR
        line = Text.assemble("Status check results are ", (MARKS[worst], _STYLES[worst]))
        warnings = report.number_of(Level.WARNING)
        if warnings:
            line.append(f", with {warnings} warning{'s' if warnings > 1 else ''}", "yellow")
        self._print(line)

    def close(self) -> None:
        """Give the terminal's last line back."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _head(self, category: str) -> None:
        if category == self._category:
            return
        if self._category:
            self._print(Text())
        self._category = category
        self._print(Text(category, "bold"))
        self._print(Text("-" * len(category), "bold"))

    def _leave_out(self, what: str, reason: str) -> None:
        said = f"{_NOT_RUN} not made: {what}; {reason}"
        lines = folded(said, self._console.width) if self._console.is_terminal else [said]
        self._print(Text("\n  ".join(lines), "dim"))

    def _detail(self, said: str, style: str = "") -> None:
        for line in folded(said, self._console.width) if self._console.is_terminal else [said]:
            self._print(Text(f"{_INDENT}{line}", style))

    def _print(self, text: Text) -> None:
        # Folding is done: what is longer is a command, to be copied as it is.
        self._console.print(text, soft_wrap=True)

    def _show(self, line: str) -> None:
        """Keep the last line of a terminal up to date."""
        if not self._console.is_terminal:
            return
        if self._live is None:
            self._live = Live(console=self._console, transient=True, refresh_per_second=8)
            self._live.start()
        self._live.update(_Progress(line))


class _Progress:
    """What is done now, on one line, with something that moves."""

    def __init__(self, line: str) -> None:
        self._line = line

    def __rich_console__(self, console: Console, _: ConsoleOptions) -> RenderResult:
        frame = _FRAMES[int(console.get_time() * _FRAMES_PER_SECOND) % len(_FRAMES)]
        yield Text(f"{frame} {self._line}", style="dim", no_wrap=True, overflow="ellipsis")


class Silent:
    """For `-o json`, whose document comes at the end."""

    def begin(self, category: str, check: Check) -> None:
        """Nothing to show."""

    def wait(self, category: str, check: Check, finding: Finding, seconds: float) -> None:
        """Nothing to show."""

    def tell(self, result: Result) -> None:
        """Nothing to show."""

    def leave_out(self, category: CategoryReport) -> None:
        """Nothing to show."""

    def end(self, report: Report) -> None:
        """Nothing to show."""

    def close(self) -> None:
        """Nothing to give back."""


def folded(said: str, width: int) -> list[str]:
    """Break a text into lines that fit behind the indentation, and no command in its middle."""
    whole = _COMMAND.sub(lambda command: command[0].replace(" ", _NO_BREAK), said)
    lines = textwrap.wrap(
        whole, width - len(_INDENT), break_long_words=False, break_on_hyphens=False
    )
    return [line.replace(_NO_BREAK, " ") for line in lines]


def _rough(seconds: float) -> str:
    whole = max(round(seconds), 0)
    return f"{whole // 60}m{whole % 60:02}s" if whole >= 60 else f"{whole} s"
