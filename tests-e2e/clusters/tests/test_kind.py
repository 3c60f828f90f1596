"""A cluster of kind's in a Docker of our own, used as a mesh's tests use one."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import dns.message
import dns.query
import dns.rcode
import dns.rdatatype
import pytest

from mesh_cli.local import record
from mesh_cli.local.programs import find_program
from mesh_clusters.binaries import ensure
from mesh_clusters.deadline import wait_for
from mesh_clusters.errors import CommandFailed, NotRunning
from mesh_clusters.kind import kernel_settings
from mesh_clusters.kind.cluster import KindCluster, prepare
from mesh_clusters.kind.docker import Docker
from mesh_clusters.kind.settings import KindSettings
from mesh_clusters.node.images import image
from mesh_images.archive import write

pytestmark = [
    pytest.mark.netns,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root"),
    pytest.mark.timeout(300),
]

# Unlikely to be somebody's own.
_SETTINGS = KindSettings(name="selftest", index=48)
_UP = [sys.executable, "-m", "mesh_clusters", "kind", "up", "--name=selftest", "--index=48"]
_IMAGE = "localhost/selftest-pause:1"


@pytest.fixture(scope="module")
def before() -> dict[str, object]:
    if Docker.ordinary() is not None:
        pytest.skip("a Docker of this machine's would be used, and is not ours to kill")
    return _machine()


@pytest.fixture(scope="module")
def cluster(before: dict[str, object]) -> Iterator[KindCluster]:
    prepare(print)
    # A start that is killed leaves half a cluster, which the next one clears away.
    with subprocess.Popen(_UP, stderr=subprocess.PIPE, text=True) as starting:
        for line in starting.stderr or ():
            if "a Docker of our own runs" in line:
                starting.kill()
    assert _machine() != before
    running = KindCluster(_SETTINGS)
    running.up(print)
    yield running
    running.down()


def test_a_pod_runs_from_a_loaded_archive(cluster: KindCluster, tmp_path: Path) -> None:
    archive = tmp_path / "pause.tar"
    write(archive, [image("pause", ensure("node").path("pause"), _IMAGE)])
    cluster.load([archive])
    cluster.kubectl("run", "loaded", f"--image={_IMAGE}", "--image-pull-policy=Never")
    cluster.kubectl("wait", "pod/loaded", "--for=condition=Ready", "--timeout=60s")
    with pytest.raises(CommandFailed, match="no such image archive"):
        cluster.load([tmp_path / "none.tar"])


def test_names_of_services_resolve_and_others_are_refused_at_once(cluster: KindCluster) -> None:
    program = str(ensure("apiserver").path("kubectl"))
    pod = ("deployment/coredns", "--namespace=kube-system")
    argv = [program, f"--kubeconfig={cluster.kubeconfig}", "port-forward", *pod, ":53"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as forward:
        assert forward.stdout is not None
        found = re.search(r"127\.0\.0\.1:(\d+)", forward.stdout.readline())
        assert found
        ours, others = (
            dns.query.tcp(
                dns.message.make_query(name, dns.rdatatype.A),
                "127.0.0.1",
                port=int(found[1]),
                timeout=2,
            )
            for name in ("kubernetes.default.svc.cluster.local", "example.com")
        )
        forward.terminate()
    assert [str(item) for item in ours.answer[0]] == ["10.96.0.1"]
    assert others.rcode() == dns.rcode.NXDOMAIN


def test_an_api_server_that_is_stopped_and_back(cluster: KindCluster) -> None:
    cluster.stop_api_server()
    with pytest.raises(CommandFailed, match="refused"):
        cluster.kubectl("get", "nodes")
    cluster.start_api_server()
    wait_for("its answer", lambda: _answers(cluster), 60)


def test_the_machine_keeps_its_firewall_and_its_kernel_settings(
    cluster: KindCluster, before: dict[str, object]
) -> None:
    assert cluster.running
    while_it_runs = _machine()
    for what in ("firewall", "settings", "forwarding"):
        assert while_it_runs[what] == before[what]


def test_logs_are_those_of_the_node_and_its_pods(cluster: KindCluster, tmp_path: Path) -> None:
    cluster.logs(tmp_path)
    node = tmp_path / _SETTINGS.node_name
    assert "kubelet" in (node / "kubelet.log").read_text()
    assert any("coredns" in path.name for path in (node / "containers").iterdir())


def test_up_leaves_a_running_one_alone(cluster: KindCluster) -> None:
    said: list[str] = []
    cluster.up(said.append)
    assert said == ["cluster selftest runs already"]


def test_a_killed_one_leaves_nothing_after_down(
    cluster: KindCluster, before: dict[str, object]
) -> None:
    found = record.load(_SETTINGS.state)
    assert found is not None
    os.kill(found.pid, signal.SIGKILL)
    wait_for("its end", lambda: not found.alive, 10)
    with pytest.raises(NotRunning, match="mesh_clusters kind up --name selftest"):
        cluster.check_running()
    cluster.down()
    wait_for("a machine as before", lambda: _machine() == before, 10)


def _answers(cluster: KindCluster) -> bool:
    try:
        return "coredns" in cluster.kubectl("get", "pods", "--all-namespaces")
    except CommandFailed:
        return False


def _machine() -> dict[str, object]:
    """What a cluster might leave on the machine."""
    nft = str(find_program("nft", "nftables"))
    tables = subprocess.run([nft, "list", "tables"], capture_output=True, text=True, check=True)
    mounts = Path("/proc/mounts").read_text().splitlines()
    top = Path("/sys/fs/cgroup")
    return {
        "links": [
            name for _, name in socket.if_nameindex() if name.startswith(("kind-self", "docker"))
        ],
        "firewall": tables.stdout,
        "forwarding": Path("/proc/sys/net/ipv4/ip_forward").read_text(),
        "settings": kernel_settings.read(),
        "mounts": [line for line in mounts if "selftest" in line or "docker" in line],
        "groups": sorted(map(str, [*top.glob("*selftest*"), *top.glob("*/*selftest*")])),
        "state": _SETTINGS.state.exists(),
        "folders": [each for each in ("/etc/docker", "/var/lib/docker") if Path(each).exists()],
    }
