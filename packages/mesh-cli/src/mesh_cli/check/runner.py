"""Makes checks one after the other: deadlines, repetitions, what depends on what."""

import asyncio
import time
from collections.abc import Iterable

from mesh_cli.check.audience import Audience
from mesh_cli.check.check import Category, Check
from mesh_cli.check.cluster_view import ClusterView
from mesh_cli.check.errors import CheckError
from mesh_cli.check.finding import Finding, Level
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

    async def run(self, categories: Iterable[Category]) -> Report:
        """Make all checks that can be made."""
        deadline = time.monotonic() + self._wait
        reports = [await self._category(category, deadline) for category in categories]
        report = Report(tuple(reports))
        self._audience.end(report)
        return report

    async def _category(self, category: Category, deadline: float) -> CategoryReport:
        results: list[Result] = []
        reason = next((self._ended[name] for name in category.needs if name in self._ended), "")
        for check in category.checks:
            if reason:
                break
            result = await self._check(category.name, check, deadline)
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

    async def _check(self, category: str, check: Check, deadline: float) -> Result:
        started = time.monotonic()
        self._audience.begin(category, check)
        while True:
            finding = await self._attempt(check)
            now = time.monotonic()
            waits = check.retried and now + self._pause <= deadline
            if finding is None or finding.level is not Level.ERROR or not waits:
                return Result(category, check, finding, now - started)
            self._audience.wait(category, check, finding, deadline - now)
            await asyncio.sleep(self._pause)
            self._view.refresh()

    async def _attempt(self, check: Check) -> Finding | None:
        try:
            async with asyncio.timeout(check.seconds):
                return await check.probe(self._view)
        except (StoreError, CheckError) as problem:
            return Finding(check.unknown, (str(problem),))
        except TimeoutError:
            said = f"no answer within {check.seconds:g} s; is the API server overloaded?"
            return Finding(check.unknown, (said,))
