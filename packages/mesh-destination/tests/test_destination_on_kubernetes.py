"""The command against a real API server, with no more rights than it declares."""

from __future__ import annotations

import contextlib
import json

import grpc
import pytest
from destination_process import SECONDS, Process, run

from mesh_core.resources import to_document
from mesh_destination.access import ACCESS
from mesh_destination.testing import Follower, make_endpoint, make_pod, make_service, make_slice
from mesh_proto.pb.destination_pb2 import GetDestination
from mesh_proto.pb.destination_pb2_grpc import DestinationStub

pytest_plugins = ["mesh_clusters.fixtures"]

ACCOUNT = ("destination-tests", "destination")


def role(name, rules):
    """A ClusterRole bound to the service's account."""
    group = "rbac.authorization.k8s.io"
    namespace, account = ACCOUNT
    subject = {"kind": "ServiceAccount", "namespace": namespace, "name": account}
    reference = {"apiGroup": group, "kind": "ClusterRole", "name": name}
    metadata = {"name": name}
    return [
        {"apiVersion": f"{group}/v1", "kind": "ClusterRole", "metadata": metadata, "rules": rules},
        {
            "apiVersion": f"{group}/v1",
            "kind": "ClusterRoleBinding",
            "metadata": metadata,
            "roleRef": reference,
            "subjects": [subject],
        },
    ]


def pod_document(name, namespace, ip):
    """A pod that the API server takes, and the status that its kubelet would write."""
    document = to_document(make_pod(name, namespace, ips=[ip]))
    status = document.pop("status")
    document["metadata"].pop("creationTimestamp")
    document["spec"] = {
        "serviceAccountName": "web",
        "containers": [{"name": "web", "image": "web", "ports": [{"containerPort": 8080}]}],
    }
    return document, {"status": status}


class Cluster:
    """Objects of one test in a namespace of their own."""

    def __init__(self, server, namespace):
        self.server = server
        self.namespace = namespace
        namespace_document = {"apiVersion": "v1", "kind": "Namespace"}
        self.apply({**namespace_document, "metadata": {"name": namespace}})

    def apply(self, *documents):
        text = json.dumps({"apiVersion": "v1", "kind": "List", "items": documents})
        self.server.kubectl("apply", "-f", "-", stdin=text)

    def pod(self, name, ip):
        document, status = pod_document(name, self.namespace, ip)
        self.apply(document)
        patch = ["--subresource=status", "--type=merge", f"--patch={json.dumps(status)}"]
        self.server.kubectl("patch", "pod", name, f"-n{self.namespace}", *patch)
        return make_pod(name, self.namespace, ips=[ip])

    def endpoints(self, *pods):
        endpoints = (make_endpoint(pod) for pod in pods)
        self.apply(to_document(make_slice(*endpoints, namespace=self.namespace)))


@pytest.fixture
def cluster(api_server, request):
    return Cluster(api_server, request.node.name.replace("_", "-")[:60].strip("-"))


@pytest.fixture
def start(api_server):
    started = []
    config = api_server.service_account_kubeconfig(*ACCOUNT)

    def start(*flags):
        started.append(Process("--kubernetes", "--kubeconfig", config, *flags))
        return started[-1]

    yield start
    for running in started:
        running.close()


@contextlib.contextmanager
def following(running, path):
    """A reader of one name's endpoints."""
    with grpc.insecure_channel(f"127.0.0.1:{running.discovery}") as channel:
        stream = DestinationStub(channel).Get(GetDestination(path=path), timeout=SECONDS)
        yield Reader(stream)
        stream.cancel()


class Reader:
    def __init__(self, stream):
        self.stream = stream
        self.follower = Follower()

    def until(self, *addresses):
        """Read until exactly these addresses are known; the stream's own deadline ends it."""
        while set(self.follower.endpoints) != {(address, 8080) for address in addresses}:
            self.follower.read(next(self.stream).SerializeToString())


def test_answers_follow_the_api_server_with_the_declared_rights_and_no_others(cluster, start):
    cluster.apply(*role("destination-tests", [need.rule for need in ACCESS]))
    service = make_service(namespace=cluster.namespace, ip="")
    cluster.apply(to_document(service))
    first = cluster.pod("web-1", "10.1.0.1")
    cluster.endpoints(first)
    running = start().wait()
    with following(running, f"web.{cluster.namespace}.svc.cluster.local") as reader:
        reader.until("10.1.0.1")
        endpoint = reader.follower.endpoints["10.1.0.1", 8080]
        assert endpoint.tls_identity.dns_like_identity.name.startswith(f"web.{cluster.namespace}.")
        second = cluster.pod("web-2", "10.1.0.2")
        cluster.endpoints(first, second)
        reader.until("10.1.0.1", "10.1.0.2")
        cluster.endpoints(second)
        reader.until("10.1.0.2")
    assert running.get(running.admin, "/ready") == "ready\n"
    metrics = running.get(running.admin, "/metrics")
    assert 'mesh_store_synced{kind="EndpointSlice"} 1.0' in metrics
    assert "mesh_store_watch_errors_total{" not in metrics


@pytest.mark.fault(52)
def test_the_api_server_goes_away_and_comes_back(cluster, start):
    cluster.apply(*role("destination-tests", [need.rule for need in ACCESS]))
    cluster.apply(to_document(make_service(namespace=cluster.namespace, ip="")))
    pods = [cluster.pod("web-1", "10.1.0.1"), cluster.pod("web-2", "10.1.0.2")]
    cluster.endpoints(*pods)
    running = start().wait()
    path = f"web.{cluster.namespace}.svc.cluster.local"
    with following(running, path) as reader:
        reader.until("10.1.0.1", "10.1.0.2")
        cluster.server.stop()
        try:
            running.wait_for("what is known stays")
            with following(running, path) as newcomer:
                newcomer.until("10.1.0.1", "10.1.0.2")
            assert running.get(running.admin, "/ready") == "ready\n"
        finally:
            cluster.server.start()
        cluster.endpoints(pods[0])
        reader.until("10.1.0.1")


def test_a_missing_permission_is_named_and_the_start_goes_on_once_it_is_granted(cluster, start):
    rules = [need.rule for need in ACCESS]
    cluster.apply(*role("destination-tests", [r for r in rules if r["resources"] != ["pods"]]))
    running = start()
    line = running.wait_for("lacks the permission")
    assert "cannot list pods: system:serviceaccount:destination-tests:destination" in line
    assert 'resources: ["pods"], verbs: ["get","list","watch"]' in line
    cluster.apply(*role("destination-tests", rules))
    running.wait()
    said = [each for each in running.log if "lacks the permission" in each]
    assert ["ERROR" in said[0], "solved: " in said[1]] == [True, True]
    assert len(said) == 2


@pytest.mark.parametrize(
    ("config", "said"),
    [
        (None, "does not exist"),
        ("{}", "current-context"),
        ("kind: [", "cannot use the kubeconfig"),
    ],
)
def test_a_wrong_kubeconfig_is_one_line_and_1(tmp_path, config, said):
    path = tmp_path / "config"
    if config is not None:
        path.write_text(config)
    addresses = ["--addr", "--policy-addr", "--admin-addr", "--policy-admin-addr"]
    flags = [word for flag in addresses for word in (flag, "127.0.0.1")]
    done = run("serve", "--kubernetes", "--kubeconfig", path, "--log-level", "error", *flags)
    assert done.returncode == 1
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
