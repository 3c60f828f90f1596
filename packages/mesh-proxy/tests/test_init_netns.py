"""The redirect in a real kernel: real connections between two network namespaces."""

import json
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing

import pytest
from network import APP, PEER, SECONDS, Namespace, Pair, original_destination, pair

from mesh_proxy.errors import KernelUnsupported, NamespaceError
from mesh_proxy.init.batch import Step, encode, replacement
from mesh_proxy.init.namespace import entered
from mesh_proxy.init.netlink import commit
from mesh_proxy.init.plan import Redirect, plan
from mesh_proxy.init.ports import PortRange

pytestmark = [pytest.mark.netns, pytest.mark.timeout(60)]

needs_nft = pytest.mark.skipif(shutil.which("nft") is None, reason="reads back with nft")

PROXY_UID = 2102
APP_PORTS = (4140, 4143, 4191, 8080)
PEER_PORT = 80
UNROUTED = {4: "10.123.45.67", 6: "fd12::3"}


def init(*flags: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "mesh_proxy", "init", *flags]
    return subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)


def redirected(namespace: Namespace, *flags: str) -> None:
    done = init("--netns", namespace.path, *flags)
    assert done.returncode == 0, done.stderr


def table(namespace: Namespace) -> str:
    return namespace.run("nft", "list", "ruleset")


class World:
    """A redirected pod, a peer, and everything that listens in them."""

    def __init__(self, spaces: Pair, stack: ExitStack) -> None:
        self.spaces = spaces
        self.listeners = {
            (place, port): stack.enter_context(getattr(spaces, place).listener(port))
            for place, port in [*(("app", port) for port in APP_PORTS), ("peer", PEER_PORT)]
        }

    def connect(self, place: str, address: str, port: int, lands_on: tuple[str, int], uid: int = 0):
        """Connect, see the connection arrive at a listener, and return what that sees."""
        listener = self.listeners[lands_on]
        listener.settimeout(SECONDS)
        with closing(getattr(self.spaces, place).connection(address, port, uid=uid)) as client:
            accepted, _ = listener.accept()
            with accepted:
                accepted.sendall(b"here")
                assert client.recv(4) == b"here"
                return original_destination(accepted)


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with pair() as spaces, ExitStack() as stack:
        redirected(spaces.app, "--inbound-ports-to-ignore", "4190,4191")
        yield World(spaces, stack)


@pytest.mark.parametrize("version", [4, 6])
class TestConnections:
    def test_out_goes_to_the_outbound_port(self, world, version):
        seen = world.connect("app", PEER[version], PEER_PORT, lands_on=("app", 4140))
        assert seen == (PEER[version], PEER_PORT)

    def test_out_to_no_such_host_goes_there_too(self, world, version):
        seen = world.connect("app", UNROUTED[version], 9999, lands_on=("app", 4140))
        assert seen == (UNROUTED[version], 9999)

    def test_the_proxy_reaches_the_peer(self, world, version):
        seen = world.connect(
            "app", PEER[version], PEER_PORT, lands_on=("peer", PEER_PORT), uid=PROXY_UID
        )
        assert seen is None

    def test_in_goes_to_the_inbound_port(self, world, version):
        seen = world.connect("peer", APP[version], 8080, lands_on=("app", 4143))
        assert seen == (APP[version], 8080)

    def test_the_outbound_port_is_not_open_to_others(self, world, version):
        seen = world.connect("peer", APP[version], 4140, lands_on=("app", 4143))
        assert seen == (APP[version], 4140)

    @pytest.mark.parametrize("port", [4191, 4143])
    def test_ignored_ports_and_the_proxys_own_are_reached(self, world, version, port):
        seen = world.connect("peer", APP[version], port, lands_on=("app", port))
        assert seen in {None, (APP[version], port)}

    def test_loopback_is_direct(self, world, version):
        loopback = {4: "127.0.0.1", 6: "::1"}[version]
        seen = world.connect("app", loopback, 8080, lands_on=("app", 8080))
        assert seen in {None, (loopback, 8080)}

    def test_to_itself_by_its_address_is_direct(self, world, version):
        seen = world.connect("app", APP[version], 8080, lands_on=("app", 8080))
        assert seen in {None, (APP[version], 8080)}


