"""Meshes for tests: each with a prefix of its own, taken down whatever happens."""

import os
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from mesh_cli.local.client import LocalMesh
from mesh_cli.local.launch import launch
from mesh_cli.local.settings import Settings

MESH = [sys.executable, "-I", "-B", str(Path(sys.prefix, "bin", "mesh"))]


def pytest_collection_modifyitems(items):
    for item in items:
        if item.get_closest_marker("netns") and os.geteuid() != 0:
            item.add_marker(pytest.mark.skip(reason="needs root"))


def wait_for(what: str, condition: Callable[[], object], seconds: float = 15) -> object:
    """Wait until the condition gives something true; fails with what was waited for."""
    deadline = time.monotonic() + seconds
    while True:
        if value := condition():
            return value
        assert time.monotonic() < deadline, f"{what} did not happen within {seconds} s"
        time.sleep(0.05)


class MeshUnderTest:
    """A running mesh and its manifests' directory."""

    def __init__(self, mesh: LocalMesh, directory: Path) -> None:
        self.mesh = mesh
        self.directory = directory

    def write(self, text: str, name: str = "app.yaml") -> None:
        (self.directory / name).write_text(text)

    def run(self, pod: str, *argv: str) -> subprocess.CompletedProcess[str]:
        """A command in a pod, through the command line."""
        return self.command("exec", pod, "--", *argv)

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """A command of `mesh local`."""
        head, *rest = words
        argv = [*MESH, "local", head, "--prefix", self.mesh.prefix, *rest]
        return subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)

    def pods(self, workload: str | None = None) -> list[dict]:
        found = self.mesh.status()["pods"]
        return [pod for pod in found if workload is None or pod["workload"] == workload]

    def ready(self, seconds: float = 30) -> dict:
        status = self.mesh.wait(seconds)
        assert not status.get("timed_out"), status
        return status


@pytest.fixture
def start_mesh(tmp_path) -> Iterator[Callable[..., MeshUnderTest]]:
    """Start a mesh for some manifests; it is gone after the test."""
    started: list[MeshUnderTest] = []

    def start(text: str, *, control_plane: bool = False, **settings) -> MeshUnderTest:
        directory = tmp_path / "manifests"
        directory.mkdir(exist_ok=True)
        (directory / "app.yaml").write_text(text)
        prefix = f"test-{uuid.uuid4().hex[:8]}"
        mesh = launch(Settings(prefix, (directory,), control_plane=control_plane, **settings))
        started.append(MeshUnderTest(mesh, directory))
        return started[-1]

    yield start
    for item in started:
        item.mesh.kill()
        item.mesh.down()


@pytest.fixture
def mesh_command() -> Callable[[Sequence[str]], subprocess.CompletedProcess[str]]:
    """The `mesh` command as a user types it."""

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*MESH, *words], capture_output=True, text=True, timeout=60, check=False
        )

    return run
