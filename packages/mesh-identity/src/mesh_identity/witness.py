"""Who learns what became of a `Certify` call besides its caller."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from mesh_identity.errors import CertifyError
from mesh_identity.service_account import ServiceAccount


class Witness(Protocol):
    """Told of every answer, from the threads that give them; must not wait."""

    def issued(self, identity: str, owner: ServiceAccount, until: datetime) -> None:
        """A leaf was issued."""
        ...

    def refused(self, identity: str, error: CertifyError) -> None:
        """A call for `identity`, as its caller wrote it, was refused."""
        ...


class NoWitness:
    """One machine has no events: the log is enough."""

    def issued(self, identity: str, owner: ServiceAccount, until: datetime) -> None:
        """Do nothing."""

    def refused(self, identity: str, error: CertifyError) -> None:
        """Do nothing."""
