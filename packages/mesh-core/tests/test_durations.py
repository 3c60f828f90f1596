"""Lengths of time."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesh_core.durations import InvalidDurationError, format_duration, parse_duration


@pytest.mark.parametrize(
    "text, seconds, canonical",
    [
        ("0", 0, "0s"),
        ("100ms", 0.1, "100ms"),
        ("1000ms", 1, "1s"),
        ("90s", 90, "90s"),
        ("1h30m", 5400, "90m"),
        ("24h0m0s", 86400, "1d"),
        ("365d", 365 * 86400, "365d"),
        ("1.5s", 1.5, "1500ms"),
        ("1ns", 0.000001, "1ms"),
        ("250us", 0.00025, "1ms"),
    ],
)
def test_texts(text, seconds, canonical):
    duration = parse_duration(text)
    assert duration.total_seconds() == seconds
    assert format_duration(duration) == canonical


@pytest.mark.parametrize(
    "text", ["", "5", "-1s", "1 s", "1S", "s", "1w", "1e3s", "٥s", "9" * 16 + "s"]
)
def test_what_is_refused(text):
    with pytest.raises(InvalidDurationError, match="is not a length of time"):
        parse_duration(text)


def test_a_century_is_enough():
    with pytest.raises(InvalidDurationError, match="longer than"):
        parse_duration("99999999h")


@given(st.integers(0, 10**10))
def test_whole_milliseconds_read_back(milliseconds):
    duration = timedelta(milliseconds=milliseconds)
    assert parse_duration(format_duration(duration)) == duration
