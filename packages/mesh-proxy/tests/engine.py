"""The engine as a process, in a network namespace of its own."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from fake_control import FakeControl
from network import APP, Namespace

from mesh_proxy.init.namespace import entered

SECONDS = 10.0
IDENTITY = "web.shop.serviceaccount.identity.linkerd.cluster.local"
ADMIN = 4191
PROXY_GROUP = 2102
WORKLOAD = 8080
"""A port of the application."""


def command() -> list[str]:
    """How the engine is started: as users do, or the program that `MESH_ENGINE` names."""
    program = os.environ.get("MESH_ENGINE")
    return [program] if program else [sys.executable, "-I", "-m", "mesh_proxy", "run"]


def redirect(space: Namespace) -> None:
    """Send the pod's connections through the proxy, which is known by its group: as another
    user it could not read the interpreter of a developer's home."""
    flags = ["-u", "-1", "-g", str(PROXY_GROUP), "--inbound-ports-to-ignore", "4190,4191"]
    arguments = [sys.executable, "-m", "mesh_proxy", "init", "--netns", space.path, *flags]
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert done.returncode == 0, done.stderr


def environment(
    control: FakeControl,
    token: Path,
    identity: str = IDENTITY,
    addresses: dict[int, str] = APP,
) -> dict[str, str]:
    """What the injector would set in a pod with `addresses`, for a control plane on loopback."""
    service = f"127.0.0.1:{control.port}"
    values = {
        "OUTBOUND_LISTEN_ADDRS": "127.0.0.1:4140,[::1]:4140",
        "INBOUND_LISTEN_ADDR": "[::]:4143",
        "ADMIN_LISTEN_ADDR": f"[::]:{ADMIN}",
        "DESTINATION_SVC_ADDR": service,
        "POLICY_SVC_ADDR": service,
        "POLICY_WORKLOAD": '{"ns":"shop","pod":"web-1"}',
        "IDENTITY_SVC_ADDR": service,
        "IDENTITY_LOCAL_NAME": identity,
        "IDENTITY_TOKEN_FILE": str(token),
        "IDENTITY_TRUST_ANCHORS": control.authority.pem,
        "INBOUND_IPS": ",".join(addresses.values()),
        "LOG": "warn,linkerd=debug",
    }
    return {f"LINKERD2_PROXY_{name}": value for name, value in values.items()}


def until(what: str, condition: Callable[[], bool], seconds: float = SECONDS) -> None:
    """Wait until the condition holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.02)


@dataclass
class Engine:
    """A running engine and its pod."""

    process: subprocess.Popen[str]
    space: Namespace
    log: Path

    def ask(
        self, path: str, method: str = "GET", body: str | None = None, **headers: str
    ) -> tuple[int, str]:
        """Ask the admin server, from within the pod."""
        with entered(self.space.path):
            connection = http.client.HTTPConnection("127.0.0.1", ADMIN, timeout=SECONDS)
            connection.connect()
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            return response.status, response.read().decode()
        finally:
            connection.close()

    def is_up(self) -> bool:
        """Whether the admin server answers; a process that has ended is an error."""
        if self.process.poll() is not None:
            raise AssertionError(f"exit {self.process.returncode}: {self.log.read_text()}")
        try:
            return self.ask("/live")[0] == 200
        except OSError:
            return False

    def wait_ready(self, seconds: float = SECONDS) -> None:
        until("ready", lambda: self.is_up() and self.ask("/ready")[0] == 200, seconds)

    def wait_log(self, text: str, seconds: float = SECONDS) -> None:
        until(f"{text!r} in the log", lambda: text in self.log.read_text(), seconds)

    def metric(self, name: str, *labels: str) -> float:
        """The sum of the family's series that have all these labels."""
        lines = self.ask("/metrics")[1].splitlines()
        series = [line for line in lines if line.split("{")[0].split(" ")[0] == name]
        chosen = [line for line in series if all(label in line for label in labels)]
        return sum(float(line.rsplit(" ", 1)[1]) for line in chosen)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(how)
        return self.process.wait(SECONDS)


def run_once(
    space: Namespace, variables: dict[str, str], arguments: Sequence[str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run an engine that ends by itself."""
    with entered(space.path):
        return subprocess.run(
            arguments or command(),
            env=_base() | variables,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )


@contextmanager
def running(
    space: Namespace,
    variables: dict[str, str],
    log: Path,
    before: Sequence[str] = (),
    program: Sequence[str] = (),
) -> Iterator[Engine]:
    """An engine from start to end; its log is shown when the test fails.

    `before` is a command that runs its arguments, as `unshare` does; `program` starts the engine
    in place of `command`.
    """
    with log.open("w") as output, entered(space.path):
        process = subprocess.Popen(
            [*before, *(program or command())],
            env=_base() | variables,
            stderr=output,
            text=True,
            group=PROXY_GROUP,
        )
    try:
        yield Engine(process, space, log)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(SECONDS)
        print(log.read_text())


def _base() -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "RUST_BACKTRACE": "1"}


def received(stream: socket.socket) -> bytes:
    """What the peer sends, up to its end; empty if it resets."""
    parts = []
    try:
        while part := stream.recv(65536):
            parts.append(part)
    except ConnectionResetError:
        return b""
    return b"".join(parts)
