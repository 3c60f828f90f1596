import pytest

from mesh_cli.elevation import RootNeeded, as_root, become_root


def test_root_keeps_the_users_caches_and_writes_no_bytecode():
    environment = {"HOME": "/home/ann", "MESH_CACHE": "/c", "SECRET": "x", "LD_PRELOAD": "y"}
    command = as_root("/usr/bin/sudo", "/v/bin/python", ["demo", "--seconds", "5"], environment)
    assert command[:3] == ["/usr/bin/sudo", "--", "env"]
    assert "HOME=/home/ann" in command
    assert "MESH_CACHE=/c" in command
    assert "-B" in command, "bytecode in a checkout would become root's"
    assert not {"SECRET", "LD_PRELOAD"} & {word.partition("=")[0] for word in command}
    assert command[-3:] == ["demo", "--seconds", "5"]


def test_without_sudo_it_says_what_to_run(monkeypatch):
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(RootNeeded, match="mesh demo --seconds 5"):
        become_root(["demo", "--seconds", "5"])


def test_it_does_not_ask_where_nobody_could_answer(monkeypatch, tmp_path):
    sudo = tmp_path / "sudo"
    sudo.write_text("#!/bin/sh\nexit 1\n")
    sudo.chmod(0o755)
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RootNeeded, match="run this as root: mesh local down"):
        become_root(["local", "down"])
