"""Where the bookshop and its programs come from."""

import tomllib
from pathlib import Path

import pytest

from mesh_cli.demo.bookshop import (
    BookshopMissing,
    BuildFailed,
    find_bookshop,
    fingerprint,
    requirements,
)
from mesh_cli.demo.bookshop import search_path as bookshop_search_path

CHECKOUT = Path(__file__).parents[3]
LOCK = """
[[package]]
name = "grpcio"
version = "1.85.1"
optional = false
groups = ["main"]
files = [{file = "a.whl", hash = "sha256:aa"}, {file = "b.whl", hash = "sha256:bb"}]

[[package]]
name = "typing-extensions"
version = "4.1"
optional = false
groups = ["main"]
markers = "python_version < \\"3.13\\""
files = [{file = "c.whl", hash = "sha256:cc"}]

[[package]]
name = "pytest"
version = "9"
optional = false
groups = ["dev"]
files = []
"""


def test_this_checkouts_bookshop_is_found(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert find_bookshop() == CHECKOUT / "examples" / "bookshop"


def test_a_directory_without_it_says_what_to_give(tmp_path):
    with pytest.raises(BookshopMissing, match="--dir"):
        find_bookshop(tmp_path)


def test_a_lock_becomes_requirements_with_hashes():
    assert requirements(tomllib.loads(LOCK)) == (
        "grpcio==1.85.1 --hash=sha256:aa --hash=sha256:bb\n"
        'typing-extensions==4.1 ; python_version < "3.13" --hash=sha256:cc\n'
    )


def test_the_bookshops_own_lock_is_readable():
    lock = tomllib.loads((CHECKOUT / "examples/bookshop/app/poetry.lock").read_text())
    names = {line.split("==")[0] for line in requirements(lock).splitlines()}
    assert {"grpcio", "websockets"} <= names


@pytest.fixture
def copy(tmp_path, monkeypatch):
    """A bookshop that nobody has installed, a cache of its own, redis on PATH."""
    app = tmp_path / "bookshop" / "app"
    (app / "bookshop").mkdir(parents=True)
    (app / "bookshop" / "__init__.py").write_text("")
    (app / "pyproject.toml").write_text('[project]\nname = "mesh-bookshop"\nversion = "99"\n')
    (app / "poetry.lock").write_text("package = []\n")
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("redis-server", "redis-cli"):
        (programs / name).write_text("#!/bin/sh\n")
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    monkeypatch.setenv("MESH_CACHE", str(tmp_path / "cache"))
    return app.parent


def test_its_environment_is_built_once(copy):
    said = []
    python, redis = bookshop_search_path(copy, said.append)
    assert bookshop_search_path(copy, said.append) == (python, redis)
    assert (redis / "redis-server").exists()
    assert list(python.parent.glob("lib/python*/site-packages/bookshop/__init__.py"))
    assert len(said) == 1
    assert "seconds, once" in said[0]


def test_a_change_of_its_files_makes_another(copy):
    before = fingerprint(copy / "app")
    assert fingerprint(copy / "app") == before
    (copy / "app" / "bookshop" / "__init__.py").write_text("CHANGED = True\n")
    assert fingerprint(copy / "app") != before


def test_a_failed_build_says_why_and_leaves_nothing(copy, tmp_path, monkeypatch):
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\nmkdir -p \"$4\"\necho 'ERROR: no ensurepip' >&2\nexit 1\n")
    python.chmod(0o755)
    monkeypatch.setattr("sys.executable", str(python))
    monkeypatch.setattr("mesh_cli.demo.bookshop._installed_version", lambda: None)
    with pytest.raises(BuildFailed, match="no ensurepip; check") as caught:
        bookshop_search_path(copy, print)
    assert "\n" not in str(caught.value)
    assert not list((tmp_path / "cache" / "examples").glob("*"))
