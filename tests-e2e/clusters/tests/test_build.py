"""What is stale, and what is told meanwhile; Go is played by a script where it is asked."""

import json
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from mesh_clusters import build, go, targets
from mesh_clusters.binaries import Binaries
from mesh_clusters.build import Progress, duration
from mesh_clusters.errors import BuildFailed, NotBuilt
from mesh_clusters.go import Go
from mesh_clusters.targets import Target

_GO = """#!/bin/sh
case $1 in
env) echo go1.30.1 ;;
list) echo true; echo false; echo true ;;
build)
    echo build >> "$LOG"
    sleep 0.3
    echo example.com/one >&2
    if [ -n "$FAILS" ]; then echo 'main.go:3:1: no such thing' >&2; exit 1; fi
    for word in "$@"; do case $word in -o=*) echo program > "${word#-o=}" ;; esac; done ;;
esac
"""
_COMPILER = Go(Path("/unused"), "go1.30.1")


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a target's sources, and a Go that is a script."""
    sources = tmp_path / "sources" / "tool"
    sources.mkdir(parents=True)
    (sources / "go.mod").write_text("module tool\n")
    program = tmp_path / "go"
    program.write_text(_GO)
    program.chmod(0o755)
    monkeypatch.setattr(targets, "SOURCES", tmp_path / "sources")
    monkeypatch.setattr(go, "installed", lambda _name: program)
    monkeypatch.setenv("LOG", str(tmp_path / "log"))
    monkeypatch.setenv("FAILS", "")
    return tmp_path


def _target() -> Target:
    return Target("tool", ".", ("alias",))


def _builds(machine: Path) -> int:
    log = machine / "log"
    return len(log.read_text().split()) if log.exists() else 0


def test_what_is_fresh_is_not_built_again(machine: Path) -> None:
    said: list[str] = []
    build.build([_target()], machine / "cache", said.append)
    build.build([_target()], machine / "cache", said.append)
    assert _builds(machine) == 1
    assert Binaries(machine / "cache/bin").path("alias").read_text() == "program\n"
    assert said[1].startswith("tool: 2 of 3 packages to compile")
    left = {path.name for path in (machine / "cache").iterdir()}
    assert left == {"bin", "stamps", "build.lock"}


def test_two_at_once_build_once(machine: Path) -> None:
    said: list[str] = []

    def run() -> None:
        build.build([_target()], machine / "cache", said.append)

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert _builds(machine) == 1
    assert "another process is building; waiting for it to finish" in said


@pytest.mark.parametrize("change", ["sources", "flags", "compiler", "link", "program", "stamp"])
def test_every_change_makes_it_stale(machine: Path, change: str) -> None:
    home, target, compiler = machine / "cache", _target(), _COMPILER
    build.build([target], home, lambda _: None)
    assert build.stale([target], home, compiler) == []
    match change:
        case "sources":
            (target.folder / "main.go").write_text("package main\n")
        case "flags":
            target = Target("tool", "./cmd", ("alias",))
        case "compiler":
            compiler = Go(Path("/unused"), "go1.31")
        case "link":
            (home / "bin/alias").unlink()
        case "program":
            (home / "bin/tool").unlink()
        case "stamp":
            (home / "stamps/tool.json").write_text("{")
    assert build.stale([target], home, compiler) == [target]


def test_without_a_compiler_what_was_built_is_good(machine: Path) -> None:
    build.build([_target()], machine / "cache", lambda _: None)
    assert build.stale([_target()], machine / "cache", None) == []
    stamp = json.loads((machine / "cache/stamps/tool.json").read_text())
    assert stamp["go"] == "go1.30.1"


def test_a_failed_build_says_what_go_says_and_is_tried_again(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAILS", "yes")
    with pytest.raises(BuildFailed, match="no such thing") as caught:
        build.build([_target()], machine / "cache", lambda _: None)
    assert "go build of tool" in str(caught.value)
    assert "example.com/one" not in str(caught.value)
    monkeypatch.setenv("FAILS", "")
    build.build([_target()], machine / "cache", lambda _: None)
    assert _builds(machine) == 2


def test_what_is_not_built_names_the_command(tmp_path: Path) -> None:
    with pytest.raises(NotBuilt, match="mesh_clusters build --only apiserver"):
        Binaries(tmp_path).path("kubectl")
    with pytest.raises(NotBuilt, match="--only helm"):
        Binaries(tmp_path).path("helm")


def test_progress_counts_packages_and_estimates_what_is_left() -> None:
    progress = Progress("tool", packages=100, to_compile=40)
    assert progress.estimate(300, processors=2).endswith("about 2 min 0 s with 2 processors")
    assert progress.due(10.0) is None
    for _ in range(10):
        assert progress.takes("example.com/a\n")
    assert not progress.takes("# example.com/a\n")
    assert not progress.takes("go: downloading example.com/b v1.0.0\n")
    assert progress.due(24.9) is None
    assert progress.due(30.0) == "tool: 10 of 40 packages in 20 s, about 1 min 0 s left"
    assert progress.due(40.0) is None


def test_duration() -> None:
    assert duration(59.4) == "59 s"
    assert duration(61) == "1 min 1 s"


def test_a_command_that_is_interrupted_leaves_no_compiler_behind(machine: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        build.build([_target()], machine / "cache", _interrupt)
    assert not list((machine / "cache/bin").iterdir())


def _interrupt(message: str) -> None:
    if "to compile" in message:
        raise KeyboardInterrupt


def test_importing_the_fixtures_builds_nothing(tmp_path: Path) -> None:
    argv = [sys.executable, "-c", "import mesh_clusters.fixtures"]
    subprocess.run(argv, check=True, env={"MESH_CACHE": str(tmp_path / "cache")})
    assert not (tmp_path / "cache").exists()
