"""Fault 74: a proxy that can write nothing, to no disk and no log, carries traffic all the same."""

import fcntl
import os
import signal
import struct
import termios
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import engine
import meshed
import pytest
from container import PROXY_USER, Container
from engine import PROXY_GROUP
from hostile import GoodClient
from meshed import Mesh
from network import Pair
from raw_server import RawServer

pytestmark = [pytest.mark.netns, pytest.mark.fault(74), pytest.mark.timeout(60)]

PORT = 8080
REQUEST = b"GET /x HTTP/1.1\r\nHost: web\r\n\r\n"
CONNECTIONS = 20
LOUD = {"LINKERD2_PROXY_LOG": "trace"}
TOKEN = "/var/run/secrets/tokens/linkerd-identity-token"
PIPE = 65536
"""What a pipe holds."""


@pytest.fixture
def application(spaces: Pair) -> Iterator[RawServer]:
    with closing(RawServer(spaces.peer.listener(PORT))) as application:
        yield application


@pytest.fixture
def traffic(spaces: Pair, application: RawServer, tmp_path: Path):
    """Both proxies, with a client beside that must notice nothing of what is done to them."""
    del application  # it listens

    @contextmanager
    def traffic(before=(), program=(), **variables: str) -> Iterator[Mesh]:
        running = meshed.running(spaces, tmp_path, LOUD | variables, before=before, program=program)
        with running as mesh:
            mesh.declare(PORT)
            with closing(client(mesh)) as good, good.asking():
                yield mesh
                for _ in range(CONNECTIONS):
                    with closing(client(mesh)) as new:
                        new.ask()
                assert mesh.client.ask("/metrics")[0] == 200
            assert max(good.seconds) < engine.SECONDS / 2
            ends(mesh)

    return traffic


def client(mesh: Mesh) -> GoodClient:
    return GoodClient(mesh.through, PORT, REQUEST, b"ok")


def ends(mesh: Mesh) -> None:
    """Both end as asked, at once: nothing is open any more."""
    begun = time.monotonic()
    for proxy in (mesh.client, mesh.server):
        proxy.process.send_signal(signal.SIGTERM)
    for proxy in (mesh.client, mesh.server):
        assert proxy.process.wait(engine.SECONDS) == 0
    assert time.monotonic() - begun < 3


def shell(script: str) -> list[str]:
    """A script in mounts of its own, that ends with the program."""
    return ["unshare", "--mount", "sh", "-ec", script, "sh"]


def seen(proxy: engine.Engine, path: Path | str) -> Path:
    """A path as the process finds it among its own mounts."""
    return Path(f"/proc/{proxy.process.pid}/root{path}")


def test_a_full_disk_loses_the_log_alone(traffic, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    full = f"""
        mount -t tmpfs -o size=16k log {disk}
        head -c 1M /dev/zero >{disk}/filled 2>/dev/null || true
        exec "$@" >{disk}/log 2>&1
    """
    with traffic(shell(full)) as mesh:
        log = seen(mesh.client, disk / "log")
        assert log.stat().st_size == 0
        assert os.statvfs(log).f_bavail == 0
        seen(mesh.client, disk / "filled").unlink()
        engine.until("the log goes on where there is room", lambda: log.stat().st_size > 0)


def test_a_file_system_may_be_read_only(traffic):
    read_only = """
        while read -r _ place _; do mount -o remount,bind,ro "$place" || true; done </proc/mounts
        exec "$@"
    """
    with traffic(shell(read_only)) as mesh:
        for place in ("/", "/tmp", "/var/tmp"):
            assert os.statvfs(seen(mesh.server, place)).f_flag & os.ST_RDONLY


def test_there_may_be_no_place_for_temporary_files(traffic, tmp_path):
    # The container's root holds what the image holds, and can be read only.
    mounts = {TOKEN: str(tmp_path / "token")}
    container = Container("/proc/self/ns/net", PROXY_USER, PROXY_GROUP, mounts=mounts)
    settings = {"LINKERD2_PROXY_IDENTITY_TOKEN_FILE": TOKEN, "PATH": "/opt/bin:/usr/bin:/bin"}
    with traffic(program=container.command("mesh-proxy", "run"), **settings) as mesh:
        for place in ("/tmp", "/var/tmp"):
            assert not seen(mesh.server, place).exists()


@pytest.fixture
def pipe(tmp_path: Path) -> Iterator[int]:
    """The reading end of a pipe called `log`; only the proxies have the other."""
    os.mkfifo(tmp_path / "log")
    reader = os.open(tmp_path / "log", os.O_RDONLY | os.O_NONBLOCK)
    try:
        yield reader
    finally:
        os.close(reader)


def into_pipe(folder: Path) -> list[str]:
    return shell(f'exec "$@" >{folder}/log 2>&1')


def test_a_log_that_nobody_reads_is_dropped(traffic, pipe, tmp_path):
    # The library's HTTP/2 writes dozens of lines for every request.
    with traffic(into_pipe(tmp_path), LINKERD2_PROXY_MESH_HTTP2="crate") as mesh:
        engine.until("the pipe is full", lambda: waiting(pipe) > PIPE - 4096)
        with closing(client(mesh)) as busy:
            for proxy in (mesh.client, mesh.server):
                engine.until("lines are dropped", lambda proxy=proxy: drops(proxy, busy))


def drops(proxy: engine.Engine, busy: GoodClient) -> bool:
    """Whether lines are lost, after some requests that are logged."""
    for _ in range(100):
        busy.ask()
    return proxy.metric("proxy_log_lines_dropped_total") > 0


def waiting(reader: int) -> int:
    """Bytes in a pipe."""
    return struct.unpack("i", fcntl.ioctl(reader, termios.FIONREAD, bytes(4)))[0]


def test_the_logs_reader_may_go_away(traffic, pipe, tmp_path):
    with traffic(into_pipe(tmp_path)):
        assert waiting(pipe)
        # What is written from now on is answered with EPIPE and SIGPIPE.
        with Path(os.devnull).open() as other:
            os.dup2(other.fileno(), pipe)


@pytest.mark.parametrize("closed", [">&- 2>&-", "<&- >&- 2>&-", "2>&-"])
def test_there_may_be_no_log_at_all(traffic, closed):
    with traffic(shell(f'exec "$@" {closed}')) as mesh:
        # A socket in the log's place would be sent the log.
        for proxy in (mesh.client, mesh.server):
            links = [Path(f"/proc/{proxy.process.pid}/fd/{number}") for number in (0, 1, 2)]
            kinds = [str(link.readlink()) for link in links if link.is_symlink()]
            assert not [kind for kind in kinds if "socket" in kind or "anon" in kind], kinds
