"""Whether waiting can help: what does not change by itself is looked at before."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mesh_cli.check.check import Category, Check
from mesh_cli.check.cluster_view import ClusterView
from mesh_cli.check.errors import CheckError
from mesh_cli.check.finding import Level
from mesh_core.store.errors import StoreError


@dataclass(frozen=True, slots=True)
class Remaining:
    """What is left to check: of the present category, and the categories behind it."""

    checks: Sequence[Check]
    categories: Sequence[Category]


async def lasting_error(
    remaining: Remaining, view: ClusterView, ended: Iterable[str]
) -> str | None:
    """Give the description of a check that fails, and will until somebody repairs something.

    Pods that need what it stands for will not get ready, however long one waits. What cannot be
    asked counts for nothing.
    """
    without = set(ended)
    parts = [("", remaining.checks), *((each.name, each.checks) for each in remaining.categories)]
    needs = {each.name: each.needs for each in remaining.categories}
    for name, checks in parts:
        if needs.get(name, frozenset()) & without:
            without.add(name)
            continue
        for check in checks:
            if check.retried and not check.fatal:
                continue
            failed = await _fails(check, view)
            if failed and not check.retried:
                return check.description
            if failed is not False and check.fatal:
                without.add(name)
                break
    return None


async def _fails(check: Check, view: ClusterView) -> bool | None:
    """Say whether a check ends with an error, None if that cannot be known."""
    try:
        async with asyncio.timeout(check.seconds):
            finding = await check.probe(view)
    except (StoreError, CheckError, TimeoutError):
        return None
    return finding is not None and finding.level is Level.ERROR
