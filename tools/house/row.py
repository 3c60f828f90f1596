"""The result of one check, and the summary of many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """What one check found.

    A check that is not made of tests counts as one. `not_run` says why it could not run here;
    `elsewhere` that it is not meant for this machine at all.
    """

    name: str
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    seconds: float = 0.0
    not_run: str = ""
    elsewhere: bool = False

    def fails(self, *, ci: bool) -> bool:
        """Whether it makes the whole fail; in CI everything that belongs there must run."""
        return self.failed > 0 or (ci and bool(self.not_run) and not self.elsewhere)


def summary(rows: Sequence[Row], *, ci: bool) -> str:
    """A table of all rows, the names of those that fail, and in its last line the totals."""
    width = max([len(row.name) for row in rows], default=0)
    lines = [f"{'check':<{width}}  {'passed':>6}  {'failed':>6}  {'skipped':>7}  {'seconds':>7}"]
    for row in rows:
        if row.not_run:
            lines.append(f"{row.name:<{width}}  NOT RUN: {row.not_run}")
        else:
            lines.append(
                f"{row.name:<{width}}  {row.passed:>6}  {row.failed:>6}  {row.skipped:>7}"
                f"  {row.seconds:>7.1f}"
            )
    passed, failed, skipped = (
        sum(getattr(row, part) for row in rows) for part in ("passed", "failed", "skipped")
    )
    bad = [row.name for row in rows if row.fails(ci=ci)]
    if bad:
        lines += ["", f"failed: {', '.join(bad)}"]
    return "\n".join([*lines, "", f"{passed} passed, {failed} failed, {skipped} skipped"])
