"""Durations as Linkerd's programs take them: `2m`, `10s`, `500ms`, `1m30s`."""

_FORM = "expected a duration such as 500ms, 10s, 2m or 1m30s"
_SECONDS = {
    "ns": 1e-9,
    "us": 1e-6,
    "µs": 1e-6,
    "ms": 1e-3,
    "s": 1.0,
    "m": 60.0,
    "h": 3600.0,
    "d": 86400.0,
}
# A clock takes more, a socket's timeout does not.
_LONGEST_DAYS = 365
_DIGITS = frozenset("0123456789.")


def parse_duration(text: str) -> float:
    """Read a duration in seconds (ValueError). A bare `0` is zero; no other number is."""
    if text == "0":
        return 0.0
    seconds = 0.0
    rest = text
    while rest or not text:
        number, unit, rest = _first(rest)
        seconds += float(number) * _SECONDS[unit]
    if seconds > _LONGEST_DAYS * _SECONDS["d"]:
        raise ValueError(f"longer than {_LONGEST_DAYS} days")
    return seconds


def _first(text: str) -> tuple[str, str, str]:
    """Split off the first number and its unit, or raise ValueError."""
    numeric = _length(text, digits=True)
    alphabetic = _length(text[numeric:], digits=False)
    number, unit = text[:numeric], text[numeric : numeric + alphabetic]
    if unit not in _SECONDS or number.count(".") > 1 or not number.strip("."):
        raise ValueError(_FORM)
    return number, unit, text[numeric + alphabetic :]


def _length(text: str, *, digits: bool) -> int:
    """Count the characters at the beginning that are digits (and points), or that are not."""
    for index, character in enumerate(text):
        if (character in _DIGITS) != digits:
            return index
    return len(text)
