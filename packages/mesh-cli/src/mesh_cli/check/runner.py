"""Makes checks one after the other: deadlines, repetitions, what depends on what."""

import asyncio
import time
from collections.abc import Sequence

from mesh_cli.check.audience import Audience
from mesh_cli.check.check import Category, Check
from mesh_cli.check.cluster_view import ClusterView
from mesh_cli.check.errors import CheckError
from mesh_cli.check.finding import Finding, Level
from mesh_cli.check.outlook import Remaining, lasting_error
from mesh_cli.check.report import CategoryReport, Report, Result
from mesh_core.store.errors import StoreError

PAUSE_SECONDS = 1.0
"""Between two attempts."""


class Runner:
    """One run of the checks."""

    def __init__(
        self, view: ClusterView, audience: Audience, *, wait: float, pause: float = PAUSE_SECONDS
    ) -> None:
        """Look through `view`, tell `audience`, and repeat for `wait` seconds in all."""
        self._view = view
        self._audience = audience
        self._wait = wait
        self._pause = pause
        self._ended: dict[str, str] = {}
        self._looked_ahead = False
        self._lasting: str | None = None

    async def run(self, categories: Sequence[Category]) -> Report:
        """Make all checks that can be made."""
        deadline = time.monotonic() + self._wait
        reports = [
            await self._category(category, categories[index + 1 :], deadline)
            for index, category in enumerate(categories)
        ]
        report = Report(tuple(reports))
        self._audience.end(report)
        return report

    async def _category(
        self, category: Category, behind: Sequence[Category], deadline: float
    ) -> CategoryReport:
        results: list[Result] = []
        reason = next((self._ended[name] for name in category.needs if name in self._ended), "")
        for index, check in enumerate(category.checks):
            if reason:
                break
            remaining = Remaining(category.checks[index + 1 :], behind)
            result = await self._check(category.name, check, remaining, deadline)
            results.append(result)
            self._audience.tell(result)
            if check.fatal and result.level is Level.ERROR:
                reason = f"first make sure: {check.description}"
        left = category.checks[len(results) :]
        report = CategoryReport(category.name, tuple(results), left, reason if left else "")
        if reason:
            self._ended[category.name] = reason
        if left:
            self._audience.leave_out(report)
        return report

    async def _check(
        self, category: str, check: Check, remaining: Remaining, deadline: float
    ) -> Result:
        started = time.monotonic()
        self._audience.begin(category, check)
        while True:
            finding, known = await self._attempt(check)
            now = time.monotonic()
            waits = check.retried and now + self._pause <= deadline
            if finding is None or not _is_error(finding) or not waits:
                if _is_error(finding) and known and not check.retried:
                    self._lasting = self._lasting or check.description
                return Result(category, check, finding, now - started)
            self._audience.wait(category, check, finding, deadline - now)
            if (first := await self._to_repair(remaining)) is not None:
                finding = Finding(Level.ERROR, (*finding.lines, _not_waited(first)))
                return Result(category, check, finding, time.monotonic() - started)
            await asyncio.sleep(self._pause)
            self._view.refresh()

    async def _to_repair(self, remaining: Remaining) -> str | None:
        """Find out, once, whether waiting is in vain, and for want of what."""
        if self._lasting is None and not self._looked_ahead:
            self._looked_ahead = True
            self._lasting = await lasting_error(remaining, self._view, self._ended)
        return self._lasting

    async def _attempt(self, check: Check) -> tuple[Finding | None, bool]:
        """Give what is wrong, and whether that is known or only could not be asked."""
        try:
            async with asyncio.timeout(check.seconds):
                return await check.probe(self._view), True
        except (StoreError, CheckError) as problem:
            return Finding(check.unknown, (str(problem),)), False
        except TimeoutError:
            said = f"no answer within {check.seconds:g} s; is the API server overloaded?"
            return Finding(check.unknown, (said,)), False


def _is_error(finding: Finding | None) -> bool:
    return finding is not None and finding.level is Level.ERROR


def _not_waited(first: str) -> str:
    return f"not waited for, because this has to be repaired first: {first}"
