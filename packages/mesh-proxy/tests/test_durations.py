"""Durations of the command lines."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesh_proxy.durations import parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        ("2m", 120),
        ("10s", 10),
        ("500ms", 0.5),
        ("1m30s", 90),
        ("1.5h", 5400),
        (".5s", 0.5),
        ("1d", 86400),
        ("3µs", 3e-6),
        ("3us", 3e-6),
        ("0s", 0),
    ],
)
def test_a_duration(text, seconds):
    assert parse_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "5",
        "s",
        "-1s",
        "+1s",
        "1 s",
        "1s ",
        "1.2.3s",
        ".s",
        "1w",
        "1e3s",
        "٣s",
        "1s2",
        "999999d",
    ],
)
def test_no_duration(text):
    with pytest.raises(ValueError, match=r"expected a duration|longer than"):
        parse_duration(text)


@given(st.text(max_size=20) | st.from_regex(r"[0-9.]{0,9}(ms|s|m|[a-z])", fullmatch=True))
def test_any_text_is_a_number_of_seconds_or_refused(text):
    try:
        seconds = parse_duration(text)
    except ValueError:
        return
    assert 0 <= seconds <= 365 * 86400
