"""Fault 71: the order in which a pod's containers start, and a proxy that comes back.

Every container runs as a kubelet would run it: linkerd-init as 65534 with one capability, the
proxy as 2102 with none, both on a read-only root; the application is anybody else.
"""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

import engine
import pytest
from container import INIT_USER, NET_ADMIN, PROXY_USER, SECONDS, Container
from engine import Engine
from fake_control import FakeControl, endpoints, opaque_policy, opaque_server, open_server, profile
from greeter import Greeter
from network import APP, PEER, Pair, pair

from mesh_proxy.init.namespace import entered

pytestmark = [pytest.mark.netns, pytest.mark.timeout(60)]

SERVICE, PORT = "10.200.0.1", 7000
NAME = "web.shop.svc.cluster.local"
SERVER = 7001
TOKEN = "/var/run/secrets/tokens/linkerd-identity-token"
OUTAGE = 3.0
"""Seconds from the proxy's restart until connections succeed again, on a busy machine."""


class Pod:
    """A pod whose containers are started by hand, and the peer that it talks to."""

    def __init__(self, spaces: Pair, directory: Path) -> None:
        self.space, self.peer = spaces.app, spaces.peer
        self.directory = directory
        self.control = FakeControl()
        self.control.say("GetProfile", f"{SERVICE}:{PORT}", profile(NAME))
        self.control.say("Watch", f"{SERVICE}:{PORT}", opaque_policy(f"{NAME}:{PORT}"))
        self.control.say("Get", f"{NAME}:{PORT}", endpoints(f"{PEER[4]}:{SERVER}"))
        self.control.say("WatchPort", "4191", open_server())
        self.control.say("WatchPort", str(engine.WORKLOAD), opaque_server())
        (directory / "token").write_text("token")

    def init(self) -> None:
        container = Container(self.space.path, INIT_USER, INIT_USER, (NET_ADMIN,))
        flags = ("--proxy-uid=2102", "--inbound-ports-to-ignore=4190,4191")
        done = container.run("linkerd2-proxy-init", *flags)
        assert done.returncode == 0, done.stderr

    @contextmanager
    def proxy(self, *before: str) -> Iterator[Engine]:
        """The proxy's container, from start to kill."""
        mounts = {TOKEN: str(self.directory / "token")}
        container = Container(self.space.path, PROXY_USER, mounts=mounts)
        log = self.directory / "log"
        with log.open("a") as output:
            process = subprocess.Popen(
                [*before, *container.command("mesh-proxy", "run")],
                env=engine.environment(self.control, Path(TOKEN)) | {"PATH": "/opt/bin"},
                stdout=subprocess.DEVNULL,
                stderr=output,
                text=True,
            )
        try:
            yield Engine(process, self.space, log)
        finally:
            process.kill()
            process.wait(SECONDS)
            print(log.read_text())

    def asks(self, *, uid: int = 1000) -> bytes:
        """What a connection of the application gets: the server's name, or nothing."""
        try:
            with closing(self.space.connection(SERVICE, PORT, uid=uid)) as stream:
                return stream.recv(16)
        except ConnectionError:
            return b""

    def is_asked(self) -> bytes:
        """What a connection of the peer to the application gets."""
        try:
            with closing(self.peer.connection(APP[4], engine.WORKLOAD)) as stream:
                return stream.recv(16)
        except ConnectionError:
            return b""


@pytest.fixture
def pod(tmp_path) -> Iterator[Pod]:
    with pair() as spaces, ExitStack() as stack:
        stack.enter_context(closing(Greeter(spaces.peer, SERVER)))
        stack.enter_context(closing(Greeter(spaces.app, engine.WORKLOAD)))
        pod = Pod(spaces, tmp_path)
        with entered(spaces.app.path):
            stack.enter_context(pod.control.running())
        yield pod


def test_the_containers_of_a_pod_start_in_order_on_a_read_only_root(pod):
    """The redirect, its proof, the proxy, the wait for it, and then traffic both ways."""
    pod.init()
    validator = Container(pod.space.path, INIT_USER, INIT_USER)
    done = validator.run("linkerd2-network-validator", "--timeout=10s")
    assert done.returncode == 0, done.stderr
    with pod.proxy() as proxy:
        hook = Container(pod.space.path, PROXY_USER)
        done = hook.run("linkerd-await", "--timeout=2m", "--port=4191")
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        assert proxy.ask("/ready") == (200, "ready\n")
        assert pod.asks() == str(SERVER).encode()
        assert pod.is_asked() == str(engine.WORKLOAD).encode()
        assert privileges(proxy.process.pid) == (PROXY_USER, 0, 0, 1)
        assert not written(proxy.process.pid)
        assert proxy.stop(signal.SIGTERM) == 0
    assert "Read-only" not in (pod.directory / "log").read_text()


