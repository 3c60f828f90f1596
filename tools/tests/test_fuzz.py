"""What the driver of the fuzz targets makes of its arguments and of libFuzzer's words."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from house import fuzz


def test_every_target_is_a_program_of_the_crate() -> None:
    manifest = tomllib.loads((fuzz.FUZZ / "Cargo.toml").read_text())
    assert sorted(program["name"] for program in manifest["bin"]) == fuzz.targets()


def test_every_corpus_belongs_to_a_target() -> None:
    assert {path.name for path in (fuzz.FUZZ / "corpus").iterdir()} <= set(fuzz.targets())


def test_all_targets_run_for_ten_seconds_unless_told_otherwise() -> None:
    given = fuzz._parse([])
    assert (given.targets, given.seconds) == (fuzz.targets(), 10)
    given = fuzz._parse(["chunked", "path", "--seconds", "60"])
    assert (given.targets, given.seconds) == (["chunked", "path"], 60)


@pytest.mark.parametrize(
    "wrong", [["no-such-target"], ["--input", "x"], ["path", "chunked", "--input", "x"]]
)
def test_what_makes_no_sense_is_refused(
    wrong: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        fuzz._parse(wrong)
    assert "./dev fuzz" in capsys.readouterr().err


def test_the_end_of_a_run_is_read() -> None:
    output = (
        "#2\tINITED cov: 3 ft: 3 corp: 1/1b\n"
        "#4199116\tDONE   cov: 216 ft: 1006 corp: 483/30Kb lim: 4096\n"
    )
    assert fuzz.parse_end(output) == fuzz.Run(runs=4_199_116, edges=216, inputs=483)
    assert fuzz.parse_end("==1== ERROR: libFuzzer: deadly signal") is None


def _program(path: Path, script: str) -> Path:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(fuzz, "SCRATCH", tmp_path)
    return tmp_path


def test_a_finding_is_named_with_the_command_that_repeats_it(
    scratch: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = "echo panicked; echo 'artifact; Test unit written to /somewhere/crash-1'; exit 77"
    row = fuzz._run(_program(scratch / "path", said), seconds=1)
    assert row.failed == 1
    shown = capsys.readouterr().err
    assert "panicked" in shown
    assert "./dev fuzz path --input /somewhere/crash-1" in shown


def test_a_run_without_a_finding_is_one_line(
    scratch: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = "echo '#12\tDONE   cov: 3 ft: 4 corp: 5/6b'"
    row = fuzz._run(_program(scratch / "path", said), seconds=1)
    assert (row.passed, row.failed) == (1, 0)
    assert capsys.readouterr().out.startswith("fuzz path: 12 runs, 3 edges, 5 inputs kept")


def test_a_program_that_says_nothing_has_failed(scratch: Path) -> None:
    assert fuzz._run(_program(scratch / "path", "exit 0"), seconds=1).failed == 1
