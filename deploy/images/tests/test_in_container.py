"""The proxy's image as a container: the security context of linkerd-init, no runtime in between."""

import os
import secrets
import subprocess
from pathlib import Path

import pytest
from unpacking import unpack

pytestmark = [pytest.mark.netns, pytest.mark.timeout(600)]

INIT = "/usr/lib/linkerd/linkerd2-proxy-init"
FLAGS = (
    *("--incoming-proxy-port", "4143", "--outgoing-proxy-port", "4140", "--proxy-uid", "2102"),
    *("--inbound-ports-to-ignore", "4190,4191"),
)
NOBODY = "65534:65534"


@pytest.fixture(scope="module")
def proxy(built, tmp_path_factory):
    if os.geteuid() != 0:
        pytest.fail("needs root: run `./dev netns`")
    return unpack(built("proxy").archive, tmp_path_factory.mktemp("proxy"))


@pytest.fixture
def netns():
    name = f"mesh-images-{secrets.token_hex(4)}"
    subprocess.run(["ip", "netns", "add", name], check=True)
    yield Path("/run/netns", name)
    subprocess.run(["ip", "netns", "delete", name], check=True)


def _ruleset(netns):
    command = ["ip", "netns", "exec", netns.name, "nft", "list", "ruleset"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_init_redirects_as_nobody_with_nothing_but_net_admin(proxy, netns):
    done = proxy.run(INIT, *FLAGS, user=NOBODY, capabilities="net_admin", netns=str(netns))
    assert done.returncode == 0, done.stderr
    assert "redirect to :4143" in _ruleset(netns)
    assert "redirect to :4140" in _ruleset(netns)


def test_init_without_the_capability_cannot_even_start(proxy, netns):
    done = proxy.run(INIT, *FLAGS, user=NOBODY, netns=str(netns))
    assert "Operation not permitted" in done.stderr
    assert _ruleset(netns) == ""


def test_the_interpreter_of_the_sidecar_carries_nothing(proxy, netns):
    program = "print(open('/proc/self/status').read())"
    done = proxy.run("/opt/mesh/bin/python", "-c", program, user=NOBODY, capabilities="net_admin")
    assert "CapEff:\t0000000000000000" in done.stdout


def test_the_environment_of_a_container_does_not_steer_init(proxy, netns):
    hostile = {"PYTHONPATH": "/tmp", "LD_PRELOAD": "/tmp/evil.so", "PYTHONHOME": "/nowhere"}
    done = proxy.run(
        INIT, *FLAGS, user=NOBODY, capabilities="net_admin", netns=str(netns), environment=hostile
    )
    assert done.returncode == 0, done.stderr
    assert "evil" not in done.stderr


@pytest.mark.parametrize(
    "command",
    [
        ("/usr/local/bin/mesh-proxy", "version"),
        ("/usr/lib/linkerd/linkerd2-network-validator", "--help"),
        ("/usr/lib/linkerd/linkerd-await", "--version"),
    ],
)
def test_the_sidecars_programs_run_as_its_user(proxy, command):
    done = proxy.run(*command)
    assert done.returncode == 0, done.stderr
    assert done.stdout
