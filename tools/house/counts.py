"""Reads how many tests passed from what pytest and cargo leave behind."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

_CARGO = re.compile(r"^test result: \w+\. (\d+) passed; (\d+) failed; (\d+) ignored;")


@dataclass(frozen=True)
class Counts:
    """Numbers of tests."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def __add__(self, other: Counts) -> Counts:
        """Both together."""
        return Counts(
            self.passed + other.passed,
            self.failed + other.failed,
            self.skipped + other.skipped,
        )


def of_junit(path: Path) -> Counts:
    """The counts of a JUnit file as pytest writes it; none when there is no file."""
    if not path.is_file():
        return Counts()
    suites = ET.parse(path).getroot().iter("testsuite")  # noqa: S314 (pytest's own)
    total = Counts()
    for suite in suites:
        tests, failures, errors, skipped = (
            int(suite.get(key, "0")) for key in ("tests", "failures", "errors", "skipped")
        )
        # A test that fails and whose teardown fails too is counted twice.
        bad = min(failures + errors, tests)
        total += Counts(max(tests - bad - skipped, 0), failures + errors, skipped)
    return total


def of_cargo_line(line: str) -> Counts:
    """The counts in one line of `cargo test`; none when it holds none."""
    found = _CARGO.match(line)
    return Counts(*(int(number) for number in found.groups())) if found else Counts()
