"""One mesh per run, with the scenarios' application in it; `--provider` says where."""

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from local_provider import LocalMesh
from scenario import Mesh

from mesh_cli.local.programs import find_program

HERE = Path(__file__).parent


def pytest_addoption(parser: pytest.Parser) -> None:
    """Where the scenarios run."""
    parser.addoption("--provider", choices=["local"], default="local", help="where to run")
    parser.addoption("--keep", action="store_true", help="leave the mesh up afterwards")


@pytest.fixture(scope="session")
def workloads(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the workloads that tests may edit."""
    return Path(shutil.copytree(HERE / "workloads", tmp_path_factory.mktemp("e2e") / "workloads"))


@pytest.fixture(scope="session")
def programs() -> list[Path]:
    """The folders with what pods start: this interpreter's, and redis-server's."""
    return [Path(sys.executable).parent, find_program("redis-server", "redis-server").parent]


@pytest.fixture(scope="session")
def mesh(request: pytest.FixtureRequest, workloads: Path, programs: list[Path]) -> Iterator[Mesh]:
    """The mesh, ready."""
    local = LocalMesh(f"e2e-{os.getpid()}", workloads, programs)
    try:
        local.up()
        yield Mesh(local, workloads)
    finally:
        print(local.diagnosis(), file=sys.stderr)
        if not request.config.getoption("--keep"):
            local.down()
