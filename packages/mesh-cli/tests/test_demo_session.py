"""A run of the demo against a mesh that is played, with a clock of its own."""

from dataclasses import dataclass, field, replace

import pytest
from demo_metrics import application, nothing_yet, web

from mesh_cli.demo.history import History
from mesh_cli.demo.session import READY_SECONDS, Timing, run
from mesh_cli.errors import MeshError


@dataclass
class Clock:
    now: float = 100.0
    interrupt_at: float = float("inf")

    def timing(self) -> Timing:
        return Timing(now=lambda: self.now, sleep=self.sleep)

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        if self.now >= self.interrupt_at:
            self.interrupt_at = float("inf")
            raise KeyboardInterrupt


@dataclass
class PlayedMesh:
    """Ready after three seconds, then 60 requests a second."""

    clock: Clock
    ready_after: float = 3.0
    failing: int = 0
    fails_to_start: bool = False
    interrupted_while_ending: bool = False
    troubles: list[str] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)

    def up(self):
        self.calls.append("up")
        if self.fails_to_start:
            raise MeshError("no nftables")
        self.started = self.clock.now

    def pods(self):
        ready = self.clock.now - self.started >= self.ready_after
        return [replace(pod, ready=ready or pod.workload == "old") for pod in nothing_yet()]

    def look(self):
        seconds = self.clock.now - self.started
        if seconds < self.ready_after:
            return self.pods()
        # Ten requests failed before everything was ready, as they do in life.
        return application(web(answered=round(60 * seconds), failed=10 + self.failing))

    def problems(self):
        return self.troubles

    def down(self):
        self.calls.append("down")
        if self.interrupted_while_ending:
            raise KeyboardInterrupt

    def kill(self):
        self.calls.append("kill")


@dataclass
class Notes:
    lines: list[str] = field(default_factory=list)
    reports: list = field(default_factory=list)

    def starting(self, ready, pods, seconds):
        self.lines.append(f"{ready}/{pods}")

    def watching(self, report, seconds):
        self.reports.append((report, seconds))

    def ending(self):
        self.lines.append("ending")


@pytest.fixture
def clock():
    return Clock()


def test_a_run_of_ten_seconds(clock):
    mesh, notes = PlayedMesh(clock), Notes()
    result = run(mesh, notes, clock.timing(), seconds=10)
    assert result.succeeded, result.errors
    assert result.ready_seconds == pytest.approx(3.0, abs=0.3)
    row = next(row for row in result.workloads if row.name == "web")
    assert row.rps == pytest.approx(60, rel=0.02)
    assert row.failures == 0, "what failed before everything was ready does not count"
    assert mesh.calls == ["up", "down"]
    assert notes.lines[0] == "1/3"
    assert notes.lines[-2:] == ["3/3", "ending"]
    assert [round(seconds) for _, seconds in notes.reports] == list(range(11))


def test_ctrl_c_while_watching_is_a_normal_end(clock):
    clock.interrupt_at = clock.now + 8
    mesh = PlayedMesh(clock)
    result = run(mesh, Notes(), clock.timing(), seconds=None)
    assert result.succeeded
    assert mesh.calls == ["up", "down"]


def test_ctrl_c_while_starting_takes_everything_down(clock):
    clock.interrupt_at = clock.now + 1
    mesh = PlayedMesh(clock)
    with pytest.raises(KeyboardInterrupt):
        run(mesh, Notes(), clock.timing(), seconds=None)
    assert mesh.calls == ["up", "down"]


def test_a_second_ctrl_c_kills(clock):
    mesh = PlayedMesh(clock, interrupted_while_ending=True)
    run(mesh, Notes(), clock.timing(), seconds=1)
    assert mesh.calls == ["up", "down", "kill"]


def test_what_never_gets_ready_is_reported(clock):
    mesh = PlayedMesh(clock, ready_after=1e9)
    result = run(mesh, Notes(), clock.timing(), seconds=10)
    assert result.ready_seconds is None
    assert not result.succeeded
    assert "shop/web-1 is not ready" in result.errors
    assert clock.now - mesh.started == pytest.approx(READY_SECONDS, abs=1)
    assert mesh.calls == ["up", "down"]


def test_a_mesh_that_cannot_start_takes_nothing_down(clock):
    """It may be another one of the same name that runs."""
    mesh, notes = PlayedMesh(clock, fails_to_start=True), Notes()
    with pytest.raises(MeshError, match="no nftables"):
        run(mesh, notes, clock.timing(), seconds=10)
    assert mesh.calls == ["up"]
    assert notes.lines == []


def test_problems_of_the_mesh_make_it_fail(clock):
    mesh = PlayedMesh(clock, troubles=["proxy of web-1 was restarted"])
    result = run(mesh, Notes(), clock.timing(), seconds=1)
    assert result.errors == ("proxy of web-1 was restarted",)


def test_the_screen_shows_the_last_seconds_and_the_end_the_whole():
    history = History(started=0.0)
    for second in range(31):
        answered = 600 * min(second, 15)  # Then the traffic stops.
        history.add(application(web(answered=answered)), float(second))
    assert history.ready_seconds == 0
    recent = next(row for row in history.recent().workloads if row.name == "web")
    whole = next(row for row in history.whole().workloads if row.name == "web")
    assert recent.requests == 0
    assert whole.rps == pytest.approx(300)


def renamed(pods, name):
    return [replace(pod, name=name) if pod.workload == "web" else pod for pod in pods]


def test_what_a_replaced_pod_did_still_counts():
    history = History(started=0.0)
    history.add(application(web(answered=100)), 0.0)
    history.add(application(web(answered=400, failed=3)), 5.0)
    history.add(renamed(application(web(answered=200)), "web-2"), 10.0)
    for report in (history.whole(), history.recent()):
        row = next(row for row in report.workloads if row.name == "web")
        assert (row.requests, row.failures, row.meshed) == (503, 3, (1, 1))
    assert any("3 of 503 requests it served failed" in error for error in history.whole().errors)


def test_a_workload_that_is_removed_is_gone():
    history = History(started=0.0)
    history.add(application(), 0.0)
    history.add([pod for pod in application() if pod.workload != "old"], 1.0)
    assert "old" not in {row.name for row in history.whole().workloads}


def test_nothing_seen_is_no_success():
    assert not History(started=0.0).whole().succeeded
