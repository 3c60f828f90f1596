"""What came out of the checks."""

from dataclasses import dataclass
from typing import Any

from mesh_cli.check.check import Check
from mesh_cli.check.finding import Finding, Level
from mesh_cli.check.hints import hint


@dataclass(frozen=True, slots=True)
class Result:
    """How one check ended; no finding is a success."""

    category: str
    check: Check
    finding: Finding | None
    seconds: float = 0.0

    @property
    def level(self) -> Level:
        """Success, warning or error."""
        return Level.SUCCESS if self.finding is None else self.finding.level

    @property
    def hint(self) -> str:
        """Where more about it is written."""
        return hint(self.category, self.check.anchor)


@dataclass(frozen=True, slots=True)
class CategoryReport:
    """What came out of one category."""

    name: str
    results: tuple[Result, ...] = ()
    not_run: tuple[Check, ...] = ()
    reason: str = ""
    """Why some were not run."""


@dataclass(frozen=True, slots=True)
class Report:
    """What came out of all."""

    categories: tuple[CategoryReport, ...]

    @property
    def success(self) -> bool:
        """True unless a check ended with an error; warnings are none."""
        return not self.number_of(Level.ERROR)

    def number_of(self, level: Level) -> int:
        """Count the checks that ended so."""
        return sum(
            result.level is level for category in self.categories for result in category.results
        )

    def document(self) -> dict[str, Any]:
        """Make the document of `-o json`: Linkerd's, and `notRun` where checks had to be left out.

        A category of which nothing was run stands there without checks, so that nobody takes it
        for a success.
        """
        return {
            "success": self.success,
            "categories": [_category(category) for category in self.categories],
        }


def _category(category: CategoryReport) -> dict[str, Any]:
    document: dict[str, Any] = {
        "categoryName": category.name,
        "checks": [_result(result) for result in category.results],
    }
    if category.not_run:
        checks = [check.description for check in category.not_run]
        document["notRun"] = {"checks": checks, "reason": category.reason}
    return document


def _result(result: Result) -> dict[str, Any]:
    document: dict[str, Any] = {"description": result.check.description}
    if result.finding is not None:
        document["hint"] = result.hint
        document["error"] = str(result.finding)
    document["result"] = str(result.level)
    return document
