"""Which issuer signs: the newest that is valid, of all that were ever offered. No I/O."""

from __future__ import annotations

from datetime import datetime

from mesh_identity.errors import CredentialsError, IssuerInvalid, IssuerUnavailable
from mesh_identity.issuer import Issuer
from mesh_identity.timestamps import shown


class Rotation:
    """Holds the issuer in use.

    Written by one thread and read by many: what they read is one reference.
    """

    def __init__(self, issuer: Issuer | None = None) -> None:
        """Begin with what is there already."""
        self._issuer = issuer
        self._missing = "the issuer has not been read yet"

    @property
    def issuer(self) -> Issuer | None:
        """The issuer in use, which may have expired since."""
        return self._issuer

    def current(self) -> Issuer:
        """The issuer in use; raises `IssuerUnavailable` with the reason while there is none."""
        issuer = self._issuer
        if issuer is None:
            raise IssuerUnavailable(f"no certificates can be issued: {self._missing}")
        return issuer

    def objection(self, now: datetime) -> str | None:
        """Say why nothing can be issued at `now`, None if something can."""
        issuer = self._issuer
        return self._missing if issuer is None else issuer.objection(now)

    def offer(self, candidate: Issuer, now: datetime) -> None:
        """Use `candidate` from now on, or raise why the one in use stays.

        `IssuerInvalid` says that nobody may use it now, plain `CredentialsError` that it is good
        but older. The same candidate may be offered again: time may have changed the answer.
        """
        objection = candidate.objection(now)
        if objection is not None:
            raise IssuerInvalid(objection)
        self._check_not_older(candidate, now)
        self._issuer = candidate

    def refused(self, problem: str) -> None:
        """Remember why there is no issuer, for whom it may concern."""
        self._missing = problem

    def _check_not_older(self, candidate: Issuer, now: datetime) -> None:
        current = self._issuer
        if current is None or current.objection(now) is not None:
            return
        made, in_use = (issuer.certificate.not_valid_before_utc for issuer in (candidate, current))
        if made < in_use:
            raise CredentialsError(
                f"the issuer's certificate of {shown(made)} is older than the one in use, "
                f"of {shown(in_use)}; put a newer one in place, or restart the identity "
                "controller to go back to this one on purpose"
            )
