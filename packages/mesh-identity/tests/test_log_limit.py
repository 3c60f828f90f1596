"""Log lines that strangers cause are bounded."""

from __future__ import annotations

from mesh_identity.log_limit import LogLimit


def test_a_few_lines_pass_and_the_rest_is_counted() -> None:
    limit = LogLimit(lines=2, seconds=10)
    assert [limit.admit(now) for now in (0, 1, 2, 3, 9.9)] == [0, 0, None, None, None]
    assert [limit.admit(now) for now in (10, 11, 12)] == [3, 0, None]
    assert limit.admit(100) == 1
