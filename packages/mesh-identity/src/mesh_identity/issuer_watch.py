"""Keeps the issuer current: its mounted files, the clock, readiness, and who must be told."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from mesh_core.service import Contents, MountedFiles, Readiness, ReloadMetrics
from mesh_core.service.mounted_files import LOOK_SECONDS
from mesh_identity.errors import IssuerInvalid
from mesh_identity.expiry_alarm import ExpiryAlarm
from mesh_identity.issuer import Issuer
from mesh_identity.issuer_secret import IssuerSecret
from mesh_identity.notice import UPDATE_SKIPPED, UPDATED, VALIDATION_FAILED, Notice
from mesh_identity.rotation import Rotation
from mesh_identity.timestamps import shown

CONDITION = "a valid issuer"
TICK_SECONDS = 1.0
REPEAT = timedelta(hours=1)
"""A problem that stays is told again as often as this: events of a cluster live for an hour."""

_LOG = logging.getLogger("mesh_identity")


class IssuerWatch:
    """Reads the issuer at once and again whenever it changes, and judges it as time passes.

    `tell` gets every notice on the loop's thread. The service is ready while leaves can be issued.
    """

    def __init__(
        self,
        secret: IssuerSecret,
        rotation: Rotation,
        *,
        clock: Callable[[], datetime],
        readiness: Readiness,
        tell: Callable[[Notice], None],
        metrics: ReloadMetrics | None = None,
        seconds: float = LOOK_SECONDS,
    ) -> None:
        """`seconds` pass between two looks at the files when nothing tells of a change."""
        self._secret = secret
        self._rotation = rotation
        self._clock = clock
        self._readiness = readiness
        self._tell = tell
        self._alarm = ExpiryAlarm()
        self._told: tuple[str, datetime] | None = None
        self._files = MountedFiles(
            "issuer",
            secret.files,
            self._apply,
            optional=secret.optional,
            seconds=seconds,
            metrics=metrics,
        )
        self._ticker: asyncio.Task[None] | None = None
        readiness.require(CONDITION)

    async def start(self) -> None:
        """Read the files once, then follow them; without a usable issuer the service waits."""
        await self._files.start()
        self.judge()
        self._ticker = asyncio.create_task(self._tick(), name="judge the issuer")

    async def close(self) -> None:
        """Stop following."""
        ticker, self._ticker = self._ticker, None
        if ticker is not None:
            ticker.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await ticker
        await self._files.close()

    async def look(self) -> None:
        """Look at the files and at the clock now."""
        await self._files.look()
        self.judge()

    def judge(self) -> None:
        """Settle readiness, and tell what is wrong with the files or with the issuer in use."""
        now = self._clock()
        problem = self._files.problem
        if problem is not None:
            self._rotation.refused(str(problem))
        objection = self._rotation.objection(now)
        if objection is None:
            self._readiness.met(CONDITION)
        else:
            self._readiness.require(CONDITION)
        self._report(problem, objection, now)
        issuer = self._rotation.issuer
        warning = None if issuer is None else self._alarm.warning(issuer, now)
        if warning is not None:
            _LOG.warning("%s", warning.message)
            self._tell(warning)

    def _apply(self, contents: Contents) -> None:
        now = self._clock()
        previous = self._rotation.issuer
        issuer = self._secret.issuer(contents, now)
        self._rotation.offer(issuer, now)
        message = _described(issuer)
        _LOG.info("%s", message)
        if previous is not None or self._told is not None:
            self._tell(Notice(UPDATED, message, warning=False))

    def _report(self, problem: Exception | None, objection: str | None, now: datetime) -> None:
        """Tell a problem once, and again while it lasts; the log has the files' own already."""
        notice = _notice(problem, objection)
        if notice is None:
            self._told = None
            return
        told = self._told
        if told is not None and told[0] == notice.message and abs(now - told[1]) < REPEAT:
            return
        self._told = (notice.message, now)
        if problem is None:
            _LOG.error("%s", notice.message)
        self._tell(notice)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_SECONDS)
            try:
                self.judge()
            except Exception:  # noqa: BLE001 - logged, and the next look may find it gone
                _LOG.exception("judging the issuer failed; what was in use stays")


def _notice(problem: Exception | None, objection: str | None) -> Notice | None:
    if problem is None and objection is None:
        return None
    if problem is None:
        return Notice(VALIDATION_FAILED, f"no certificates can be issued: {objection}")
    if objection is not None:
        # There is nothing that an update would have been skipped in favour of.
        return Notice(VALIDATION_FAILED, f"no certificates can be issued: {problem}")
    reason = VALIDATION_FAILED if isinstance(problem, IssuerInvalid) else UPDATE_SKIPPED
    return Notice(reason, f"{problem}; the issuer in use stays")


def _described(issuer: Issuer) -> str:
    certificate = issuer.certificate
    return (
        f"certificates are signed by {certificate.subject.rfc4514_string()}, "
        f"serial {certificate.serial_number:x}, until {shown(issuer.expires)}; "
        f"{len(issuer.anchors)} trust anchors"
    )
