"""Two pods with an engine each, and every way from one to the servers of the other."""

import ctypes
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import engine
from engine import IDENTITY, PROXY_GROUP, SECONDS
from fake_control import (
    Authority,
    FakeControl,
    detect_policy,
    endpoints,
    meshed,
    open_server,
    profile,
)
from google.protobuf.message import Message
from network import APP, PEER, Namespace, Pair

from mesh_proxy.init.namespace import entered

SERVER_IDENTITY = "api.shop.serviceaccount.identity.linkerd.cluster.local"
SERVICE = "10.200.0.1"
"""The servers' service as the client's control plane knows it: behind a proxy of the mesh."""
UNMESHED = "10.200.0.2"
"""The same servers as if they had no proxy."""
NAME = "api.shop.svc.cluster.local"
LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Way:
    """A way to the servers: from which namespace to which address, as which group."""

    name: str
    space: Namespace
    address: str
    group: int = 0

    def connection(self, port: int) -> socket.socket:
        with as_group(self.group):
            return self.space.connection(self.address, port)

    def answer(self, port: int, said: bytes) -> bytes:
        """The first of the answer to a client that may be refused before it has said all."""
        with self.connection(port) as stream:
            stream.settimeout(SECONDS)
            with suppress(ConnectionError):
                stream.sendall(said)
            return stream.recv(4096)

    def run(
        self,
        *command: str,
        seconds: float = SECONDS,
        stdin: bytes | None = None,
        variables: Mapping[str, str] | None = None,
    ) -> subprocess.CompletedProcess[bytes]:
        """Run a client to its end."""
        with entered(self.space.path):
            return subprocess.run(
                command,
                capture_output=True,
                timeout=seconds,
                check=False,
                input=stdin,
                group=self.group,
                env=variables,
            )


@dataclass(frozen=True)
class Mesh:
    """The pods' engines, and the control plane of each."""

    spaces: Pair
    client: engine.Engine
    server: engine.Engine
    asked: FakeControl
    """The client's control plane."""
    told: FakeControl
    """The server's."""

    def declare(
        self, port: int, *, policy: Message | None = None, server: Message | None = None
    ) -> None:
        """Make the servers' port known, with its protocol to be found out by default."""
        path = f"{NAME}:{port}"
        address = f"{PEER[4]}:{port}"
        behind = meshed(address, SERVER_IDENTITY)
        lead(self.asked, f"{SERVICE}:{port}", path, behind, policy=policy)
        lead(self.asked, f"{UNMESHED}:{port}", f"plain.{path}", endpoints(address), policy=policy)
        self.told.say("WatchPort", str(port), server or open_server())

    @property
    def direct(self) -> Way:
        """Past both proxies: what the others are compared with."""
        return Way("direct", self.spaces.peer, LOOPBACK)

    @property
    def through(self) -> Way:
        """Through both proxies."""
        return Way("through the mesh", self.spaces.app, SERVICE)

    @property
    def stranger(self) -> Way:
        """From a client without a proxy."""
        return Way("from a stranger", self.spaces.app, PEER[4], PROXY_GROUP)

    @property
    def outside(self) -> Way:
        """Through both proxies, that know nothing of each other."""
        return Way("without mutual TLS", self.spaces.app, UNMESHED)

    @property
    def ways(self) -> list[Way]:
        """All but the direct one."""
        return [self.through, self.stranger, self.outside]


def lead(
    control: FakeControl, asked: str, name: str, update: Message, *, policy: Message | None = None
) -> None:
    """Tell a proxy that whoever asks for `asked` means `name`, and where that leads."""
    control.say("GetProfile", asked, profile(name.rsplit(":", 1)[0]))
    control.say("Watch", asked, policy or detect_policy(name))
    control.say("Get", name, update)


@contextmanager
def running(
    spaces: Pair,
    folder: Path,
    variables: Mapping[str, str] | None = None,
    server_variables: Mapping[str, str] | None = None,
    *,
    authority: Authority | None = None,
    before: Sequence[str] = (),
    program: Sequence[str] = (),
) -> Iterator[Mesh]:
    """Both engines from start to end, in namespaces that redirect to them.

    What the server's engine is told otherwise stands in `server_variables`; `before` and `program`
    are those of `engine.running`.
    """
    asked = FakeControl(authority)
    told = FakeControl(asked.authority)
    token = folder / "token"
    token.write_text("token")
    with ExitStack() as stack:
        engines = []
        both = dict(variables or {})
        for space, control, identity, addresses, own in (
            (spaces.app, asked, IDENTITY, APP, both),
            (spaces.peer, told, SERVER_IDENTITY, PEER, both | dict(server_variables or {})),
        ):
            with entered(space.path):
                stack.enter_context(control.running())
            settings = engine.environment(control, token, identity, addresses)
            log = folder / f"{identity}.log"
            proxy = engine.running(space, settings | own, log, before, program)
            engines.append(stack.enter_context(proxy))
        for proxy in engines:
            proxy.wait_ready()
        yield Mesh(spaces, *engines, asked, told)


@contextmanager
def serving(
    space: Namespace, port: int, command: Sequence[str], log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """A server's process in a pod, from when it accepts at `port` until it is stopped."""
    with log.open("wb") as output, entered(space.path):
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
    try:
        engine.until(f"{command[0]} at {port}", lambda: _accepts(space, port, process, log))
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(SECONDS)


def same(ways: Sequence[Way], direct: Way, ask: Callable[[Way], object]) -> None:
    """What is asked is answered on every way as it is directly."""
    expected = ask(direct)
    for way in ways:
        found = ask(way)
        assert found == expected, f"{way.name}: {found}, directly: {expected}"


@contextmanager
def as_group(group: int) -> Iterator[None]:
    """The group that the kernel notes for sockets which this thread makes."""
    libc = ctypes.CDLL(None)
    before = libc.setfsgid(group)
    try:
        yield
    finally:
        libc.setfsgid(before)


def _accepts(space: Namespace, port: int, process: subprocess.Popen[bytes], log: Path) -> bool:
    if process.poll() is not None:
        raise AssertionError(f"exit {process.returncode}: {log.read_text()}")
    try:
        space.connection(LOOPBACK, port).close()
    except OSError:
        return False
    return True
