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
    assert "init" in capsys.readouterr().out
