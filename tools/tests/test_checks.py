"""What the sessions decide before they run anything."""

from __future__ import annotations

from pathlib import Path

import pytest
from house import checks


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    program = tmp_path / "docker"
    program.touch(mode=0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return program


def test_what_is_not_the_providers_goes_to_pytest() -> None:
    given = ["-m", "install", "--provider", "existing", "--keep"]
    assert checks._provider(given) == ("existing", ["-m", "install", "--keep"])


@pytest.mark.parametrize(("script", "chosen"), [("exit 0", "kind"), ("exit 1", "node")])
def test_scenarios_run_on_kind_where_docker_answers(docker: Path, script: str, chosen: str) -> None:
    docker.write_text(f"#!/bin/sh\n{script}\n")
    assert checks._provider([]) == (chosen, [])


def test_a_docker_that_hangs_is_no_place(docker: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "_DOCKER_SECONDS", 0.05)
    docker.write_text("#!/bin/sh\nexec sleep 60\n")
    assert checks._provider([])[0] == "node"


@pytest.mark.parametrize("suite", ["house", "bookshop", "mesh-proto"])
def test_suites_that_start_no_cluster_wait_for_none(suite: str) -> None:
    assert checks.clusters(arguments=[suite, "-k", "anything"]) == []


def test_the_others_have_its_programs_built_before() -> None:
    suites = {name for name, tests in checks._suites([]) if checks._starts_a_cluster(tests)}
    assert {"mesh-core", "mesh-cli", "chart", "clusters"} <= suites
