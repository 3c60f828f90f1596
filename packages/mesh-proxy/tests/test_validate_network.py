"""`mesh-proxy validate-network` in pods with a redirect, without one and with a wrong one."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from socket import socket

import pytest
from network import PEER, SECONDS, Namespace, Pair, pair

from mesh_proxy.init.namespace import entered

pytestmark = [pytest.mark.netns, pytest.mark.timeout(60)]

# Addresses that nobody has; the peer, which is the router, drops what is sent to them.
NOWHERE = {4: "1.1.1.1:20001", 6: "[fd00::1]:20001"}
LISTEN = {4: "0.0.0.0:4140", 6: "[::]:4140"}
PEER_PORT = 20001


@pytest.fixture(scope="module")
def redirected() -> Iterator[Namespace]:
    with pair() as spaces:
        command = [sys.executable, "-m", "mesh_proxy", "init", "--netns", spaces.app.path]
        subprocess.run(command, check=True, timeout=SECONDS, capture_output=True)
        yield spaces.app


@pytest.fixture(scope="module")
def unredirected() -> Iterator[Pair]:
    """A pod whose router drops what has no owner, as most networks do."""
    with pair() as spaces:
        # A new namespace inherits the machine's choice.
        spaces.peer.run("sysctl", "-qw", "net.ipv4.ip_forward=0", "net.ipv6.conf.all.forwarding=0")
        yield spaces


def validate(space: Namespace, *flags: str) -> subprocess.CompletedProcess[str]:
    with entered(space.path):
        return subprocess.run(
            [sys.executable, "-I", "-m", "mesh_proxy", "validate-network", *flags],
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )


@contextmanager
def answering(listener: socket, words: bytes) -> Iterator[None]:
    """Accept one connection, say something and hold it until the test is over."""
    over = threading.Event()

    def accept() -> None:
        stream, _ = listener.accept()
        with stream:
            stream.sendall(words)
            over.wait(SECONDS)

    listener.settimeout(SECONDS)
    thread = threading.Thread(target=accept)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def failed(done: subprocess.CompletedProcess[str], says: str) -> None:
    assert done.returncode == 95, done.stderr
    assert says in done.stderr
    assert "CNI" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("version", [4, 6])
class TestRedirected:
    def test_it_is_proven_at_once(self, redirected, version):
        begun = time.monotonic()
        done = validate(redirected, "--connect-addr", NOWHERE[version])
        assert (done.returncode, done.stdout) == (0, "")
        assert f"redirected: {NOWHERE[version]} leads to {LISTEN[version]}" in done.stderr
        assert time.monotonic() - begun < 5

    def test_both_versions_reach_one_listener(self, redirected, version):
        flags = ("--connect-addr", NOWHERE[version], "--listen-addr", "[::]:4140")
        done = validate(redirected, *flags, "--log-format=json", "--log-level=debug")
        assert done.returncode == 0, done.stderr
        assert [json.loads(line)["level"] for line in done.stderr.splitlines()] == ["debug", "info"]

    def test_listening_elsewhere_than_the_redirect_leads_to_fails(self, redirected, version):
        elsewhere = LISTEN[version].replace("4140", "4150")
        flags = ("--connect-addr", NOWHERE[version], "--listen-addr", elsewhere)
        failed(validate(redirected, *flags), "another port")

    def test_a_stranger_at_the_redirects_port_is_not_us(self, redirected, version):
        elsewhere = LISTEN[version].replace("4140", "4150")
        flags = ("--connect-addr", NOWHERE[version], "--listen-addr", elsewhere, "--timeout=300ms")
        for words, says in ((b"x" * 63, "somebody else"), (b"", "nobody spoke")):
            with closing(redirected.listener(4140)) as listener, answering(listener, words):
                done = validate(redirected, *flags)
            failed(done, says)
            assert "outbound proxy port 4150" in done.stderr

    def test_a_taken_port_is_no_verdict_on_the_redirect(self, redirected, version):
        with closing(redirected.listener(4140)):
            done = validate(redirected, "--connect-addr", NOWHERE[version])
        assert done.returncode == 69
        assert "Address already in use" in done.stderr


@pytest.mark.parametrize("version", [4, 6])
class TestUnredirected:
    def test_a_timeout_names_the_plugin(self, unredirected, version):
        begun = time.monotonic()
        flags = ("--connect-addr", NOWHERE[version], "--timeout", "500ms")
        failed(validate(unredirected.app, *flags), "timed out")
        assert 0.5 <= time.monotonic() - begun < 5

    def test_a_real_host_that_answers_is_not_us(self, unredirected, version):
        address = f"[{PEER[6]}]" if version == 6 else PEER[4]
        flags = ("--connect-addr", f"{address}:{PEER_PORT}", "--timeout", "10s")
        with (
            closing(unredirected.peer.listener(PEER_PORT)) as listener,
            answering(listener, b"x" * 63),
        ):
            failed(validate(unredirected.app, *flags), "somebody else")
        failed(validate(unredirected.app, *flags), "was refused")

    def test_no_route_is_named(self, version):
        """As in a pod without IPv6 whose mesh has it."""
        done = subprocess.run(
            [
                *("unshare", "-n", sys.executable, "-I", "-m", "mesh_proxy"),
                *("validate-network", "--connect-addr", NOWHERE[version]),
            ],
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        failed(done, "has no way to that address")
