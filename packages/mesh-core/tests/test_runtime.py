"""The life of a service: real processes, real signals."""

import contextlib
import http.client
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator

import pytest

PROLOGUE = """
import asyncio, sys, time
from mesh_core.authority import Authority
from mesh_core.errors import CoreError
from mesh_core.service import Settings, run

def say(text):
    print(text, flush=True)

def stopping(text, seconds=0):
    async def stop():
        say(text)
        await asyncio.sleep(seconds)
    return stop
"""


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


class Process:
    def __init__(self, body: str) -> None:
        self.port = free_port()
        main = textwrap.indent(textwrap.dedent(body), "    ")
        code = (
            f"{PROLOGUE}\nasync def main(service):\n{main}\n"
            f"address = Authority.parse('127.0.0.1:{self.port}')\n"
            "sys.exit(run(main, Settings('mesh-test', address)))\n"
        )
        self.popen = subprocess.Popen(
            [sys.executable, "-I", "-c", code],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def get(self, path: str) -> tuple[int, str]:
        deadline = time.monotonic() + 15
        while True:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
            try:
                connection.request("GET", path)
                response = connection.getresponse()
                return response.status, response.read().decode()
            except ConnectionRefusedError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.02)
            finally:
                connection.close()

    def wait_for(self, path: str, answer: tuple[int, str]) -> None:
        deadline = time.monotonic() + 15
        while (got := self.get(path)) != answer:
            assert time.monotonic() < deadline, got
            time.sleep(0.02)

    def end(self, number: signal.Signals | None = None) -> tuple[int, str, str]:
        if number is not None:
            self.popen.send_signal(number)
        out, err = self.popen.communicate(timeout=20)
        return self.popen.returncode, out, err


@contextlib.contextmanager
def running(body: str) -> Iterator[Process]:
    process = Process(body)
    try:
        yield process
    finally:
        process.popen.kill()
        process.popen.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_service_stops_in_reverse_order(number):
    body = """
        service.on_stop("first", stopping("first"))
        service.on_stop("second", stopping("second"))
    """
    with running(body) as process:
        process.wait_for("/ready", (200, "ready\n"))
        code, out, err = process.end(number)
    assert (code, out.split()) == (0, ["second", "first"])
    assert f"stopping on {number.name}" in err


def test_it_is_ready_once_started_and_its_conditions_are_met():
    body = """
        import signal
        loop, go = asyncio.get_running_loop(), asyncio.Event()
        loop.add_signal_handler(signal.SIGUSR1, go.set)
        loop.add_signal_handler(signal.SIGUSR2, service.readiness.met, "caches")
        service.readiness.require("caches")
        await go.wait()
    """
    with running(body) as process:
        process.wait_for("/ready", (503, "not ready: starting, caches\n"))
        process.popen.send_signal(signal.SIGUSR1)
        process.wait_for("/ready", (503, "not ready: caches\n"))
        process.popen.send_signal(signal.SIGUSR2)
        process.wait_for("/ready", (200, "ready\n"))
        assert process.get("/live") == (200, "live\n")
        assert "_created" not in process.get("/metrics")[1]


def test_while_it_stops_it_is_not_ready():
    with running('service.on_stop("slow", stopping("slow", 5))') as process:
        process.wait_for("/ready", (200, "ready\n"))
        process.popen.send_signal(signal.SIGTERM)
        process.wait_for("/ready", (503, "not ready: stopping\n"))


def test_a_second_signal_ends_it_at_once():
    with running('service.on_stop("slow", stopping("slow", 60))') as process:
        process.wait_for("/ready", (200, "ready\n"))
        process.popen.send_signal(signal.SIGTERM)
        assert process.popen.stdout.readline() == "slow\n"
        code, _, _ = process.end(signal.SIGINT)
    assert code == 128 + signal.SIGINT


def test_a_failing_step_of_the_stop_does_not_keep_the_others():
    body = """
        async def fail():
            raise ValueError("broken")
        service.on_stop("first", stopping("first"))
        service.on_stop("bad", fail)
    """
    with running(body) as process:
        process.wait_for("/ready", (200, "ready\n"))
        code, out, err = process.end(signal.SIGTERM)
    assert (code, out) == (0, "first\n")
    assert "stopping bad failed" in err
    assert "ValueError: broken" in err


def test_a_signal_during_the_start_ends_the_start():
    body = """
        service.on_stop("what was started", stopping("undone"))
        await asyncio.sleep(60)
    """
    with running(body) as process:
        process.wait_for("/ready", (503, "not ready: starting\n"))
        code, out, _ = process.end(signal.SIGTERM)
    assert (code, out) == (0, "undone\n")


def test_an_error_of_ours_is_one_line():
    body = """
        service.on_stop("what was started", stopping("undone"))
        raise CoreError("the issuer is missing; run mesh-identity init")
    """
    with running(body) as process:
        code, out, err = process.end()
    assert (code, out) == (1, "undone\n")
    assert err == "mesh-test: the issuer is missing; run mesh-identity init\n"


def test_any_other_error_shows_its_traceback():
    with running("raise ValueError('odd')") as process:
        code, _, err = process.end()
    assert code == 1
    assert "mesh-test failed" in err
    assert "ValueError: odd" in err


def test_an_admin_port_in_use_is_one_line():
    with running("service.on_stop('x', stopping('x'))") as first:
        first.wait_for("/ready", (200, "ready\n"))
        code = (
            f"{PROLOGUE}\nasync def main(service): pass\n"
            f"address = Authority.parse('127.0.0.1:{first.port}')\n"
            "sys.exit(run(main, Settings('mesh-test', address)))\n"
        )
        second = subprocess.run(
            [sys.executable, "-I", "-c", code], capture_output=True, text=True, check=False
        )
    assert second.returncode == 1
    assert second.stderr.startswith(f"mesh-test: cannot listen on 127.0.0.1:{first.port}: ")
    assert second.stderr.count("\n") == 1


def test_a_hanging_loop_still_answers_and_says_so():
    """Fault 87: the endpoints do not depend on the loop."""
    body = """
        from mesh_core.service import heartbeat
        heartbeat.STALL_SECONDS = 0.3
        asyncio.get_running_loop().call_later(0.1, time.sleep, 60)
    """
    with running(body) as process:
        deadline = time.monotonic() + 15
        while (answer := process.get("/live"))[0] != 503:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert answer[1].startswith("event loop stalled for")
        assert process.get("/ping") == (200, "pong\n")


def test_a_slow_step_of_the_stop_is_left_behind():
    body = """
        from mesh_core.service import runtime
        runtime.CLEANUP_SECONDS = 0.05
        service.on_stop("first", stopping("first"))
        service.on_stop("slow", stopping("slow", 60))
    """
    with running(body) as process:
        process.wait_for("/ready", (200, "ready\n"))
        code, out, err = process.end(signal.SIGTERM)
    assert (code, out.split()) == (0, ["slow", "first"])
    assert "stopping slow took more than" in err
