"""One mesh per run, with the scenarios' application in it; `--provider` says where."""

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import pytest
from local_provider import LocalMesh
from scenario import Mesh

from mesh_cli.local.programs import find_program

HERE = Path(__file__).parent
Note: TypeAlias = Callable[[str], None]
NOTES = pytest.StashKey[list[str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Where the scenarios run."""
    parser.addoption("--provider", choices=["local"], default="local", help="where to run")
    parser.addoption("--keep", action="store_true", help="leave the mesh up afterwards")


def pytest_configure(config: pytest.Config) -> None:
    """Nothing is noted yet."""
    config.stash[NOTES] = []


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what scenarios counted, whether they passed or not."""
    for line in terminalreporter.config.stash[NOTES]:
        terminalreporter.write_line(line)


@pytest.fixture
def note(request: pytest.FixtureRequest) -> Note:
    """Have a line printed at the end of the run."""
    return request.config.stash[NOTES].append


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
