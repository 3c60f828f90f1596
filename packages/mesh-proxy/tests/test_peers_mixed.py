"""The two implementations of HTTP/2 between proxies, one at each end: neither is to be noticed."""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import grpc_server
import meshed
import pytest
from grpc_server import Everything
from meshed import Mesh
from network import Pair

pytestmark = [pytest.mark.netns, pytest.mark.timeout(90)]

PORT = 50051
IMPLEMENTATION = "LINKERD2_PROXY_MESH_HTTP2"


@pytest.fixture(scope="module")
def service(spaces: Pair) -> Iterator[Everything]:
    with grpc_server.running(spaces.peer, PORT) as service:
        yield service


@pytest.fixture(params=[("own", "crate"), ("crate", "own")], ids=" to ".join)
def mesh(
    request: pytest.FixtureRequest, spaces: Pair, service: Everything, tmp_path: Path
) -> Iterator[Mesh]:
    del service  # it listens
    client, server = request.param
    told = {IMPLEMENTATION: client}, {IMPLEMENTATION: server}
    with meshed.running(spaces, tmp_path, *told) as mesh:
        mesh.declare(PORT)
        yield mesh


def test_every_kind_of_call_ends_as_without_proxies(mesh):
    answers = []
    for way in (mesh.direct, mesh.through):
        done = way.run(
            *(sys.executable, "-I", str(Path(__file__).with_name("grpc_client.py"))),
            f"{way.address}:{PORT}",
            seconds=30,
            variables={"PATH": os.environ["PATH"]},
        )
        assert done.returncode == 0, (way.name, done.stderr)
        answers.append(json.loads(done.stdout))
    assert answers[0] == answers[1]
