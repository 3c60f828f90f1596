"""What a cluster's users read with `kubectl describe`: events of the issuer and of workloads."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from datetime import datetime

from mesh_core.kubernetes import EventType, RecordEvent
from mesh_core.names import Identity, InvalidNameError
from mesh_core.resources import ObjectReference
from mesh_identity.errors import CertifyError, IssuerUnavailable, ReviewUnavailable
from mesh_identity.event_limit import EventLimit
from mesh_identity.notice import Notice
from mesh_identity.service_account import ServiceAccount
from mesh_identity.timestamps import shown

ISSUED = "IssuedLeafCertificate"
REFUSED = "CertificateRefused"
DEPLOYMENT = "linkerd-identity"


class IdentityEvents:
    """Turns notices and answers into events; refusals are limited, for strangers cause them."""

    def __init__(
        self,
        record: RecordEvent,
        loop: asyncio.AbstractEventLoop,
        deployment: ObjectReference,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`record` is called on the loop's thread.

        `deployment` is ours: what concerns the issuer is told there. May be set anew.
        """
        self._tell = record
        self._loop = loop
        self.deployment = deployment
        self._clock = clock
        self._refusals = EventLimit()

    def notice(self, notice: Notice) -> None:
        """Tell news of the issuer; on the loop's thread."""
        type_: EventType = "Warning" if notice.warning else "Normal"
        self._tell(self.deployment, type_, notice.reason, notice.message)

    def issued(self, identity: str, owner: ServiceAccount, until: datetime) -> None:
        """Tell the service account that it was certified; from any thread."""
        message = f"issued certificate for {identity} until {shown(until)}"
        self._record(_reference(owner), "Normal", ISSUED, message)

    def refused(self, identity: str, error: CertifyError) -> None:
        """Tell the service account that the token proves, else the one that was claimed.

        The latter may be a lie, and the event says so. From any thread.
        """
        if isinstance(error, IssuerUnavailable | ReviewUnavailable):
            return  # not the workload's fault, and told elsewhere
        regarding = _regarding(identity, error.owner) or self.deployment
        kind = (regarding.namespace, regarding.name, error.reason)
        if self._refusals.admit(kind, self._clock()):
            whom = "" if error.owner else " to someone who names this as its account"
            self._record(regarding, "Warning", REFUSED, f"refused a certificate{whom}: {error}")

    def _record(
        self,
        regarding: ObjectReference,
        type_: EventType,
        reason: str,
        message: str,
    ) -> None:
        # The loop may be gone already when the last calls end.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._tell, regarding, type_, reason, message)


def _regarding(identity: str, owner: ServiceAccount | None) -> ObjectReference | None:
    if owner is not None:
        return _reference(owner)
    try:
        claimed = Identity.parse(identity)
    except InvalidNameError:
        return None
    return _reference(ServiceAccount(claimed.namespace, claimed.service_account))


def _reference(owner: ServiceAccount) -> ObjectReference:
    return ObjectReference(
        api_version="v1",
        kind="ServiceAccount",
        name=owner.name,
        namespace=owner.namespace,
        uid=owner.uid,
    )
