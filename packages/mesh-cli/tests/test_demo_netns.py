"""`mesh demo` as a user runs it: the whole mesh, the whole bookshop, and nothing afterwards."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = [pytest.mark.netns, pytest.mark.timeout(120)]

PREFIX = f"demo-test-{os.getpid()}"
STATE = Path("/run/mesh", PREFIX)
MESHED = {"cache", "feed", "shoppers", "stock", "stock-slow", "web"}
SECURED = {
    *(("shoppers", "web"), ("shoppers", "feed"), ("web", "stock"), ("web", "stock-slow")),
    *(("web", "cache"), ("feed", "cache")),
}


def demo(*options: str) -> list[str]:
    script = "from mesh_cli.main import main; main()"
    return [sys.executable, "-c", script, "demo", "--prefix", PREFIX, *options]


def host_state() -> tuple[list[str], str]:
    """What a mesh could leave on this machine: interfaces and mounts."""
    mounts = Path("/proc/self/mountinfo").read_text()
    left = [line for line in mounts.splitlines() if PREFIX in line]
    return left, " ".join(sorted(path.name for path in Path("/sys/class/net").iterdir()))


@pytest.fixture(scope="module")
def finished():
    before = host_state()
    done = subprocess.run(
        demo("--seconds", "4", "-o", "json"),
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert host_state() == before
    return done


@pytest.fixture(scope="module")
def document(finished):
    return json.loads(finished.stdout)


def test_it_succeeds(finished, document):
    assert document["errors"] == []
    assert finished.returncode == 0, finished.stderr


def test_every_meshed_edge_is_secured_and_names_both_ends(document):
    edges = {(edge["src"], edge["dst"]): edge for edge in document["edges"]}
    for src, dst in SECURED:
        edge = edges[src, dst]
        assert edge["secured"], edge
        assert edge["client_id"].startswith(f"{src}.bookshop.serviceaccount.identity.")
        account = "stock" if dst == "stock-slow" else dst
        assert edge["server_id"].startswith(f"{account}.bookshop.serviceaccount.identity.")


def test_edges_to_and_from_outside_say_why_they_are_not(document):
    reasons = {(edge["src"], edge["dst"]): edge["reason"] for edge in document["edges"]}
    assert reasons["web", "suppliers"] == "server not meshed"
    assert reasons["crawler", "web"] == "client not meshed"


def test_workloads_have_their_golden_metrics(document):
    rows = {row["name"]: row for row in document["workloads"]}
    assert set(rows) == MESHED | {"crawler", "suppliers"}
    assert rows["web"]["meshed"] == "2/2"
    assert rows["web"]["success"] == 1.0
    assert rows["web"]["rps"] > 20
    assert 0 < rows["web"]["p50_ms"] <= rows["web"]["p95_ms"] <= rows["web"]["p99_ms"]
    assert rows["cache"]["tcp_connections"] > 0
    # Requests are balanced, not connections: the slow replica gets less than its third.
    assert rows["stock-slow"]["requests"] < rows["stock"]["requests"] / 2


def test_it_says_what_it_cost(document):
    assert 0 < document["ready_seconds"] < 60
    pods = 8
    assert len(document["sidecar_rss_bytes"]) == pods


@pytest.fixture
def started():
    """A demo that has made its mesh; it is ended whatever the test does."""
    before = host_state()
    process = subprocess.Popen(
        demo(), stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        deadline = time.monotonic() + 30
        while not (STATE / "control.sock").exists():
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.02)
        yield process
    finally:
        process.kill()
        process.communicate()
    assert not STATE.exists()
    assert host_state() == before


def test_a_second_demo_leaves_the_first_alone(started):
    second = subprocess.run(demo(), capture_output=True, text=True, timeout=30, check=False)
    assert second.returncode == 5
    assert f"mesh local down --prefix {PREFIX}" in second.stderr
    assert second.stderr.count("\n") == 1
    assert started.poll() is None
    started.send_signal(signal.SIGINT)
    started.communicate(timeout=30)


def test_a_mesh_that_is_killed_is_reported_and_cleaned_up(started):
    supervisor = int((STATE / "supervisor").read_text().split()[0])
    os.kill(supervisor, signal.SIGKILL)
    _, err = started.communicate(timeout=30)
    assert started.returncode == 1
    assert "Traceback" not in err
    assert "mesh has ended" in err or "supervisor" in err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "sigterm"])
def test_interrupted_while_starting_it_leaves_nothing(started, number):
    started.send_signal(number)
    _, err = started.communicate(timeout=30)
    assert started.returncode == 130, err
    assert "Traceback" not in err