def test_udp_is_left_alone(world):
    with entered(world.spaces.peer.path):
        server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with entered(world.spaces.app.path):
        client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with server, client:
        server.bind((PEER[4], 53))
        server.settimeout(SECONDS)
        client.sendto(b"query", (PEER[4], 53))
        assert server.recvfrom(16)[0] == b"query"


def test_exceptions_in_the_kernel():
    """Group, port ranges, subnets and one family: each lets a real connection pass."""
    with pair() as spaces, ExitStack() as stack:
        world = World(spaces, stack)
        redirected(spaces.app, "--outbound-ports-to-ignore", "70-90", "--no-ipv6")
        assert world.connect("app", PEER[4], PEER_PORT, lands_on=("peer", PEER_PORT)) is None
        world.connect("peer", APP[6], 8080, lands_on=("app", 8080))
        world.connect("peer", APP[4], 8080, lands_on=("app", 4143))
        for subnets in ("10.99.0.0/25,fd99::/65", "10.99.0.2,fd99::2"):
            redirected(spaces.app, "--subnets-to-ignore", subnets)
            for version in (4, 6):
                world.connect("peer", APP[version], 8080, lands_on=("app", 8080))
                world.connect("app", PEER[version], PEER_PORT, lands_on=("app", 4140))
        redirected(spaces.app, "--subnets-to-ignore", "10.98.0.0/16", "-r", "8000-8100")
        world.connect("peer", APP[4], 8080, lands_on=("app", 4143))
        world.connect("peer", APP[4], 4140, lands_on=("app", 4140))


EVERYTHING = (
    *("--proxy-gid", "7", "--inbound-ports-to-ignore", "4190,4191,25,4567-4599", "-p", "5143"),
    *("--outbound-ports-to-ignore", "443,6443", "-r", "80,8000-8100", "--no-ipv6"),
    *("--subnets-to-ignore", "10.1.0.0/17,192.0.2.1,fd00::/7,2001:db8::1"),
)


@needs_nft
@pytest.mark.parametrize("flags", [(), EVERYTHING], ids=["standard", "everything"])
def test_dry_run_shows_what_the_kernel_holds(flags):
    with pair() as spaces:
        redirected(spaces.app, *flags)
        document = init("--dry-run", *flags).stdout
        with entered(spaces.peer.path):
            subprocess.run(["nft", "-f", "-"], input=document, text=True, check=True)
        assert table(spaces.app) == table(spaces.peer)
        assert "redirect to" in table(spaces.app)


@needs_nft
@pytest.mark.fault(69)
def test_twice_is_once_and_other_tables_stay():
    with pair() as spaces:
        spaces.app.run(
            "nft",
            "add table ip nat; add chain ip nat PREROUTING { type nat hook"
            " prerouting priority -100; }; add rule ip nat PREROUTING return",
        )
        redirected(spaces.app)
        once = table(spaces.app)
        redirected(spaces.app)
        assert table(spaces.app) == once
        assert "table ip nat" in once
        redirected(spaces.app, "-p", "5143")
        assert table(spaces.app) == once.replace("4143", "5143")


@needs_nft
@pytest.mark.fault(69)
def test_a_refused_batch_changes_nothing():
    with pair() as spaces:
        redirected(spaces.app)
        before = table(spaces.app)
        good = replacement(plan(Redirect(incoming_port=9999)))
        orphan = good.steps[-1]
        wrong = Step(
            "add the wrong rule",
            orphan.message_type,
            orphan.flags,
            orphan.attributes.replace(b"outbound", b"nowhere!"),
        )
        with entered(spaces.app.path), pytest.raises(KernelUnsupported, match="wrong rule"):
            commit(encode((*good.steps, wrong)))
        assert table(spaces.app) == before


