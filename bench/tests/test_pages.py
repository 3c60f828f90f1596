"""What bench reads from tools, and writes into the page."""

from pathlib import Path

import pytest

from bench import counts, documented, profile
from bench.errors import FieldError
from bench.reach import PAIR, TARGETS, reached
from bench.report import Row, as_json
from bench.rules import passive

STRACE = """\
% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ----------------
 61.58    0.763781        1159       659           epoll_wait
 15.89    0.197099          10     18727         1 recvfrom
------ ----------- ----------- --------- --------- ----------------
100.00    1.245000          30     39000       101 total
"""
PERF = """\
# Overhead  Shared Object         Symbol
    33.46%  _engine.abi3.so       [.] mesh_engine::http::exchange
    10.02%  [kernel.kallsyms]     [k] tcp_sendmsg
"""
RULES = """\
table ip linkerd {
	chain out {
		type nat hook output priority dstnat; policy accept;
		meta skuid 2102 return
		ip protocol tcp redirect to :4140
	}
}
"""


def test_calls_are_read_by_name() -> None:
    assert counts.parse(STRACE) == {"epoll_wait": 659, "recvfrom": 18727}


def test_functions_are_read_with_where_they_are() -> None:
    assert profile.parse(PERF) == [
        (33.46, "_engine.abi3.so", "mesh_engine::http::exchange"),
        (10.02, "kernel", "tcp_sendmsg"),
    ]


def test_rules_of_haproxys_lead_nowhere() -> None:
    rules = passive(RULES)
    assert "redirect" not in rules
    assert "type nat hook output" in rules
    assert "meta skuid 2102 return" in rules


def test_two_workers_are_compared_with_one() -> None:
    rows = [
        Row(PAIR, subject, 32, 0, metric, value, "µs/request")
        for subject, value in (("mesh", 8.0), ("mesh-two", 9.0))
        for metric in ("cpu_out", "cpu_in")
    ]
    ratio, _, verdict = reached(rows)
    assert ratio.value == pytest.approx(1.125)
    assert verdict.unit.endswith("reached")


def test_the_page_tells_each_target_and_what_was_reached(tmp_path: Path) -> None:
    target = TARGETS[0]
    rows = [Row(target.case, "mesh", 1, 0, metric, 0.5, "×") for metric in target.metrics]
    saved = tmp_path / "run.json"
    saved.write_text("\n".join(as_json(row) for row in rows))
    page = tmp_path / "page.md"
    page.write_text(f"before\n{documented.BEGIN}\nold\n{documented.END}\nafter\n")
    documented.update(documented.read(saved), "today", page)
    text = page.read_text()
    assert text.startswith("before\n")
    assert text.endswith("\nafter\n")
    assert "old" not in text
    assert text.count("\n|") == len(TARGETS) + 2
    assert "| 0.50 / 0.50 |" in text


def test_a_page_without_a_place_is_an_error(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("nothing")
    with pytest.raises(FieldError, match="no place"):
        documented.update([], "today", page)


def test_the_page_of_this_project_has_a_row_for_each_target() -> None:
    text = documented.PAGE.read_text()
    block = text.partition(documented.BEGIN)[2].partition(documented.END)[0]
    written = [line.rsplit(" | ", 1)[0] for line in block.splitlines() if line.startswith("|")]
    assert written == [line.rsplit(" | ", 1)[0] for line in documented.table([])]
