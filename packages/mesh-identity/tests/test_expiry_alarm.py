"""When people are warned that an issuer ends."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from mesh_identity.expiry_alarm import ExpiryAlarm
from mesh_identity.issuer import Issuer
from mesh_identity.testing import NOW, Signer

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def issuer_of(lifetime: timedelta, root_lifetime: timedelta = timedelta(days=4000)) -> Issuer:
    root = Signer.root(lifetime=root_lifetime)
    issuer = root.below(lifetime=lifetime)
    return Issuer(
        issuer.key,  # type: ignore[arg-type]
        [issuer.certificate],
        [root.certificate],
        now=NOW,
        lifetime=DAY,
        skew=timedelta(),
    )


def warnings(issuer: Issuer, step: timedelta) -> list[timedelta]:
    """What is left at each warning, when the alarm is asked every `step`."""
    alarm, now, left = ExpiryAlarm(), NOW, []
    while now < NOW + timedelta(days=400) and now <= issuer.expires + DAY:
        if alarm.warning(issuer, now) is not None:
            left.append(issuer.expires - now)
        now += step
    return left


def test_a_year_is_warned_of_for_three_months_once_a_day() -> None:
    left = warnings(issuer_of(365 * DAY), HOUR)
    assert left[0] == timedelta(days=91, hours=6)
    assert len(left) < 100
    assert min(left) > timedelta()


def test_two_days_are_warned_of_four_times() -> None:
    left = warnings(issuer_of(2 * DAY), timedelta(minutes=1))
    hours = [round(item / HOUR, 1) for item in left]
    assert hours == [12.0, 4.8, 2.4, 0.5]


def test_nothing_is_said_while_there_is_time_and_when_it_is_over() -> None:
    alarm, issuer = ExpiryAlarm(), issuer_of(100 * DAY)
    assert alarm.warning(issuer, NOW) is None
    assert alarm.warning(issuer, NOW + 74 * DAY) is None
    assert alarm.warning(issuer, NOW + 100 * DAY) is None


def test_the_certificate_that_ends_first_is_named() -> None:
    notice = ExpiryAlarm().warning(issuer_of(100 * DAY, root_lifetime=40 * DAY), NOW + 38 * DAY)
    assert notice is not None
    assert "a certificate above it (CN=root) expires at" in notice.message
    assert "in 2 days" in notice.message
    assert "without a restart" in notice.message


@pytest.mark.fault(64)
def test_a_clock_that_jumps_back_does_not_silence_it() -> None:
    alarm, issuer = ExpiryAlarm(), issuer_of(100 * DAY)

    def warned(moment: datetime) -> bool:
        return alarm.warning(issuer, moment) is not None

    assert warned(NOW + 99 * DAY)
    assert not warned(NOW + 99 * DAY)
    assert warned(NOW + 80 * DAY)
    assert not warned(NOW + 80 * DAY + HOUR)
