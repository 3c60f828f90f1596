"""What goes wrong with whole kinds: said once, and once when it is over."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass

from mesh_core.kubernetes.errors import (
    ForbiddenError,
    GoneError,
    KindNotServedError,
    KubernetesError,
    TruncatedError,
    UnreachableError,
)
from mesh_core.store.errors import StoreError
from mesh_core.store.problem import ObjectProblem

PATIENCE = 10.0
"""How many seconds a kind that was followed may be refused before that is said."""

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Trouble:
    error: StoreError
    since: float
    said: bool = False


class Troubles:
    """Remembers the present trouble of each kind.

    What concerns one kind, such as a missing permission, is said for each; what concerns the
    server is said for the first kind that meets it.
    """

    def __init__(self) -> None:
        """Begin without any."""
        self._troubles: dict[str, _Trouble] = {}
        self._followed: set[str] = set()

    def __iter__(self) -> Iterator[ObjectProblem]:
        """What keeps kinds from being followed now; may be asked by another thread."""
        for kind, trouble in tuple(self._troubles.items()):
            yield ObjectProblem(kind, None, str(trouble.error))

    def __contains__(self, kind: str) -> bool:
        """Say whether a kind is in trouble."""
        return kind in self._troubles

    def met(self, kind: str, error: StoreError, now: float) -> None:
        """Remember an error and say it, unless it was said; `now` in seconds."""
        trouble = self._troubles.get(kind)
        if trouble is None or _reason(trouble.error) != _reason(error):
            trouble = _Trouble(error, now, said=self._said(error))
            self._troubles[kind] = trouble
        trouble.error = error
        if trouble.said or (self._may_pass(kind, error) and now - trouble.since < PATIENCE):
            log.debug("%s", error)
            return
        trouble.said = True
        if _of_one_kind(error):
            log.error("%s", error)
        elif isinstance(error, GoneError):
            log.info("%s; listing again", error)  # part of an API server's normal life
        else:
            log.warning("%s; what is known stays, trying again", error)

    def over(self, kind: str) -> None:
        """Say that a kind is followed, again if there was trouble."""
        self._followed.add(kind)
        trouble = self._troubles.pop(kind, None)
        if trouble is not None and trouble.said and not self._said(trouble.error):
            log.info("solved: %s", trouble.error)

    def _said(self, error: StoreError) -> bool:
        """Say whether another kind has the same trouble and said so for all."""
        if _of_one_kind(error):
            return False
        troubles = self._troubles.values()
        return any(other.said and _reason(other.error) == _reason(error) for other in troubles)

    def _may_pass(self, kind: str, error: StoreError) -> bool:
        """A server that has just started refuses everybody until it has read its roles."""
        return _of_one_kind(error) and kind in self._followed


def _of_one_kind(error: StoreError) -> bool:
    return isinstance(error, ForbiddenError | KindNotServedError)


def _reason(error: StoreError) -> str:
    """Give what makes two errors the same trouble; a server goes away in several ways."""
    if isinstance(error, UnreachableError | TruncatedError):
        return "contact"
    return error.reason if isinstance(error, KubernetesError) else type(error).__name__
