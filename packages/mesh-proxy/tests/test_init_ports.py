"""Port lists of the flags."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesh_proxy.init.ports import PortRange, merge, parse_port, parse_range

port = st.integers(1, 65535)
ranges = st.builds(lambda a, b: PortRange(min(a, b), max(a, b)), port, port)


def test_reads_one_port_and_a_range():
    assert parse_range("80") == PortRange(80, 80)
    assert parse_range("4567-4568") == PortRange(4567, 4568)
    assert parse_port("65535") == 65535


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0",
        "65536",
        "99999999999",
        "-1",
        "80-",
        "-80",
        "90-80",
        "80-90-100",
        " 80",
        "80 ",
        "+80",
        "0x50",
        "8_0",
        "http",
        "٨٠",
        "80\n",
        "80;drop",
    ],
)
def test_refuses_what_is_no_range(text):
    with pytest.raises(ValueError, match=r"port|range"):
        parse_range(text)


def test_one_port_is_not_a_range():
    with pytest.raises(ValueError, match="not a range"):
        parse_port("80-90")


@given(ranges)
def test_text_reads_back(ports):
    assert parse_range(str(ports)) == ports


@given(st.text(max_size=12))
def test_any_text_is_read_or_refused(text):
    try:
        ports = parse_range(text)
    except ValueError:
        return
    assert 1 <= ports.first <= ports.last <= 65535


@given(st.lists(ranges, max_size=8), st.lists(port, max_size=20))
def test_merging_keeps_the_ports(given_ranges, samples):
    merged = merge(given_ranges)
    edges = [edge + step for r in given_ranges for edge in (r.first, r.last) for step in (-1, 0, 1)]
    for sample in samples + edges:
        assert any(sample in r for r in merged) == any(sample in r for r in given_ranges)


@given(st.lists(ranges, max_size=8))
def test_merged_ranges_ascend_with_a_gap_between(given_ranges):
    merged = merge(given_ranges)
    assert all(a.last + 1 < b.first for a, b in pairwise(merged))