def privileges(pid: int) -> tuple[int, int, int, int]:
    """User, group, effective capabilities and no_new_privs of a process."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    fields = {name: value.split() for name, _, value in (line.partition(":") for line in lines)}
    capabilities = int(fields["CapEff"][0], 16)
    return int(fields["Uid"][0]), int(fields["Gid"][0]), capabilities, int(fields["NoNewPrivs"][0])


def written(pid: int) -> list[str]:
    """The files that a process holds open for writing, but for its log."""
    found = []
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        # A connection may end while this looks.
        with suppress(FileNotFoundError):
            path = str(descriptor.readlink())
            flags = Path(f"/proc/{pid}/fdinfo/{descriptor.name}").read_text().splitlines()[1]
            if path.startswith("/") and int(flags.split()[1], 8) & os.O_ACCMODE:
                found.append(path)
    return [path for path in found if not path.startswith("/dev/") and not path.endswith("/log")]


def test_a_low_limit_of_files_does_not_keep_the_proxy_from_starting(pod):
    with pod.proxy("/usr/bin/prlimit", "--nofile=128:256") as proxy:
        proxy.wait_ready()
        limits = Path(f"/proc/{proxy.process.pid}/limits").read_text().splitlines()
        (files,) = (line.split() for line in limits if line.startswith("Max open files"))
        assert files[3:5] == ["256", "256"]


@pytest.mark.fault(71)
def test_an_application_that_starts_before_the_proxy_is_refused_until_it_is_ready(pod):
    pod.init()
    begun = time.monotonic()
    assert pod.asks() == b""
    assert pod.is_asked() == b""
    assert time.monotonic() - begun < 2, "refused, not left to time out"
    with pod.proxy() as proxy:
        engine.until("connected", lambda: pod.asks() == str(SERVER).encode())
        engine.until("reached", lambda: pod.is_asked() == str(engine.WORKLOAD).encode())
        assert proxy.ask("/ready")[0] == 200


@pytest.mark.fault(71)
def test_a_proxy_that_crashes_and_is_started_again_is_missed_only_meanwhile(pod):
    """The rules stay in place: nothing slips past the proxy, and nothing is set up again."""
    pod.init()
    with pod.proxy() as proxy:
        proxy.wait_ready()
        assert pod.asks() == str(SERVER).encode()
        held = pod.space.connection(SERVICE, PORT, uid=1000)
        with closing(held):
            assert held.recv(16) == str(SERVER).encode()
            proxy.process.kill()
            proxy.process.wait(SECONDS)
            # The kernel closes what the proxy held, so the application hears of it at once.
            held.settimeout(2)
            assert engine.received(held) == b""
        begun = time.monotonic()
        assert pod.asks() == b""
        assert pod.is_asked() == b""
        assert time.monotonic() - begun < 2
    restarted = time.monotonic()
    with pod.proxy():
        engine.until("out", lambda: pod.asks() == str(SERVER).encode())
        engine.until("in", lambda: pod.is_asked() == str(engine.WORKLOAD).encode())
        assert time.monotonic() - restarted < OUTAGE


@pytest.mark.fault(71)
def test_an_init_container_that_needs_the_network_comes_after_a_native_sidecar(pod):
    """Between linkerd-init and a classic proxy there is no network, but for the proxy's user."""
    pod.control.say("GetProfile", f"{PEER[4]}:{SERVER}", profile())
    pod.init()
    assert pod.asks() == b""
    with closing(pod.space.connection(PEER[4], SERVER, uid=PROXY_USER)) as direct:
        assert direct.recv(16) == str(SERVER).encode()
    with pod.proxy() as proxy:
        proxy.wait_ready()
        assert pod.asks() == str(SERVER).encode()


@pytest.mark.fault(71)
def test_linkerd_init_that_runs_again_beside_a_running_proxy_disturbs_nobody(pod):
    """A kubelet runs all init containers again when a pod's sandbox has to be made anew."""
    pod.init()
    with pod.proxy() as proxy:
        proxy.wait_ready()
        with closing(pod.space.connection(SERVICE, PORT, uid=1000)) as held:
            assert held.recv(16) == str(SERVER).encode()
            pod.init()
            held.sendall(b"still here")
            assert held.recv(16) == b"still here"
        assert pod.asks() == str(SERVER).encode()
