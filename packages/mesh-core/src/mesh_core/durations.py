"""Lengths of time as users write them (`100ms`, `1h30m`) and as the proxy reads them."""

import re
from datetime import timedelta

from mesh_core.errors import CoreError

MAX_DAYS = 36_500
"""A hundred years; longer is a mistake."""

_PART = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,9})?)(ns|us|µs|ms|s|m|h|d)")
_WHOLE = re.compile(rf"(?:{_PART.pattern})+")
_NANOSECONDS = {
    "ns": 1,
    "us": 10**3,
    "µs": 10**3,
    "ms": 10**6,
    "s": 10**9,
    "m": 60 * 10**9,
    "h": 3600 * 10**9,
    "d": 86400 * 10**9,
}
_MILLISECOND = timedelta(milliseconds=1)
_UNITS = (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1))


class InvalidDurationError(CoreError):
    """A text is not a length of time."""


def parse_duration(text: str) -> timedelta:
    """Read one or more numbers with units, rounded up to microseconds; `0` needs no unit."""
    if text == "0":
        return timedelta()
    if not _WHOLE.fullmatch(text):
        msg = f"{text[:40]!r} is not a length of time: expected such as 100ms, 10s, 5m or 1h30m"
        raise InvalidDurationError(msg)
    total = sum(_nanoseconds(number, unit) for number, unit in _PART.findall(text))
    if total > MAX_DAYS * _NANOSECONDS["d"]:
        msg = f"{text[:40]!r} is longer than {MAX_DAYS} days"
        raise InvalidDurationError(msg)
    return timedelta(microseconds=-(-total // 1000))


def format_duration(duration: timedelta) -> str:
    """Write one whole number with its largest unit, rounded up to milliseconds."""
    milliseconds = -(-duration // _MILLISECOND)
    unit, size = next(unit for unit in _UNITS if milliseconds % unit[1] == 0)
    return f"{milliseconds // size}{unit}" if milliseconds else "0s"


def _nanoseconds(number: str, unit: str) -> int:
    whole, _, fraction = number.partition(".")
    size = _NANOSECONDS[unit]
    return int(whole) * size + (int(fraction) * size // 10 ** len(fraction) if fraction else 0)
