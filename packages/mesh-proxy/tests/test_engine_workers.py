"""Two workers: what is bounded or counted is so for both together, exactly."""

import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import engine
import meshed
import pytest
from engine import IDENTITY
from fake_control import closed_server
from holding import Holding
from meshed import Mesh
from network import Pair

pytestmark = [pytest.mark.netns, pytest.mark.timeout(60)]

PORT = 8080
CAP = 8
CLIENTS = 64
"""So many that by chance alone no worker remains without any."""
TWO = {"LINKERD2_PROXY_CORES": "2"}
GET = b"GET / HTTP/1.1\r\nHost: api\r\n\r\n"


@pytest.fixture
def app(spaces: Pair) -> Iterator[Holding]:
    with closing(Holding(spaces.peer.listener(PORT))) as app:
        yield app


@pytest.fixture(params=["inbound", "outbound"])
def bounded(request: pytest.FixtureRequest) -> str:
    """The direction that is bounded."""
    return str(request.param)


@pytest.fixture
def mesh(spaces: Pair, app: Holding, bounded: str, tmp_path: Path) -> Iterator[Mesh]:
    limit = {f"LINKERD2_PROXY_{bounded.upper()}_MAX_IN_FLIGHT": str(CAP)}
    with meshed.running(spaces, tmp_path, TWO | limit) as mesh:
        mesh.declare(PORT)
        yield mesh


class Crowd:
    """Requests that are all made at once, each on a connection of its own."""

    def __init__(self, mesh: Mesh, stack: ExitStack) -> None:
        self.statuses: Counter[bytes] = Counter()
        streams = [mesh.through.connection(PORT) for _ in range(CLIENTS)]
        self._waiting = {stack.enter_context(closing(stream)) for stream in streams}
        for stream in streams:
            stream.sendall(GET)

    def is_answered_but_for(self, count: int) -> bool:
        """Whether no more than so many still wait."""
        for stream in [stream for stream in self._waiting if _is_readable(stream)]:
            self.statuses[stream.recv(4096)[9:12]] += 1
            self._waiting.remove(stream)
        return len(self._waiting) <= count


def _is_readable(stream: socket.socket) -> bool:
    stream.setblocking(False)
    try:
        return bool(stream.recv(1, socket.MSG_PEEK))
    except BlockingIOError:
        return False


def workers(proxy: engine.Engine) -> dict[str, int]:
    """The CPU time of each worker, in nanoseconds (sched(5))."""
    tasks = Path(f"/proc/{proxy.process.pid}/task").iterdir()
    times = {
        (task / "comm").read_text().strip(): int((task / "schedstat").read_text().split()[0])
        for task in tasks
    }
    return {name: time for name, time in times.items() if name.startswith("worker-")}


def test_both_together_admit_as_many_as_may_be_and_count_each(mesh, app, bounded):
    proxy = mesh.server if bounded == "inbound" else mesh.client
    before = workers(mesh.client)
    with ExitStack() as stack:
        crowd = Crowd(mesh, stack)
        engine.until("the others are refused", lambda: crowd.is_answered_but_for(CAP))
        for _ in range(CAP):
            assert app.waiting.acquire(timeout=engine.SECONDS)
        assert crowd.statuses == {b"503": CLIENTS - CAP}
        app.release.set()
        engine.until("all are answered", lambda: crowd.is_answered_but_for(0))
        assert crowd.statuses == {b"503": CLIENTS - CAP, b"200": CAP}
    assert len(before) == int(TWO["LINKERD2_PROXY_CORES"])
    assert all(time > before[name] for name, time in workers(mesh.client).items()), "both worked"
    family = f"{bounded}_http_errors_total"
    assert proxy.metric(family, 'error="load_shed"') == CLIENTS - CAP
    # The places are free again: as many requests, one after the other.
    for _ in range(2 * CAP):
        assert mesh.through.answer(PORT, GET).startswith(b"HTTP/1.1 200")
    assert mesh.server.metric("inbound_http_authz_allow_total", f":{PORT}") == 3 * CAP
    mesh.declare(PORT, server=closed_server(f"other.{IDENTITY}"))
    engine.until("closed", lambda: mesh.through.answer(PORT, GET).startswith(b"HTTP/1.1 403"))
    denied = mesh.server.metric("inbound_http_authz_deny_total", f":{PORT}")
    for count in range(1, 2 * CAP):
        assert mesh.through.answer(PORT, GET).startswith(b"HTTP/1.1 403")
        assert mesh.server.metric("inbound_http_authz_deny_total", f":{PORT}") == denied + count
