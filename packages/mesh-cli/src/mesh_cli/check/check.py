"""Checks and their categories."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from mesh_cli.check.cluster_view import ClusterView
from mesh_cli.check.finding import Finding, Level

Probe = Callable[[ClusterView], Awaitable[Finding | None]]
"""Gathers facts and hands them to a pure function; None is a success. May raise StoreError."""

ATTEMPT_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the report."""

    description: str
    """What holds when all is well; Linkerd's words where Linkerd has the check."""
    anchor: str
    """Its heading on the category's hint page."""
    probe: Probe
    fatal: bool = False
    """Without it the rest of the category, and what needs the category, means nothing."""
    retried: bool = False
    """Whether an error may pass by itself, so that waiting is worth while."""
    unknown: Level = Level.ERROR
    """What it means when the facts cannot be had, such as for want of a permission."""
    seconds: float = ATTEMPT_SECONDS
    """How long one attempt may take."""


@dataclass(frozen=True, slots=True)
class Category:
    """Checks that belong together."""

    name: str
    checks: tuple[Check, ...]
    needs: frozenset[str] = frozenset()
    """Names of categories none of whose fatal checks may have failed."""
