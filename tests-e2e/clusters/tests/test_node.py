"""A whole node, used as a mesh's tests use one."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dns.message
import dns.query
import dns.rdatatype
import pytest

from mesh_cli.local import record
from mesh_clusters.binaries import ensure
from mesh_clusters.deadline import wait_for
from mesh_clusters.errors import CommandFailed, NotRunning, StartFailed, Unsupported
from mesh_clusters.node import machine, outage
from mesh_clusters.node.cluster import Cluster
from mesh_clusters.node.settings import STATES, Settings

pytestmark = [
    pytest.mark.netns,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root"),
    pytest.mark.timeout(180),
]

# Unlikely to be somebody's own.
_SETTINGS = Settings(name="selftest", index=47, ipv6=machine.has_ipv6())
_UP = [sys.executable, "-m", "mesh_clusters", "up", "--name=selftest", "--index=47"]
_NODE_PORT = """
apiVersion: v1
kind: Service
metadata: {name: metrics, namespace: kube-system}
spec:
  type: NodePort
  ipFamilyPolicy: PreferDualStack
  selector: {k8s-app: kube-dns}
  ports: [{port: 80, targetPort: 9153}]
"""


@pytest.fixture(scope="module")
def before() -> dict[str, object]:
    return _machine()


@pytest.fixture(scope="module")
def cluster(before: dict[str, object]) -> Iterator[Cluster]:
    running = Cluster(_SETTINGS)
    running.up(print)
    yield running
    running.down()


def test_the_machine_reaches_pods_services_and_node_ports(cluster: Cluster) -> None:
    cluster.kubectl("apply", "-f=-", stdin=_NODE_PORT)
    service = _get(cluster, "service/metrics")["spec"]
    pods = _get(cluster, "pods", "-l=k8s-app=kube-dns")["items"]
    urls = [
        *(f"http://{_host(each['ip'])}:9153" for each in pods[0]["status"]["podIPs"]),
        *(f"http://{_host(address)}" for address in service["clusterIPs"]),
        *(f"http://{family.node}:{service['ports'][0]['nodePort']}" for family in _ipv4()),
    ]
    assert len(urls) == 2 * len(_SETTINGS.families) + 1
    for url in urls:
        wait_for(url, lambda url=url: b"coredns_" in _fetch(f"{url}/metrics"), 10)  # type: ignore[misc]


def test_names_of_services_resolve_and_others_are_refused_at_once(cluster: Cluster) -> None:
    api = _SETTINGS.families[0]
    asked = dns.message.make_query("kubernetes.default.svc.cluster.local", dns.rdatatype.A)
    answer = dns.query.udp(asked, str(api.dns), timeout=5)
    assert [str(item) for item in answer.answer[0]] == [str(api.kubernetes)]

    outside = dns.message.make_query("example.com", dns.rdatatype.A)
    assert dns.query.tcp(outside, str(api.dns), timeout=2).rcode() == 3


def test_logs_exec_and_port_forward(cluster: Cluster) -> None:
    pod = ("deployment/coredns", "--namespace=kube-system")
    assert "CoreDNS-1.12.4" in cluster.kubectl("logs", *pod)
    assert "CoreDNS-1.12.4" in cluster.kubectl("exec", *pod, "--", "/coredns", "-version")
    program = str(ensure("apiserver").path("kubectl"))
    argv = [program, f"--kubeconfig={cluster.kubeconfig}", "port-forward", *pod, ":9153"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as forward:
        assert forward.stdout is not None
        found = re.search(r"127\.0\.0\.1:(\d+)", forward.stdout.readline())
        assert found
        assert b"coredns_" in _fetch(f"http://127.0.0.1:{found[1]}/metrics")
        forward.terminate()


def test_a_component_that_ends_is_started_again(cluster: Cluster) -> None:
    node = record.load(_SETTINGS.state)
    assert node is not None
    before = outage.process(node, "kube-scheduler")
    os.kill(before, signal.SIGKILL)
    wait_for("another scheduler", lambda: _other(node, "kube-scheduler", before), 10)
    assert "kube-scheduler ended with -9" in cluster.log("node").read_text()


def test_an_api_server_that_is_stopped_or_frozen_and_back(cluster: Cluster) -> None:
    cluster.pause("kube-apiserver")
    with pytest.raises(CommandFailed, match=r"[Tt]imeout"):
        cluster.kubectl("get", "nodes", "--request-timeout=0.3s")
    cluster.resume("kube-apiserver")
    assert _answers(cluster)

    cluster.stop("kube-apiserver")
    with pytest.raises(NotRunning, match="no kube-apiserver runs"):
        cluster.stop("kube-apiserver")
    with pytest.raises(CommandFailed, match="refused"):
        cluster.kubectl("get", "nodes")
    cluster.start("kube-apiserver")
    wait_for("its answer", lambda: _answers(cluster), 30)


def test_what_pods_and_components_write_stays_on_the_node(cluster: Cluster) -> None:
    assert cluster.run_on_node("sh", "-c", "echo x > /etc/of-the-node; echo x > /opt/y") == 0
    assert cluster.run_on_node("test", "-e", "/etc/of-the-node") == 0
    assert not Path("/etc/of-the-node").exists()
    assert not Path("/opt/y").exists()
    assert cluster.run_on_node("sh", "-c", "exit 7") == 7


def test_a_second_one_on_the_same_addresses_is_refused(cluster: Cluster) -> None:
    other = Cluster(Settings(name="other", index=_SETTINGS.index))
    with pytest.raises(Unsupported, match="choose another --index"):
        other.up(print)
    assert not other.settings.state.exists()
    assert cluster.running


def test_a_link_that_another_cluster_has_just_made(cluster: Cluster) -> None:
    # `up` asked for routes before the other one had them.
    again = Settings("again", _SETTINGS.index)
    with pytest.raises(StartFailed, match="another cluster just been started with --index 47"):
        machine.connect(again, os.getpid())
    assert _answers(cluster)


def test_a_missing_archive_is_named(cluster: Cluster, tmp_path: Path) -> None:
    with pytest.raises(CommandFailed, match="no such image archive"):
        cluster.load([tmp_path / "none.tar"])
    damaged = tmp_path / "damaged.tar"
    damaged.write_text("not a tar file")
    with pytest.raises(CommandFailed, match="cannot be loaded"):
        cluster.load([damaged])


def test_up_leaves_a_running_one_alone(cluster: Cluster) -> None:
    said: list[str] = []
    process = record.load(_SETTINGS.state)
    cluster.up(said.append)
    assert said == ["cluster selftest runs already"]
    assert record.load(_SETTINGS.state) == process


def test_a_killed_one_is_cleared_away_and_down_leaves_nothing(
    cluster: Cluster, before: dict[str, object]
) -> None:
    found = record.load(_SETTINGS.state)
    assert found is not None
    os.kill(found.pid, signal.SIGKILL)
    wait_for("its end", lambda: not cluster.running, 10)
    with pytest.raises(NotRunning, match="mesh_clusters up --name selftest"):
        cluster.check_running()

    # A start that is killed leaves half a cluster, which the next one clears away as well.
    assert _interrupted_start(signal.SIGKILL) == -signal.SIGKILL
    assert cluster.running
    done = subprocess.run(_UP, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert f"KUBECONFIG={cluster.kubeconfig}" in done.stderr
    assert _answers(cluster)

    cluster.down()
    assert not _SETTINGS.state.exists()
    wait_for("a machine as before", lambda: _machine() == before, 10)


def test_an_interrupted_start_leaves_nothing(before: dict[str, object]) -> None:
    assert _interrupted_start(signal.SIGINT) == 130
    wait_for("a machine as before", lambda: _machine() == before, 10)


def _interrupted_start(number: signal.Signals) -> int:
    """Send a signal to `up` while the API server starts; returns its exit code."""
    with subprocess.Popen(_UP, stderr=subprocess.PIPE, text=True) as starting:
        for line in starting.stderr or ():
            if "containerd runs" in line:
                starting.send_signal(number)
        return starting.wait()


def _get(cluster: Cluster, *what: str) -> Any:
    return json.loads(cluster.kubectl("get", *what, "--namespace=kube-system", "--output=json"))


def _ipv4() -> list[Any]:
    # By default node ports are open on the IPv4 addresses of the node, and on IPv6 where the
    # Service has both; one is enough here.
    return [_SETTINGS.families[0]]


def _host(address: str) -> str:
    return f"[{address}]" if ":" in address else address


def _fetch(url: str) -> bytes:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=5) as answer:
            return bytes(answer.read())
    except OSError:
        return b""


def _answers(cluster: Cluster) -> bool:
    try:
        return "coredns" in cluster.kubectl("get", "pods", "--all-namespaces")
    except CommandFailed:
        return False


def _other(node: record.SupervisorRecord, component: str, than: int) -> bool:
    try:
        return outage.process(node, component) != than
    except NotRunning:
        return False


def _machine() -> dict[str, object]:
    """What a cluster might leave on the machine."""
    sysctls = ("kernel/panic", "kernel/panic_on_oops", "vm/overcommit_memory", "vm/panic_on_oom")
    folders = ("/etc/cni", "/opt/cni", "/var/lib/kubelet", "/var/lib/cni", "/var/log/pods")
    mounts = Path("/proc/mounts").read_text().splitlines()
    top = Path("/sys/fs/cgroup")
    groups = [*top.glob("*selftest*"), *top.glob("*/*selftest*")]
    return {
        "links": [name for _, name in socket.if_nameindex() if "selftest" in name],
        "routes": [str(route) for route in machine.routes() if "10.90.47" in str(route)],
        "sysctls": {name: Path("/proc/sys", name).read_text() for name in sysctls},
        "folders": [folder for folder in folders if Path(folder).exists()],
        "mounts": [line for line in mounts if "selftest" in line],
        "groups": sorted(str(group) for group in groups),
        "state": (STATES / "selftest").exists() or (STATES / ".selftest.lock").exists(),
        "libexec": Path("/usr/libexec/kubernetes").exists(),
    }
