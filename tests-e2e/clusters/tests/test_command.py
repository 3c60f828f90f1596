"""The command line: what it refuses, in one line."""

import subprocess
import sys
from pathlib import Path

import pytest

from mesh_clusters import elevation
from mesh_clusters.command import main


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["status", "--name=Big"], "--name 'Big': give 1 to 10 small letters"),
        (["up", "--index=50"], "--index 50: give a number from 0 to 49"),
        (["load", "--name=nobody", "/etc/passwd"], "cluster nobody is down; start it:"),
        (["logs", "--name=nobody", "kubelet"], "has no log of 'kubelet'"),
        (["kind", "status", "--name=nobody"], "cluster nobody is down; start it:"),
        (["kind", "load", "--name=nobody", "/no/archive"], "/no/archive: there is no such image"),
        (["kind", "up", "--name=Big"], "--name 'Big': give 1 to 10 small letters"),
    ],
)
def test_an_error_is_one_line(
    argv: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(argv) == 1
    printed = capsys.readouterr()
    assert said in printed.err
    assert printed.err.startswith("mesh_clusters: ")
    assert printed.err.count("\n") == 1
    assert printed.out == ""


@pytest.mark.parametrize("command", ["up", "down"])
def test_without_root_it_says_what_to_type(
    command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setattr(sys, "argv", ["mesh_clusters", command, "--index=3"])
    monkeypatch.setenv("MESH_CACHE", "/somebody's/cache")
    assert main([command, "--index=3"]) == 1
    said = capsys.readouterr().err
    assert "sudo env 'MESH_CACHE=/somebody'" in said
    assert said.endswith(f"-m mesh_clusters {command} --index=3\n")


@pytest.mark.netns  # only root can give files away
def test_with_sudo_the_kubeconfig_belongs_to_who_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.touch(mode=0o600)
    monkeypatch.delenv("SUDO_UID", raising=False)
    elevation.hand_over(kubeconfig)
    assert kubeconfig.stat().st_uid == 0
    monkeypatch.setenv("SUDO_UID", "1234")
    monkeypatch.setenv("SUDO_GID", "5678")
    elevation.hand_over(kubeconfig)
    found = kubeconfig.stat()
    assert (found.st_uid, found.st_gid, found.st_mode & 0o777) == (1234, 5678, 0o600)


def test_help_names_every_command() -> None:
    argv = [sys.executable, "-m", "mesh_clusters", "--help"]
    said = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    commands = ("build", "up", "down", "status", "env", "kubeconfig", "load", "logs", "node")
    assert all(f"\n    {name}" in said for name in commands)
