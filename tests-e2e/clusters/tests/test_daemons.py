"""Servers as children, and the ports that are kept for them."""

import signal
import socket
import sys
import threading
from pathlib import Path

import pytest

from mesh_clusters.daemons import Daemon, environment
from mesh_clusters.deadline import wait_for
from mesh_clusters.errors import StartFailed
from mesh_clusters.ports import LOOPBACK, ReservedPort

_STUBBORN = (
    "import signal; signal.signal(15, signal.SIG_IGN); print('up', flush=True); signal.pause()"
)


def _state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def test_a_server_outlives_the_thread_that_started_it(tmp_path: Path) -> None:
    daemon = Daemon("sleeper", ["sleep", "60"], tmp_path / "log")
    thread = threading.Thread(target=daemon.start)
    thread.start()
    thread.join()
    try:
        pid = daemon.pid
        assert pid is not None
        daemon.start()
        assert daemon.pid == pid
        daemon.check()
    finally:
        daemon.stop()
    assert daemon.pid is None


def test_a_frozen_one_ends_too(tmp_path: Path) -> None:
    daemon = Daemon("sleeper", ["sleep", "60"], tmp_path / "log")
    daemon.start()
    pid = daemon.pid
    assert pid is not None
    daemon.signal(signal.SIGSTOP)
    wait_for("its stop", lambda: _state(pid) == "T", 5)
    daemon.stop(patience=5)
    assert daemon.pid is None


def test_one_that_ignores_the_polite_signal_is_killed(tmp_path: Path) -> None:
    daemon = Daemon("stubborn", [sys.executable, "-c", _STUBBORN], tmp_path / "log")
    daemon.start()
    wait_for("its start", lambda: "up" in (tmp_path / "log").read_text(), 10)
    daemon.stop(patience=0.1)
    assert daemon.pid is None


def test_one_that_ended_by_itself_says_why(tmp_path: Path) -> None:
    daemon = Daemon("broken", ["sh", "-c", "echo no such option; exit 3"], tmp_path / "log")
    daemon.start()
    wait_for("its end", lambda: daemon.pid is None, 5)
    with pytest.raises(StartFailed, match=r"broken ended with 3; .*\n.*no such option"):
        daemon.check()
    daemon.stop()


def test_servers_are_reached_without_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "example.com")
    assert not {"HTTPS_PROXY", "no_proxy"} & set(environment())


def test_nobody_else_takes_a_reserved_port() -> None:
    port = ReservedPort()
    with socket.socket() as other, pytest.raises(OSError, match="in use"):
        other.bind((LOOPBACK, port.number))
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((LOOPBACK, port.number), timeout=1)
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        server.bind((LOOPBACK, port.number))
        server.listen()
        socket.create_connection((LOOPBACK, port.number), timeout=1).close()
    port.release()
    with socket.socket() as other:
        other.bind((LOOPBACK, port.number))


def test_what_does_not_happen_is_named() -> None:
    with pytest.raises(StartFailed, match="the moon's fall did not happen within 0 s"):
        wait_for("the moon's fall", lambda: None, 0)
