"""The metrics text and the arithmetic on it."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesh_cli.demo.exposition import Sample, parse
from mesh_cli.demo.histogram import percentile
from mesh_cli.demo.scrape import read

TEXT = r"""
# HELP request_total Requests begun.
# TYPE request_total counter
request_total{direction="inbound",tls="true"} 12
request_total{direction="outbound",path="a\"b\\c\nd{}",} 3.5 1700000000000
process_resident_memory_bytes 20971520
up NaN
response_latency_ms_bucket{le="+Inf"} +Inf
broken{direction="inbound" 7
also broken
"""


def test_samples_with_and_without_labels():
    samples = {sample.name: sample for sample in parse(TEXT)}
    assert samples["process_resident_memory_bytes"] == Sample(
        "process_resident_memory_bytes", {}, 20971520.0
    )
    assert samples["request_total"].labels == {"direction": "outbound", "path": 'a"b\\c\nd{}'}
    assert samples["request_total"].value == 3.5
    assert math.isnan(samples["up"].value)
    assert samples["response_latency_ms_bucket"].value == math.inf
    assert "broken" not in samples


def test_only_the_families_asked_for():
    names = {sample.name for sample in parse(TEXT, ["up", "broken"])}
    assert names == {"up"}


@given(st.dictionaries(st.from_regex(r"[a-z_]{1,8}", fullmatch=True), st.text(), max_size=4))
def test_label_values_read_back(labels):
    def escaped(value):
        return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")

    written = ",".join(f'{key}="{escaped(value)}"' for key, value in labels.items())
    assert list(parse(f"x{{{written}}} 1\n")) == [Sample("x", labels, 1.0)]


@given(st.text(max_size=200))
def test_any_text_is_read_without_an_error(text):
    list(parse(text))


def test_percentiles_lie_within_their_bucket():
    # 10 observations up to 1 ms, 80 up to 2 ms, 10 up to 10 ms.
    buckets = {1.0: 10, 2.0: 90, 10.0: 100, math.inf: 100}
    assert percentile(buckets, 0.50) == pytest.approx(1.5)
    assert percentile(buckets, 0.90) == pytest.approx(2.0)
    assert percentile(buckets, 0.95) == pytest.approx(6.0)


def test_percentiles_at_the_edges():
    assert percentile({}, 0.5) is None
    assert percentile({1.0: 0, math.inf: 0}, 0.5) is None
    assert percentile({1.0: 0, 5.0: 0, math.inf: 3}, 0.5) == 5.0, "beyond the last bound"
    assert percentile({1.0: 4, math.inf: 4}, 0.0) == 0.0


@given(st.lists(st.integers(0, 50), min_size=1, max_size=6), st.floats(0, 1), st.floats(0, 1))
def test_percentiles_rise_with_the_rank(counts, a, b):
    bounds = [*range(1, len(counts)), math.inf]
    total = 0
    buckets = {
        float(bound): (total := total + count) for bound, count in zip(bounds, counts, strict=True)
    }
    low, high = percentile(buckets, min(a, b)), percentile(buckets, max(a, b))
    if total:
        assert 0 <= low <= high <= max(len(counts) - 1, 0)
    else:
        assert low is high is None


def test_growth_between_two_scrapes():
    before = read('request_total{a="1"} 10\nrequest_total{a="2"} 7\ntcp_open_connections 5\n')
    now = read(
        'request_total{a="1"} 15\nrequest_total{a="2"} 3\nrequest_total{a="3"} 2\n'
        "tcp_open_connections 4\n"
    )
    grown = now.since(before)
    assert grown.total("request_total", a="1") == 5
    assert grown.total("request_total", a="2") == 3, "the proxy was restarted"
    assert grown.total("request_total", a="3") == 2
    assert grown.total("tcp_open_connections") == 4, "a gauge is as it is"
