"""`mesh-proxy run`: what the engine finds when it takes over the process.

The engine itself is replaced by a recorder, so that these tests need no network and no
certificates; the process is a real one.
"""

import json
import subprocess
import sys

import pytest

from mesh_proxy.__main__ import main

RECORDER = """
import sys, types

def run():
    import resource, signal
    modules = sorted(sys.modules)
    import json
    print(json.dumps({
        "files": resource.getrlimit(resource.RLIMIT_NOFILE),
        "sigterm": signal.getsignal(signal.SIGTERM) == signal.SIG_DFL,
        "sigint": signal.getsignal(signal.SIGINT) == signal.SIG_DFL,
        "modules": modules,
    }))
    return 7

sys.modules["mesh_proxy._engine"] = types.SimpleNamespace(run=run, version=lambda: "1.2.3")
import resource
resource.setrlimit(resource.RLIMIT_NOFILE, (256, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
from mesh_proxy.__main__ import main
sys.exit(main(sys.argv[1:]))
"""


def mesh_proxy(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-I", "-B", "-c", RECORDER, *arguments],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )


def test_the_engine_takes_over_a_prepared_process():
    done = mesh_proxy("run")
    assert done.returncode == 7, done.stderr
    seen = json.loads(done.stdout)
    assert seen["files"][0] == seen["files"][1] > 256
    assert seen["sigterm"]
    assert seen["sigint"]


def test_only_a_little_of_the_standard_library_is_loaded():
    """Every pod pays for it: 18 MB for asyncio, 41 MB for a full agent."""
    loaded = set(json.loads(mesh_proxy("run").stdout)["modules"])
    heavy = {"asyncio", "json", "logging", "argparse", "re", "socket", "threading", "typing"}
    assert not loaded & heavy
    assert not {name for name in loaded if name.startswith(("mesh_proxy.init", "pyroute2"))}


def test_version_names_both():
    done = mesh_proxy("version")
    assert done.returncode == 0
    assert done.stdout.startswith("mesh-proxy ")
    assert done.stdout.endswith("\nengine 1.2.3\n")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "a command is missing"),
        (["runn"], "there is no command 'runn'"),
        (["run", "--port=1"], "run takes no arguments, but '--port=1' was given"),
    ],
)
def test_a_wrong_command_is_one_line_and_64(arguments, says, capsys):
    assert main(arguments) == 64
    out, err = capsys.readouterr()
    assert out == ""
    assert says in err
    assert err.count("\n") == 1


def test_help(capsys):
    assert main(["--help"]) == 0
    out = capsys.readouterr().out
    assert all(command in out for command in ("run", "init", "validate-network", "await"))


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("linkerd2-proxy-init", "init"),
        ("linkerd2-network-validator", "validate-network"),
        ("linkerd-await", "await"),
    ],
)
def test_a_program_of_linkerds_name_is_that_command(name, command, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", [f"/usr/lib/linkerd/{name}", "--no-such-flag"])
    assert main() == 64
    assert capsys.readouterr().err.startswith(f"mesh-proxy {command}: error: ")


def test_a_program_of_another_name_is_told_the_command(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["/usr/local/bin/mesh-proxy", "await", "--no-such-flag"])
    assert main() == 64
    assert capsys.readouterr().err.startswith("mesh-proxy await: error: ")
