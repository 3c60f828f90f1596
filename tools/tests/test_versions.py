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
[project.optional-dependencies]
grpc = ["grpcio (>=1)"]
"""
EXTRAS = '[package.extras]\ngrpc = ["grpcio (>=1)"]\n'

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


def locked(name: str, version: str, **dependencies: str) -> str:
    lines = [f'[[package]]\nname = "{name}"\nversion = "{version}"\n[package.dependencies]\n']
    lines += [f'{name.replace("_", "-")} = "{value}"\n' for name, value in dependencies.items()]
    return "".join(lines)


PROTO_LOCKED = locked("mesh-proto", "0.1.0", protobuf=">=7") + EXTRAS
CORE_LOCKED = locked("mesh-core", "0.1.0", mesh_proto=">=0.1,<0.2")


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
    stale_lock, out_of_range = sorted(problems(workspace.path), key=lambda x: "requires" in x)
    assert "requires mesh-proto" in out_of_range
    assert "version 0.1.0" in out_of_range
    assert "dependencies of mesh-core have changed" in stale_lock


def test_a_lock_with_an_old_version_is_found(workspace: Workspace) -> None:
    workspace.write(
        "packages/mesh-core/poetry.lock", locked("mesh-proto", "0.0.9", protobuf=">=7") + EXTRAS
    )
    assert "holds mesh-proto 0.0.9" in workspace.only_problem()


@pytest.mark.parametrize(
    ("old", "new", "changed"),
    [
        ('["protobuf (>=7)"]', '["protobuf (>=7)", "msgspec"]', "msgspec"),
        ('["protobuf (>=7)"]', "[]", "protobuf"),
        ("protobuf (>=7)", "protobuf (>=8)", "protobuf"),
        ("grpcio (>=1)", "grpcio (>=2)", "grpcio"),
    ],
    ids=["added", "removed", "another range", "another range of an extra"],
)
def test_a_lock_older_than_a_siblings_dependencies_is_found(
    workspace: Workspace, old: str, new: str, changed: str
) -> None:
    project = PROTO.format(version="0.1.0").replace(old, new)
    workspace.write("packages/mesh-proto/pyproject.toml", project)
    found = problems(workspace.path)
    assert len(found) == 2, "the workspace's lock, and that of mesh-core"
    assert all(f"dependencies of mesh-proto have changed since ({changed})" in x for x in found)


def test_a_dependency_with_extras_of_its_own_in_an_extra_is_no_problem(
    workspace: Workspace,
) -> None:
    core = CORE.format(range=">=0.1,<0.2").replace(
        "[tool.poetry",
        '[project.optional-dependencies]\ncalls = ["mesh-proto[grpc] (>=0.1,<0.2)"]\n[tool.poetry',
    )
    workspace.write("packages/mesh-core/pyproject.toml", core)
    # Such a dependency is a list in the lock: once as always, once as the extra wants it.
    twice = (
        '[{version = ">=0.1,<0.2"}, {version = ">=0.1,<0.2", extras = ["grpc"], optional = true}]'
    )
    held = CORE_LOCKED.replace('">=0.1,<0.2"', twice)
    extras = '[package.extras]\ncalls = ["mesh-proto[grpc] (>=0.1,<0.2)"]\n'
    workspace.write("poetry.lock", held + extras + PROTO_LOCKED)
    assert problems(workspace.path) == []


def test_a_missing_lock_is_found(workspace: Workspace) -> None:
    (workspace.path / "packages/mesh-core/poetry.lock").unlink()
    assert "is missing; run `./dev lock`" in workspace.only_problem()


def test_a_sibling_without_a_path_is_found(workspace: Workspace) -> None:
    project = CORE.format(range=">=0.1,<0.2").partition("[tool")[0]
    workspace.write("packages/mesh-core/pyproject.toml", project)
    assert "without a path" in workspace.only_problem()
