"""Random faults for a while: afterwards everything is as before."""

import random
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

import engine
import meshed
import pytest
from fake_control import endpoints
from meshed import NAME, SERVER_IDENTITY, SERVICE, UNMESHED, Mesh, Way
from network import PEER, Pair
from raw_server import RawServer

from mesh_proxy.init.namespace import entered

pytestmark = [pytest.mark.netns, pytest.mark.timeout(120)]

PORT = 8080
REQUEST = b"GET /x HTTP/1.1\r\nHost: web\r\n\r\n"
MEGABYTE = 1024 * 1024


@pytest.fixture
def mesh(spaces: Pair, tmp_path: Path) -> Iterator[Mesh]:
    with (
        closing(RawServer(spaces.peer.listener(PORT))) as server,
        meshed.running(spaces, tmp_path, {"LINKERD2_PROXY_LOG": "warn"}) as mesh,
    ):
        mesh.declare(PORT)
        yield mesh
        server.heard.clear()


@dataclass(frozen=True)
class Held:
    """What a process holds."""

    descriptors: int
    threads: int
    resident: int

    @classmethod
    def by(cls, proxy: engine.Engine) -> "Held":
        process = Path(f"/proc/{proxy.process.pid}")
        status = process.joinpath("status").read_text()

        def number(name: str) -> int:
            return int(status.partition(f"{name}:")[2].split()[0])

        return cls(
            len(list(process.joinpath("fd").iterdir())),
            number("Threads"),
            number("VmRSS") * 1024,
        )


class Faults:
    """What can go wrong, each of it in a moment."""

    def __init__(self, mesh: Mesh, chance: random.Random) -> None:
        self._mesh, self._chance = mesh, chance
        self._slow: list[socket.socket] = []
        self.all: list[Callable[[], None]] = [
            self.reset,
            self.reset,
            self.half_close,
            self.garbage,
            self.garbage,
            self.slow,
            self.slow,
            self.flap,
            self.control_away,
        ]

    def _way(self) -> Way:
        return self._chance.choice(self._mesh.ways)

    def _connection(self) -> socket.socket:
        return self._way().connection(PORT)

    def reset(self) -> None:
        with self._connection() as stream:
            stream.sendall(REQUEST[: self._chance.randrange(len(REQUEST) + 1)])
            stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def half_close(self) -> None:
        with self._connection() as stream:
            stream.sendall(REQUEST * 3)
            stream.shutdown(socket.SHUT_WR)
            stream.settimeout(0.2)
            with suppress(OSError):
                stream.recv(4096)

    def garbage(self) -> None:
        with self._connection() as stream, suppress(OSError):
            stream.sendall(self._chance.randbytes(self._chance.randrange(1, 3000)))
            stream.settimeout(0.05)
            stream.recv(4096)

    def slow(self) -> None:
        stream = self._connection()
        stream.sendall(REQUEST[:1])
        self._slow.append(stream)
        if len(self._slow) > 10:
            self._slow.pop(0).close()

    def flap(self) -> None:
        for update in (endpoints(), meshed.meshed(f"{PEER[4]}:{PORT}", SERVER_IDENTITY)):
            self._mesh.asked.say("Get", f"{NAME}:{PORT}", update)

    def control_away(self) -> None:
        self._mesh.asked.stop()
        with entered(self._mesh.spaces.app.path):
            self._mesh.asked.start()

    def close(self) -> None:
        for stream in self._slow:
            stream.close()


class GoodClient:
    """Requests at a small rate, that must succeed where nothing is wrong with their way."""

    def __init__(self, mesh: Mesh) -> None:
        self.answered = 0
        self.failed: list[bytes] = []
        self._mesh = mesh
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._ends.wait(0.01):
            # Its endpoints do not flap.
            with self._mesh.spaces.app.connection(UNMESHED, PORT) as stream:
                stream.settimeout(engine.SECONDS)
                stream.sendall(REQUEST)
                answer = stream.recv(4096)
                if answer.startswith(b"HTTP/1.1 200"):
                    self.answered += 1
                else:
                    self.failed.append(answer)

    def close(self) -> None:
        self._ends.set()
        self._thread.join(engine.SECONDS)


@pytest.mark.fault(82)
def test_after_random_faults_everything_is_as_before(mesh, scaled):
    seed = random.SystemRandom().randrange(1 << 32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    seconds = scaled(6, 24 * 3600)

    def run(seconds: float) -> GoodClient:
        with closing(Faults(mesh, chance)) as faults, closing(GoodClient(mesh)) as good:
            deadline = time.monotonic() + seconds
            while time.monotonic() < deadline:
                chance.choice(faults.all)()
        return good

    run(2)
    before = [settled(proxy) for proxy in (mesh.client, mesh.server)]
    good = run(seconds)
    assert good.answered > seconds
    assert not good.failed
    for proxy, held in zip((mesh.client, mesh.server), before, strict=True):
        after = settled(proxy, held.descriptors)
        assert after.threads <= held.threads
        assert after.resident - held.resident < 16 * MEGABYTE
        assert proxy.metric("proxy_connection_panics_total") == 0
    engine.until("the way is well again", lambda: whole(mesh))


def settled(proxy: engine.Engine, most: int | None = None) -> Held:
    """What a proxy holds once nobody uses it; `most`: descriptors that it had before."""
    last = -1

    def quiet() -> bool:
        nonlocal last
        now = Held.by(proxy).descriptors
        same, last = now == last, now
        return same if most is None else now <= most + 4

    engine.until("descriptors are given back", quiet, 15)
    return Held.by(proxy)


def whole(mesh: Mesh) -> bool:
    with mesh.spaces.app.connection(SERVICE, PORT) as stream:
        stream.settimeout(engine.SECONDS)
        stream.sendall(REQUEST)
        return stream.recv(4096).startswith(b"HTTP/1.1 200")
