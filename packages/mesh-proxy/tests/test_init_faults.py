"""Fault 69: the redirect meets what others have left, or a machine that cannot make it."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from container import INIT_USER, NET_ADMIN, Container
from network import SECONDS, Namespace, pair

from mesh_proxy.errors import KernelUnsupported
from mesh_proxy.init.batch import Batch, replacement
from mesh_proxy.init.namespace import entered
from mesh_proxy.init.netlink import commit
from mesh_proxy.init.plan import Redirect, plan

pytestmark = [pytest.mark.netns, pytest.mark.fault(69), pytest.mark.timeout(60)]

needs_nft = pytest.mark.skipif(shutil.which("nft") is None, reason="reads back with nft")
FORMER = """
table ip nat {
    chain PREROUTING {
        type nat hook prerouting priority -100; policy accept;
        tcp dport 1-65535 counter jump PROXY_INIT_REDIRECT
    }
    chain OUTPUT {
        type nat hook output priority -100; policy accept;
        counter jump PROXY_INIT_OUTPUT
    }
    chain PROXY_INIT_REDIRECT {
        tcp dport 1-65535 counter redirect to :4143
    }
    chain PROXY_INIT_OUTPUT {
        meta skuid 2102 counter return
    }
}
table inet firewall {
    set blocked {
        type ipv4_addr; elements = { 192.0.2.7 }
    }
    chain input {
        type filter hook input priority 0; ip saddr @blocked drop
    }
}
"""


@pytest.fixture
def pod() -> Iterator[Namespace]:
    with pair() as spaces:
        yield spaces.app


def in_a_container(pod: Namespace, *flags: str, **environment: str):
    container = Container(pod.path, INIT_USER, INIT_USER, (NET_ADMIN,))
    return container.run("linkerd2-proxy-init", *flags, **environment)


def foreign(pod: Namespace) -> str:
    """Everybody else's rules."""
    return pod.run("nft", "list", "table", "ip", "nat") + pod.run(
        "nft", "list", "table", "inet", "firewall"
    )


@needs_nft
def test_the_redirect_of_a_former_mesh_is_named_and_left_alone(pod):
    with entered(pod.path):
        subprocess.run(["nft", "-f", "-"], input=FORMER, text=True, check=True)
    before = foreign(pod)
    for _ in range(2):
        done = in_a_container(pod, "--log-format=json")
        assert done.returncode == 0, done.stderr
        info, warning = map(json.loads, done.stderr.splitlines())
        assert info["message"].startswith("redirected")
        assert warning["level"] == "warn"
        assert "PROXY_INIT_OUTPUT, PROXY_INIT_REDIRECT in ip nat" in warning["message"]
        assert "iptables -t nat -F" in warning["message"]
        assert foreign(pod) == before


@pytest.mark.parametrize("version", [4, 6])
def test_so_is_one_in_legacy_iptables(pod, version):
    iptables = shutil.which("iptables-legacy" if version == 4 else "ip6tables-legacy")
    listing = f"/proc/net/ip{'6' * (version == 6)}_tables_names"
    if iptables is None or not Path(listing).exists():
        pytest.skip("needs legacy iptables, the program and the kernel's")
    pod.run(iptables, "-t", "nat", "-N", "PROXY_INIT_REDIRECT")
    pod.run(iptables, "-t", "nat", "-A", "PROXY_INIT_REDIRECT", "-p", "tcp", "-j", "REDIRECT")
    before = pod.run(iptables, "-t", "nat", "-S")
    command = [sys.executable, "-I", "-m", "mesh_proxy", "init", "--netns", pod.path]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert done.returncode == 0, done.stderr
    family = "ip nat (legacy iptables)" if version == 4 else "ip6 nat (legacy ip6tables)"
    assert f"(PROXY_INIT_REDIRECT in {family})" in done.stderr
    assert pod.run(iptables, "-t", "nat", "-S") == before


def test_asking_for_a_former_mesh_leaves_no_trace(pod):
    """A question to legacy iptables makes the table that it asks about."""
    done = in_a_container(pod)
    assert (done.returncode, done.stderr.count("\n")) == (0, 1), done.stderr
    for listing in ("ip_tables_names", "ip6_tables_names"):
        if Path("/proc/net", listing).exists():
            assert pod.run("cat", f"/proc/self/net/{listing}") == ""


@needs_nft
def test_no_program_is_needed_and_nothing_is_written(pod):
    """The container's root is read-only; PATH leads nowhere."""
    container = Container(pod.path, INIT_USER, INIT_USER, (NET_ADMIN,))
    for _ in range(2):
        done = container.run("/opt/bin/linkerd2-proxy-init", PATH="/nowhere")
        assert done.returncode == 0, done.stderr
    assert "redirect to :4143" in pod.run("nft", "list", "table", "inet", "mesh")


@pytest.mark.parametrize(
    ("capabilities", "program", "says"),
    [
        ((), ["linkerd2-proxy-init"], "Operation not permitted"),
        ((), ["mesh-proxy", "init"], 'securityContext.capabilities.add: ["NET_ADMIN"]'),
        ((NET_ADMIN,), ["mesh-proxy", "init"], "linkerd2-proxy-init itself"),
        ((NET_ADMIN,), ["sh", "-c", "exec linkerd2-proxy-init"], "not through a shell"),
    ],
    ids=["none-capped-program", "none", "another-program", "through-a-shell"],
)
def test_without_the_capability_nothing_is_redirected(pod, capabilities, program, says):
    done = Container(pod.path, INIT_USER, INIT_USER, capabilities).run(*program)
    assert done.returncode != 0
    assert says in done.stderr
    assert pod.run("nft", "list", "ruleset") == ""


def test_a_kernel_without_nf_tables_is_named(pod):
    program = Path(__file__).with_name("no_nftables.py")
    command = [sys.executable, "-I", "-m", "mesh_proxy", "init", "--netns", pod.path]
    done = subprocess.run(
        [sys.executable, "-I", str(program), *command],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == KernelUnsupported.exit_code == 69
    assert "CONFIG_NFT_REDIR" in done.stderr
    assert "nf_tables" in done.stderr
    assert done.stderr.count("\n") == 1


def test_so_is_one_that_has_netfilter_but_not_nf_tables(pod):
    """The kernel's own answer, from a part of netfilter that takes no transactions."""
    batch = replacement(plan(Redirect()))
    # The last two bytes of the first message name the subsystem; 11 is xtables' compatibility.
    elsewhere = Batch(batch.data[:18] + b"\0\x0b" + batch.data[20:], batch.steps)
    with entered(pod.path), pytest.raises(KernelUnsupported, match="nf_tables with inet NAT"):
        commit(elsewhere)
