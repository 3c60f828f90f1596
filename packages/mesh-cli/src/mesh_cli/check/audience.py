"""Who is told while the checks run."""

from typing import Protocol

from mesh_cli.check.check import Check
from mesh_cli.check.finding import Finding
from mesh_cli.check.report import CategoryReport, Report, Result


class Audience(Protocol):
    """Hears of everything in its order."""

    def begin(self, category: str, check: Check) -> None:
        """Hear that a check is made now."""

    def wait(self, category: str, check: Check, finding: Finding, seconds: float) -> None:
        """Hear that a check failed and is made again, for at most `seconds` from now."""

    def tell(self, result: Result) -> None:
        """Hear how a check ended."""

    def leave_out(self, category: CategoryReport) -> None:
        """Hear which checks of a category are not made, and why."""

    def end(self, report: Report) -> None:
        """Hear that this was all."""

    def close(self) -> None:
        """Give back the terminal, whatever happened."""
