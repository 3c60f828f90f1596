"""What bench makes of figures and of what tools print."""

import pytest

from bench import instructions
from bench.cpu import Usage, user_share
from bench.errors import FieldError
from bench.memory import Memory, parse_rollup
from bench.negotiation import negotiated
from bench.open_loop import body_length, percentile
from bench.pairs import Load, Sample, interleave, summarise
from bench.reach import TARGETS, reached
from bench.report import Row
from bench.wrk import milliseconds, parse

WRK = """\
  Latency Distribution
     50%   66.00us
     75%   70.00us
     90%   80.00us
     99%    1.20ms
  26628 requests in 2.00s, 8.40MB read
Requests/sec:  13314.34
"""
OPENSSL = """\
Acceptable client certificate CA names
Peer signature type: ECDSA
Server Temp Key: X25519, 253 bits
New, TLSv1.3, Cipher is TLS_AES_128_GCM_SHA256
"""


def test_what_wrk_prints_is_read() -> None:
    seen = parse(WRK, "mesh")
    assert (seen.requests, seen.rate) == (26628, 13314.34)
    assert seen.p50_ms == pytest.approx(0.066)
    assert seen.p99_ms == pytest.approx(1.2)
    assert milliseconds("2.00s") == 2000


@pytest.mark.parametrize(
    "line", ["  Non-2xx or 3xx responses: 3\n", "  Socket errors: connect 1\n"]
)
def test_one_failed_request_spoils_the_measurement(line: str) -> None:
    with pytest.raises(FieldError, match="nothing to compare"):
        parse(WRK + line, "mesh")


def test_rounds_take_turns_backwards_and_forwards() -> None:
    order: list[str] = []

    def measure(name: str) -> int:
        order.append(name)
        return len(order)

    samples = interleave(["a", "b"], 3, measure)
    assert "".join(order) == "abbaab"
    assert samples == {"a": [1, 4, 5], "b": [2, 3, 6]}


def test_ratios_are_those_of_each_round() -> None:
    def samples(*costs: float) -> list[Sample]:
        return [Sample(1000, {"out": Usage(cost / 1000, 3, 1)}) for cost in costs]

    rows = summarise(Load("c", 1), {"haproxy": samples(1, 2, 4), "mesh": samples(2, 2, 2)})
    found = {(row.subject, row.metric): row.value for row in rows}
    assert found["mesh", "cpu_out_ratio"] == pytest.approx(1.0)
    assert found["haproxy", "cpu_out"] == pytest.approx(2.0)
    assert found["mesh", "cpu_out_user"] == pytest.approx(1.5)


def test_of_bytes_the_ratio_is_that_of_what_a_cpu_second_does() -> None:
    def samples(cost: float) -> list[Sample]:
        return [Sample(2, {"in": Usage(cost, 1, 1)})]

    rows = summarise(Load("c", 1, unit="GB"), {"haproxy": samples(4), "mesh": samples(2)})
    found = {(row.subject, row.metric): row.value for row in rows}
    assert found["mesh", "bytes_in"] == pytest.approx(1.0)
    assert found["mesh", "bytes_in_ratio"] == pytest.approx(2.0)


def test_usage_too_short_for_ticks_is_half_and_half() -> None:
    assert user_share([Usage(0.001, 0, 0)]) == 0.5


def test_memory_is_read_in_bytes() -> None:
    text = "55d0-7ffe ---p 0 00:00 0 [rollup]\nRss: 20 kB\nPss: 9 kB\nAnonymous: 6 kB\nSwap: 1 kB\n"
    assert parse_rollup(text) == Memory(20 * 1024, 9 * 1024, 6 * 1024)


def test_the_same_cryptography_passes() -> None:
    negotiated("haproxy", OPENSSL)


@pytest.mark.parametrize(
    ("found", "instead", "message"),
    [
        ("X25519, 253", "ECDH, prime256v1, 256", "the group ECDH, not X25519"),
        ("AES_128_GCM_SHA256", "AES_256_GCM_SHA384", "the cipher TLS_AES_256_GCM_SHA384"),
        ("Acceptable client certificate CA names", "", "tells no client certificate"),
        ("ECDSA", "RSA-PSS", "the signature RSA"),
    ],
)
def test_other_cryptography_is_no_comparison(found: str, instead: str, message: str) -> None:
    with pytest.raises(FieldError, match=message):
        negotiated("haproxy", OPENSSL.replace(found, instead))


def test_percentiles_are_values_that_were_measured() -> None:
    values = [float(number) for number in range(1, 1001)]
    assert [percentile(values, percent) for percent in (50, 99, 99.9)] == [500, 990, 999]
    assert percentile([7.0], 50) == 7


def test_an_answer_that_is_no_success_or_has_no_length_is_an_error() -> None:
    assert body_length(b"HTTP/1.1 200 OK\r\ncontent-LENGTH: 128") == 128
    for head in (b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 1", b"HTTP/1.1 200 OK\r\na: b"):
        with pytest.raises(ConnectionError):
            body_length(head)


def test_targets_are_told_reached_or_not_by_the_worse_side() -> None:
    target = next(one for one in TARGETS if one.limit == 0.75 and one.connections == 1)

    def rows(*values: float) -> list[Row]:
        sides = zip(target.metrics, values, strict=True)
        return [Row(target.case, "mesh", 1, 0, metric, value, "×") for metric, value in sides]

    assert [row.value for row in reached(rows(0.5, 0.75))] == [1.0]
    verdict, *_ = reached(rows(0.5, 0.9))
    assert verdict.value == pytest.approx(0.75 / 0.9)
    assert list(reached([])) == []


def test_callgrind_names_a_function_once_and_calls_by_number() -> None:
    text = """\
events: Ir
fn=(1) main
10 5
cfn=(2) mi_malloc_aligned
calls=3 20
11 60
fn=(3) relay
cfn=(2)
calls=4 20
12 80
cfn=(4) mi_malloc_generic
calls=9 30
13 90
cfn=(5) malloc'2
calls=1 40
14 7
fn=(2)
cfn=(6) mi_heap_malloc_aligned
calls=7 50
15 0
summary: 242
totals: 242
"""
    assert instructions.parse(text) == instructions.Counted(242, 8)
