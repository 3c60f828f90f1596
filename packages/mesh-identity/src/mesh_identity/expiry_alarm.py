"""When to warn that the issuer will expire, long before nothing can be issued. No I/O."""

from __future__ import annotations

from datetime import datetime, timedelta

from mesh_identity.issuer import Issuer
from mesh_identity.notice import EXPIRING, Notice
from mesh_identity.timestamps import shown

LEFT = (0.25, 0.10, 0.05, 0.01)
"""Warn when this share of the lifetime is left: three months of a year, half a day of two days.

Whatever renews certificates by itself does so earlier: at a third of the lifetime by custom, at
half of it in the recipe for issuers of two days. So a warning means that it did not.
"""
REPEAT = timedelta(days=1)


class ExpiryAlarm:
    """Warns once for each threshold of one issuer, and once a day after the first."""

    def __init__(self) -> None:
        """Begin without an issuer."""
        self._issuer: Issuer | None = None
        self._passed = 0
        self._warned: datetime | None = None

    def warning(self, issuer: Issuer, now: datetime) -> Notice | None:
        """The warning that is due at `now`, if any; an issuer that has expired is others' news."""
        if issuer is not self._issuer:
            self._issuer, self._passed, self._warned = issuer, 0, None
        left = issuer.expires - now
        passed = sum(left <= share * (issuer.expires - issuer.begins) for share in LEFT)
        if not passed or left <= timedelta() or not self._is_due(passed, now):
            return None
        self._passed, self._warned = passed, now
        return Notice(EXPIRING, _message(issuer, left))

    def _is_due(self, passed: int, now: datetime) -> bool:
        if self._warned is None or passed > self._passed:
            return True
        # A clock that was set back must not silence the alarm.
        return abs(now - self._warned) >= REPEAT


def _message(issuer: Issuer, left: timedelta) -> str:
    which = issuer.first_to_expire
    role = "the issuer's certificate" if which is issuer.certificate else "a certificate above it"
    return (
        f"{role} ({which.subject.rfc4514_string()}) expires at {shown(issuer.expires)}, "
        f"in {_rough(left)}; after that no proxy can start or renew. Renew it: "
        "put a new certificate and key into the issuer's Secret, they are used without a restart"
    )


def _rough(left: timedelta) -> str:
    hours = left / timedelta(hours=1)
    if hours >= 48:
        return f"{hours / 24:.0f} days"
    return f"{hours:.0f} hours" if hours >= 2 else f"{hours * 60:.0f} minutes"
