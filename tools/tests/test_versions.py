"""The version check sees what Poetry does not say."""

from __future__ import annotations

from pathlib import Path

import pytest
from house.versions import problems

PROTO = """
[project]
name = "mesh-proto"
version = "{version}"
dependencies = ["protobuf (>=7)"]
"""
CORE = """
[project]
name = "mesh-core"
version = "0.1.0"
dependencies = ["mesh-proto ({range})"]
[tool.poetry.dependencies]
mesh-proto = {{ path = "../mesh-proto" }}
"""
ROOT = """
[project]
name = "workspace"
version = "0"
dependencies = ["mesh-core"]
[tool.poetry.dependencies]
mesh-core = { path = "packages/mesh-core" }
"""


def locked(name: str, version: str, *dependencies: str) -> str:
    lines = [f'[[package]]\nname = "{name}"\nversion = "{version}"\n']
    if dependencies:
        lines += ["[package.dependencies]\n", *(f'{name} = "*"\n' for name in dependencies)]
    return "".join(lines)


PROTO_LOCKED = locked("mesh-proto", "0.1.0", "protobuf")
CORE_LOCKED = locked("mesh-core", "0.1.0", "mesh-proto")


class Workspace:
    """A workspace of two packages, where core needs proto."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.write("pyproject.toml", ROOT)
        self.write("poetry.lock", CORE_LOCKED + PROTO_LOCKED)
        self.write("packages/mesh-core/pyproject.toml", CORE.format(range=">=0.1,<0.2"))
        self.write("packages/mesh-core/poetry.lock", PROTO_LOCKED)
        self.write("packages/mesh-proto/pyproject.toml", PROTO.format(version="0.1.0"))
        self.write("packages/mesh-proto/poetry.lock", locked("protobuf", "7.1"))

    def write(self, name: str, text: str) -> None:
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def only_problem(self) -> str:
        found = problems(self.path)
        assert len(found) == 1, found
        return found[0]


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path)


def test_agreement_is_no_problem(workspace: Workspace) -> None:
    assert problems(workspace.path) == []


def test_a_dropped_sibling_is_found(workspace: Workspace) -> None:
    # What `poetry lock` leaves, with exit code 0, when the sibling is out of range.
    workspace.write("poetry.lock", CORE_LOCKED)
    assert "mesh-proto is missing" in workspace.only_problem()


def test_a_sibling_out_of_range_is_found(workspace: Workspace) -> None:
    workspace.write("packages/mesh-core/pyproject.toml", CORE.format(range=">=0.2,<0.3"))
    problem = workspace.only_problem()
    assert "requires mesh-proto" in problem
    assert "version 0.1.0" in problem


def test_a_lock_with_an_old_version_is_found(workspace: Workspace) -> None:
    workspace.write("packages/mesh-core/poetry.lock", locked("mesh-proto", "0.0.9", "protobuf"))
    assert "holds mesh-proto 0.0.9" in workspace.only_problem()


def test_a_lock_older_than_a_siblings_dependencies_is_found(workspace: Workspace) -> None:
    project = (
        PROTO.format(version="0.1.0").replace("]", ', "grpcio"]', 2).replace(', "grpcio"]', "]", 1)
    )
    workspace.write("packages/mesh-proto/pyproject.toml", project)
    found = problems(workspace.path)
    assert len(found) == 2
    assert all("dependencies of mesh-proto have changed since (grpcio)" in text for text in found)


def test_a_missing_lock_is_found(workspace: Workspace) -> None:
    (workspace.path / "packages/mesh-core/poetry.lock").unlink()
    assert "is missing; run `./dev lock`" in workspace.only_problem()


def test_a_sibling_without_a_path_is_found(workspace: Workspace) -> None:
    project = CORE.format(range=">=0.1,<0.2").partition("[tool")[0]
    workspace.write("packages/mesh-core/pyproject.toml", project)
    assert "without a path" in workspace.only_problem()
