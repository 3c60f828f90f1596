"""What goes wrong with whole kinds: said once, and once when it is over."""

import logging
from collections.abc import Iterator

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

log = logging.getLogger(__name__)


class Troubles:
    """Remembers the present trouble of each kind.

    What concerns one kind, such as a missing permission, is said for each; what concerns the
    server is said for the first kind that meets it.
    """

    def __init__(self) -> None:
        """Begin without any."""
        self._errors: dict[str, StoreError] = {}

    def __iter__(self) -> Iterator[ObjectProblem]:
        """What keeps kinds from being followed now; may be asked by another thread."""
        for kind, error in tuple(self._errors.items()):
            yield ObjectProblem(kind, None, str(error))

    def __contains__(self, kind: str) -> bool:
        """Say whether a kind is in trouble."""
        return kind in self._errors

    def met(self, kind: str, error: StoreError) -> None:
        """Remember an error and say it, unless it was said."""
        before = self._errors.get(kind)
        known = self._known(error) if before is None else _reason(before) == _reason(error)
        self._errors[kind] = error
        if known:
            log.debug("%s", error)
        elif _of_one_kind(error):
            log.error("%s", error)
        elif isinstance(error, GoneError):
            log.info("%s; listing again", error)  # part of an API server's normal life
        else:
            log.warning("%s; what is known stays, trying again", error)

    def over(self, kind: str) -> None:
        """Say that a kind is followed again."""
        error = self._errors.pop(kind, None)
        if error is not None and not self._known(error):
            log.info("solved: %s", error)

    def _known(self, error: StoreError) -> bool:
        if _of_one_kind(error):
            return False
        return any(_reason(other) == _reason(error) for other in self._errors.values())


def _of_one_kind(error: StoreError) -> bool:
    return isinstance(error, ForbiddenError | KindNotServedError)


def _reason(error: StoreError) -> str:
    """Give what makes two errors the same trouble; a server goes away in several ways."""
    if isinstance(error, UnreachableError | TruncatedError):
        return "contact"
    return error.reason if isinstance(error, KubernetesError) else type(error).__name__
