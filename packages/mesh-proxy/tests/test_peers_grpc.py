"""A grpcio client and server, with every kind of call: the mesh is not to be noticed."""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import engine
import grpc_server
import meshed
import pytest
from grpc_server import Everything
from meshed import Mesh, Way
from network import Pair

pytestmark = [pytest.mark.netns, pytest.mark.timeout(90)]

PORT = 50051
_CLIENT = Path(__file__).with_name("grpc_client.py")


@pytest.fixture(scope="module")
def service(spaces: Pair) -> Iterator[Everything]:
    with grpc_server.running(spaces.peer, PORT) as service:
        yield service


@pytest.fixture(scope="module")
def mesh(
    spaces: Pair, service: Everything, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Mesh]:
    del service  # it listens
    with meshed.running(spaces, tmp_path_factory.mktemp("grpc")) as mesh:
        mesh.declare(PORT)
        yield mesh


def called(way: Way) -> dict[str, object]:
    """What comes of each call."""
    done = way.run(
        sys.executable,
        "-I",
        str(_CLIENT),
        f"{way.address}:{PORT}",
        seconds=30,
        variables={"PATH": os.environ["PATH"]},
    )
    assert done.returncode == 0, (way.name, done.stderr)
    answers: dict[str, object] = json.loads(done.stdout)
    return answers


@pytest.fixture(scope="module")
def expected(mesh: Mesh) -> dict[str, object]:
    return called(mesh.direct)


@pytest.mark.parametrize("way", ["through", "stranger", "outside"])
def test_every_kind_of_call_is_as_without_the_mesh(mesh, service, expected, way):
    while service.cancelled.acquire(blocking=False):
        pass
    answers = called(getattr(mesh, way))
    for case, answer in expected.items():
        assert answers[case] == answer, case
    # The deadline that has passed and the call that was given up are over at the server too.
    for _ in range(2):
        assert service.cancelled.acquire(timeout=engine.SECONDS)


def test_calls_are_counted_by_their_status(mesh, expected):
    before = {code: _counted(mesh, code) for code in range(17)}
    called(mesh.through)
    for code in range(1, 17):
        engine.until("counted", lambda code=code: _counted(mesh, code) > before[code])
        failed = code in (4, 7, 13, 14, 15)
        labels = f'grpc_status="{code}"', 'tls="true"'
        wrong = f'classification="{"success" if failed else "failure"}"'
        assert mesh.client.metric("response_total", *labels, wrong) == 0, code
    assert _counted(mesh, 0) >= before[0] + 9
    del expected


def _counted(mesh: Mesh, code: int) -> float:
    labels = f'grpc_status="{code}"', 'direction="outbound"', 'tls="true"'
    return mesh.client.metric("response_total", *labels)
