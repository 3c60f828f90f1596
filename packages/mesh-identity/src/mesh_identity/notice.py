"""News about the issuer, for the log and as an event of the cluster."""

from __future__ import annotations

from dataclasses import dataclass

UPDATED = "IssuerUpdated"
UPDATE_SKIPPED = "IssuerUpdateSkipped"
VALIDATION_FAILED = "IssuerValidationFailed"
EXPIRING = "IssuerExpiring"


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing that the owner of the mesh should know; a `warning` wants something done."""

    reason: str
    message: str
    warning: bool = True
