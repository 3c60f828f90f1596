"""The command as its users start it: flags, readiness, signals, exit codes."""

from __future__ import annotations

import signal
import time

import grpc
import pytest
from destination_process import SECONDS, Process, run

from mesh_core.authority import Authority
from mesh_core.service import listen
from mesh_core.store import ObjectDirectory
from mesh_destination.testing import Follower, make_pod, make_service, make_slice
from mesh_proto.pb.destination_pb2 import GetDestination
from mesh_proto.pb.destination_pb2_grpc import DestinationStub
from mesh_proto.pb.inbound_pb2 import PortSpec
from mesh_proto.pb.inbound_pb2_grpc import InboundServerPoliciesStub


@pytest.fixture
def objects(tmp_path):
    directory = ObjectDirectory(tmp_path / "objects")
    for resource in (make_service(), make_pod(), make_slice(make_pod())):
        directory.create(resource)
    return directory


@pytest.fixture
def start(objects):
    started = []

    def start(*flags):
        started.append(Process("--objects", objects.root, *flags))
        return started[-1].wait()

    yield start
    for running in started:
        running.close()


def test_it_answers_on_both_ports_and_is_ready_on_both_admin_ports(start):
    running = start()
    with grpc.insecure_channel(f"127.0.0.1:{running.discovery}") as channel:
        stream = DestinationStub(channel).Get(GetDestination(path="web.shop.svc.cluster.local"))
        follower = Follower()
        follower.read(next(stream).SerializeToString())
        assert list(follower.endpoints) == [("10.1.0.1", 8080)]
        stream.cancel()
    with grpc.insecure_channel(f"127.0.0.1:{running.policy}") as channel:
        stub = InboundServerPoliciesStub(channel)
        server = stub.GetPort(PortSpec(workload="shop:web-1", port=8080), timeout=SECONDS)
        assert server.labels["name"] == "all-unauthenticated"
    for address in (running.admin, running.policy_admin):
        assert running.get(address, "/ready") == "ready\n"
        assert running.get(address, "/ping") == "pong\n"
    assert "destination_store_problems 0.0" in running.get(running.admin, "/metrics")


def test_flags_reach_the_answers(start):
    running = start(
        "--default-policy", "deny", "--default-opaque-ports", "8080", "--log-format", "json"
    )
    with grpc.insecure_channel(f"127.0.0.1:{running.policy}") as channel:
        stub = InboundServerPoliciesStub(channel)
        server = stub.GetPort(PortSpec(workload="shop:web-1", port=8080), timeout=SECONDS)
    assert server.labels["name"] == "deny"
    assert server.protocol.WhichOneof("kind") == "opaque"


def test_an_annotation_that_cannot_be_read_is_reported(start, objects):
    annotations = {"config.linkerd.io/default-inbound-policy": "all-authentcated"}
    objects.create(make_pod("typo", ips=["10.1.0.9"], annotations=annotations))
    running = start()
    assert "destination_store_problems 1.0" in running.get(running.admin, "/metrics")
    (line,) = (line for line in running.log if "WARN" in line)
    assert "config.linkerd.io/default-inbound-policy of Pod shop/typo" in line


def test_sigterm_ends_streams_and_process_within_two_seconds(start):
    running = start()
    with grpc.insecure_channel(f"127.0.0.1:{running.discovery}") as channel:
        stream = DestinationStub(channel).Get(GetDestination(path="web.shop.svc.cluster.local"))
        next(stream)
        began = time.monotonic()
        running.process.send_signal(signal.SIGTERM)
        with pytest.raises(grpc.RpcError) as caught:
            next(stream)
        assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
        assert running.process.wait(timeout=SECONDS) == 0
    assert time.monotonic() - began < 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "COMMAND"),
        (["serve"], "--objects"),
        (["serve"], "--kubernetes"),
        (["serve", "--objects", "x", "--kubernetes"], "--objects"),
        (["serve", "--objects", "x", "--kubeconfig", "x"], "only with --kubernetes"),
        (["serve", "--objects", "x", "--addr", "a:b"], "--addr"),
        (["serve", "--objects", "x", "--default-policy", "open"], "all-authenticated"),
        (["serve", "--objects", "x", "--cluster-networks", "10.0.0.1/8"], "'10.0.0.1/8'"),
        (["serve", "--objects", "x", "--default-opaque-ports", "http"], "'http'"),
        (["serve", "--objects", "x", "--cluster-domain", "A B"], "'A B' is not a DNS name"),
        (["serve", "--objects", "x", "--controller-namespace", "a.b"], "'a.b'"),
        (["serve", "--objects", "x", "--log-level", "loud"], "'loud'"),
    ],
)
def test_a_wrong_command_line_is_one_line_and_64(arguments, said):
    done = run(*arguments)
    assert done.returncode == 64
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("flag", ["--addr", "--policy-addr", "--admin-addr", "--policy-admin-addr"])
def test_a_port_in_use_is_one_line_and_1(tmp_path, flag):
    flags = ["--addr", "--policy-addr", "--admin-addr", "--policy-admin-addr"]
    with listen(Authority.parse("127.0.0.1")) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        places = [[each, address if each == flag else "127.0.0.1"] for each in flags]
        flat = [word for place in places for word in place]
        done = run("serve", "--objects", tmp_path, "--log-level", "error", *flat)
    assert done.returncode == 1
    assert f"mesh-destination: cannot listen on {address}" in done.stderr
    assert done.stderr.count("\n") == 1
