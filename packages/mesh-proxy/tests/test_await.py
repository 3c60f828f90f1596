"""`mesh-proxy await` as a process, in front of an admin server that the test plays."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from mesh_proxy.await_ready.readiness import pauses

SECONDS = 10.0
DISABLING = {"LINKERD_AWAIT_DISABLED", "LINKERD_DISABLED", "LINKERD_AWAIT_VERBOSE"}


class Admin(ThreadingHTTPServer):
    """An admin server; it is ready when the test says so."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[str] = []
        self.ready = threading.Event()
        self.was_asked = threading.Event()
        self.shutdown_status = 200

    @property
    def port(self) -> str:
        return str(self.server_address[1])


class Handler(BaseHTTPRequestHandler):
    server: Admin

    def do_GET(self) -> None:
        self.answer(200 if self.server.ready.is_set() else 503)

    def do_POST(self) -> None:
        self.answer(self.server.shutdown_status)

    def answer(self, status: int) -> None:
        self.server.asked.append(f"{self.command} {self.path}")
        self.server.was_asked.set()
        self.send_response(status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


@pytest.fixture
def admin() -> Iterator[Admin]:
    with Admin() as server:
        thread = threading.Thread(target=server.serve_forever, args=[0.01])
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def started(
    *arguments: str, terminal: int | None = None, first: bool = False, **variables: str
) -> subprocess.Popen[str]:
    """Start it, with a terminal of its own or as the first process of its own tree."""
    environment = {name: value for name, value in os.environ.items() if name not in DISABLING}
    before = ["setsid", "--ctty"] if terminal is not None else []
    before += ["unshare", "--pid", "--fork", "--mount-proc"] if first else []
    return subprocess.Popen(
        [*before, sys.executable, "-I", "-B", "-m", "mesh_proxy", "await", *arguments],
        env=environment | variables,
        stdin=terminal,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    with process:
        try:
            out, err = process.communicate(timeout=SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
    return process.returncode, out, err


def run(*arguments: str, **variables: str) -> tuple[int, str, str]:
    return ended(started(*arguments, **variables))


def unused_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return str(listener.getsockname()[1])


class TestWaiting:
    def test_a_ready_proxy_ends_it_at_once(self, admin):
        admin.ready.set()
        assert run("--port", admin.port) == (0, "", "")
        assert admin.asked == ["GET /ready"]

    def test_the_program_runs_only_after_the_proxy_is_ready(self, admin):
        process = started("-p", admin.port, "--backoff=10ms", "--", "echo", "-S", "a b")
        assert admin.was_asked.wait(SECONDS)
        assert process.poll() is None
        admin.ready.set()
        assert ended(process) == (0, "-S a b\n", "")

    def test_a_proxy_that_starts_later_is_found(self):
        port = unused_port()
        process = started("--port", port)
        with socket.create_server(("127.0.0.1", int(port))) as listener:
            listener.settimeout(SECONDS)
            stream, _ = listener.accept()
            with stream:
                stream.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            assert ended(process) == (0, "", "")

    def test_giving_up_says_why_and_what_to_look_at(self, admin):
        code, _, err = run("--port", admin.port, "--timeout", "50ms", "true")
        assert code == 69
        assert "not ready within 0.05 s: it runs but has no certificate yet (503)" in err
        assert "kubectl logs" in err
        assert err.count("\n") == 1

    @pytest.mark.parametrize(
        ("answer", "says"),
        [
            (b"SSH-2.0-x\r\n", "not with HTTP"),
            (b"HTTP/1.1 404 Not Found\r\n\r\n", "answers 404"),
            (b"", "not with HTTP"),
            (b"\0" * 5000, "not with HTTP"),
            (b"HTTP/1.1 2x0 OK\r\n", "not with HTTP"),
        ],
    )
    def test_another_program_on_the_port_is_no_proxy(self, answer, says):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
            process = started("--port", str(port), "--timeout=0", "true")
            stream, _ = listener.accept()
            with stream:
                stream.recv(4096)
                stream.sendall(answer)
            code, _, err = ended(process)
        assert code == 69
        assert says in err

    def test_a_server_that_never_answers_does_not_hold_it(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            begun = time.monotonic()
            port = str(listener.getsockname()[1])
            code, _, err = run("--port", port, "--timeout", "200ms")
        assert code == 69
        assert "does not answer" in err
        assert time.monotonic() - begun < 5

    def test_giving_up_need_not_be_fatal(self):
        code, out, err = run("-p", unused_port(), "-t0", "--timeout-fatal=false", "echo", "ran")
        assert (code, out) == (0, "ran\n")
        assert "nothing listens" in err

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    def test_a_signal_ends_the_wait(self, admin, number):
        process = started("--port", admin.port, "echo", "ran")
        assert admin.was_asked.wait(SECONDS)
        process.send_signal(number)
        code, out, err = ended(process)
        assert (code, out) == (128 + number, "")
        assert err.count("\n") == 1

    @pytest.mark.parametrize("variable", ["LINKERD_AWAIT_DISABLED", "LINKERD_DISABLED"])
    def test_disabled_it_asks_nobody(self, admin, variable):
        assert run("-S", "-p", admin.port, "echo", "ran", **{variable: "1"}) == (0, "ran\n", "")
        assert admin.asked == []
        _, _, err = run("--verbose", **{variable: "no proxy here"})
        assert f"{variable}=no proxy here" in err

    def test_pauses_grow_from_short_to_bearable_unless_one_is_given(self):
        growing = pauses(None)
        assert [next(growing) for _ in range(7)] == [0.01, 0.02, 0.04, 0.08, 0.16, 0.2, 0.2]
        fixed = pauses(1.5)
        assert [next(fixed), next(fixed)] == [1.5, 1.5]


class TestProgram:
    def test_it_becomes_the_program(self, admin):
        admin.ready.set()
        process = started("--port", admin.port, "sh", "-c", "echo $$; exit 3")
        assert ended(process) == (3, f"{process.pid}\n", "")

    @pytest.mark.parametrize("how", [[], ["--shutdown"]])
    def test_the_program_inherits_no_ignored_or_blocked_signals(self, admin, how):
        admin.ready.set()
        _, out, _ = run("-p", admin.port, *how, "grep", "-E", "^Sig(Blk|Ign)", "/proc/self/status")
        # posix_spawn of glibc ignores the two that its threads use among themselves.
        own = 1 << 31 | 1 << 32
        if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
            own |= 1  # of nohup, which may run the tests
        assert [int(line.split()[1], 16) & ~own for line in out.splitlines()] == [0, 0]

    @pytest.mark.parametrize("how", [[], ["--shutdown"]])
    def test_a_missing_or_closed_program_has_the_shells_codes(self, admin, how, tmp_path):
        admin.ready.set()
        code, _, err = run("-p", admin.port, *how, "/no/such/program")
        assert code == 127
        assert "/no/such/program" in err
        closed = tmp_path / "closed"
        closed.write_text("text")
        code, _, err = run("-p", admin.port, *how, str(closed))
        assert code == 126
        assert "Permission denied" in err


class TestShutdown:
    @pytest.fixture(autouse=True)
    def ready(self, admin):
        admin.ready.set()

    def test_the_proxy_is_shut_down_after_the_program_and_its_code_kept(self, admin):
        assert run("-S", "--port", admin.port, "sh", "-c", "exit 7") == (7, "", "")
        assert admin.asked == ["GET /ready", "POST /shutdown"]

    def test_a_program_that_dies_by_a_signal_is_128_and_more(self, admin):
        code, _, _ = run("-S", "-p", admin.port, "sh", "-c", "kill -KILL $$")
        assert code == 128 + signal.SIGKILL

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGUSR1])
    def test_signals_go_on_to_the_program(self, admin, number):
        name = number.name.removeprefix("SIG")
        script = f"trap 'echo got {name}; exit 5' {name}; echo up; while :; do sleep 0.05; done"
        process = started("-S", "-p", admin.port, "sh", "-c", script)
        assert process.stdout.readline() == "up\n"
        process.send_signal(number)
        assert ended(process) == (5, f"got {name}\n", "")
        assert admin.asked[-1] == "POST /shutdown"

    def test_a_key_on_the_terminal_reaches_the_program_once(self, admin):
        """The terminal signals every process of its group; forwarding would double it."""
        script = (
            "n=0; trap 'n=$((n+1)); echo got $n' INT; trap 'echo in all $n; exit 5' USR1;"
            " echo up; while :; do sleep 0.02; done"
        )
        ours, theirs = os.openpty()
        process = started("-S", "-p", admin.port, "sh", "-c", script, terminal=theirs)
        assert process.stdout.readline() == "up\n"
        os.write(ours, b"\x03")
        assert process.stdout.readline() == "got 1\n"
        # A lower number is taken first: were SIGINT forwarded, it would be before this one.
        process.send_signal(signal.SIGUSR1)
        assert ended(process) == (5, "in all 1\n", "")
        os.close(ours)
        os.close(theirs)

    @pytest.mark.netns
    def test_as_a_containers_first_process_it_reaps_what_is_left(self, admin):
        """Orphans become its children; only the program's end is its own."""
        # A process that has ended but was not reaped still takes signals.
        script = (
            "orphan=$(sh -c 'sleep 0.01 > /dev/null & echo $!');"
            " while kill -0 $orphan 2> /dev/null; do sleep 0.02; done; exit 3"
        )
        process = started("-S", "-p", admin.port, "sh", "-c", script, first=True)
        assert ended(process) == (3, "", "")

    @pytest.mark.netns
    def test_as_a_containers_first_process_it_can_be_stopped(self, admin):
        """The kernel drops a signal to the first process that it does not handle."""
        admin.ready.clear()
        process = started("-p", admin.port, "true", first=True)
        assert admin.was_asked.wait(SECONDS)
        (child,) = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        os.kill(int(child), signal.SIGTERM)
        code, _, err = ended(process)
        assert code == 128 + signal.SIGTERM
        assert "SIGTERM" in err

    @pytest.mark.parametrize(
        ("status", "says"), [(404, "config.linkerd.io/proxy-admin-shutdown"), (500, "500")]
    )
    def test_a_proxy_that_refuses_is_named_and_changes_nothing(self, admin, status, says):
        admin.shutdown_status = status
        code, _, err = run("-S", "-p", admin.port, "true")
        assert code == 0
        assert says in err

    def test_a_proxy_that_is_gone_changes_nothing(self):
        with closing(socket.create_server(("127.0.0.1", 0))) as listener:
            process = started("-S", "-p", str(listener.getsockname()[1]), "sh", "-c", "exit 4")
            stream, _ = listener.accept()
            listener.close()
            with stream:
                stream.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        code, _, err = ended(process)
        assert code == 4
        assert "nothing listens" in err


def test_little_is_loaded():
    """It runs at every start of a classic pod."""
    script = (
        "import sys\n"
        "sys.argv = ['/usr/lib/linkerd/linkerd-await', '--help']\n"
        "from mesh_proxy.__main__ import main\n"
        "main()\n"
        "import mesh_proxy.await_ready.program\n"
        "heavy = {'argparse', 'dataclasses', 'http', 'json', 'pathlib', 're', 'subprocess',"
        " 'typing', 'mesh_proxy._engine'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    path = next(path for path in sys.path if path.endswith("mesh-proxy/python"))
    command = f"import sys; sys.path.append({path!r})\n{script}"
    subprocess.run(
        [sys.executable, "-I", "-S", "-c", command],
        check=True,
        timeout=SECONDS,
        stdout=subprocess.DEVNULL,
    )
