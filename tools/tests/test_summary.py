"""Counting, and the summary that everyone reads."""

from __future__ import annotations

from pathlib import Path

import pytest
from house.counts import Counts, of_cargo_line, of_junit
from house.row import Row, summary


def test_the_last_line_holds_the_totals() -> None:
    rows = [
        Row("lint", passed=1, seconds=0.5),
        Row("unit: mesh-core", passed=40, failed=2, skipped=3, seconds=1.25),
        Row("e2e: kind", not_run="no cluster here", elsewhere=True),
    ]
    text = summary(rows, ci=True)
    assert text.splitlines()[-1] == "41 passed, 2 failed, 3 skipped"
    assert "e2e: kind        NOT RUN: no cluster here" in text
    assert "failed: unit: mesh-core\n" in text


@pytest.mark.parametrize(
    ("row", "at_home", "in_ci"),
    [
        (Row("a", passed=1), False, False),
        (Row("a", failed=1), True, True),
        (Row("a", not_run="needs root"), False, True),
        (Row("a", not_run="needs a cluster", elsewhere=True), False, False),
    ],
    ids=["passed", "failed", "not run", "belongs elsewhere"],
)
def test_what_makes_the_whole_fail(row: Row, at_home: bool, in_ci: bool) -> None:
    assert row.fails(ci=False) == at_home
    assert row.fails(ci=True) == in_ci


@pytest.mark.parametrize(
    ("line", "counts"),
    [
        ("test result: ok. 5 passed; 0 failed; 1 ignored; 0 measured; 2 filtered out;", (5, 0, 1)),
        ("test result: FAILED. 4 passed; 1 failed; 0 ignored; 0 measured;", (4, 1, 0)),
        ("test peak_ewma ... ok", (0, 0, 0)),
    ],
)
def test_cargo_counts(line: str, counts: tuple[int, int, int]) -> None:
    assert of_cargo_line(line) == Counts(*counts)


def test_junit_counts(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    report.write_text(
        '<testsuites><testsuite tests="9" failures="2" errors="1" skipped="3"/></testsuites>'
    )
    assert of_junit(report) == Counts(passed=3, failed=3, skipped=3)


def test_a_run_that_left_no_report_counts_nothing(tmp_path: Path) -> None:
    assert of_junit(tmp_path / "none.xml") == Counts()