@needs_nft
@pytest.mark.fault(69)
def test_killed_half_way_leaves_all_or_nothing():
    with pair() as spaces:
        flags = ("--inbound-ports-to-ignore", ",".join(str(n) for n in range(1000, 1400, 2)))
        command = [sys.executable, "-m", "mesh_proxy", "init", "--netns", spaces.app.path, *flags]
        seen = set()
        started = time.monotonic()
        assert init("--netns", spaces.peer.path, *flags).returncode == 0
        usual = time.monotonic() - started
        complete = table(spaces.peer)
        for share in (0.6, 0.8, 0.9, 1.0):
            process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
            try:
                process.wait(usual * share)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                process.wait()
            seen.add(table(spaces.app))
            spaces.app.run("nft", "flush", "ruleset")
        assert seen <= {"", complete}
        redirected(spaces.app, *flags)
        assert table(spaces.app) == complete


def test_many_rules_fit_one_batch():
    with pair() as spaces:
        ports = tuple(PortRange(n, n) for n in range(1, 5001, 2))
        batch = replacement(plan(Redirect(ignored_inbound_ports=ports)))
        with entered(spaces.app.path):
            commit(batch)
            commit(batch)


def test_several_namespaces_in_one_run():
    with pair() as spaces:
        done = init(
            *("--netns", spaces.app.path, "--netns", "/run/netns/mesh-init-gone"),
            *("--netns", spaces.peer.path, "--log-format", "json"),
        )
        assert done.returncode == NamespaceError.exit_code
        lines = [json.loads(line) for line in done.stderr.splitlines()]
        assert [line["level"] for line in lines] == ["info", "error", "info"]
        assert "/run/netns/mesh-init-gone" in lines[1]["message"]
        assert "No such file" in lines[1]["message"]
        assert [lines[0]["netns"], lines[2]["netns"]] == [spaces.app.path, spaces.peer.path]


def test_a_path_that_is_no_namespace(tmp_path):
    plain = tmp_path / "file"
    plain.write_text("")
    done = init("--netns", str(plain))
    assert done.returncode == 66
    assert f"--netns {plain}: not a network namespace" in done.stderr
    assert done.stderr.count("\n") == 1


# Reading is left to it: the checkout may lie in a home directory that only its owner can enter.
NO_CAPABILITIES = ("setpriv", "--bounding-set", "-all,+dac_read_search", "--inh-caps", "-all")
NET_ADMIN_ALONE = (
    *("setpriv", "--bounding-set", "-all,+dac_read_search,+net_admin"),
    *("--inh-caps", "-all"),
)


def confined(prefix: Sequence[str], *arguments: str) -> subprocess.CompletedProcess:
    """Run Python with the capabilities that `prefix` leaves it."""
    return subprocess.run(
        [*prefix, sys.executable, *arguments],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


@pytest.mark.fault(69)
def test_without_the_capability_it_says_so():
    done = confined(NO_CAPABILITIES, "-m", "mesh_proxy", "init")
    assert done.returncode == 77
    assert "CAP_NET_ADMIN" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.fault(69)
def test_the_kernels_own_refusal_ends_at_once_too():
    """Where the capability is held but not over this namespace, the kernel says EPERM."""
    script = (
        "from mesh_proxy.init import batch, netlink, plan\n"
        "netlink.commit(batch.replacement(plan.plan(plan.Redirect())), seconds=60)"
    )
    done = confined(NO_CAPABILITIES, "-c", script)
    assert "MissingCapability: the kernel refused to begin the batch" in done.stderr


def test_the_capability_alone_is_enough():
    with pair() as spaces, entered(spaces.app.path):
        done = confined(NET_ADMIN_ALONE, "-m", "mesh_proxy", "init")
        assert done.returncode == 0, done.stderr


def test_close_wait_is_set_in_that_namespace():
    name = "/proc/sys/net/netfilter/nf_conntrack_tcp_timeout_close_wait"
    with pair() as spaces:
        redirected(spaces.app, "--timeout-close-wait-secs", "3600")
        assert spaces.app.run("cat", name) == "3600\n"
