"""The command line, and what the injector says when it cannot start."""

import subprocess
import sys

import pytest
from injector_process import Injector

from mesh_injector.webhook.main import main


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([], "COMMAND"),
        (["serve", "--addr=0.0.0.0:port"], "--addr"),
        (["serve", "--shutdown-delay=soon"], "'soon'"),
        (["serve", "--shutdown-delay=7s"], "'7s' is not a duration of at most 6s"),
        (["serve", "--controller-namespace=Not_One"], "the name of a namespace"),
        (["serve", "--tls=x", "--what"], "--what"),
    ],
)
def test_a_wrong_command_line_is_one_line(capsys, arguments, complaint):
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 64
    said = capsys.readouterr().err
    assert complaint in said
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("limits", "wanted", "after"),
    [((64, 4096), 1000, 1000), ((64, 100), 1000, 100), ((2000, 4096), 1000, 2000)],
)
def test_there_is_room_for_connections(limits, wanted, after):
    code = (
        "import resource; from mesh_injector.webhook.open_files import allow_open_files\n"
        f"resource.setrlimit(resource.RLIMIT_NOFILE, {limits})\n"
        f"allow_open_files({wanted}); print(resource.getrlimit(resource.RLIMIT_NOFILE)[0])"
    )
    command = [sys.executable, "-c", code]
    assert subprocess.run(command, capture_output=True, check=True).stdout == b"%d\n" % after


def run(injector: Injector) -> tuple[int, str]:
    """Start what cannot start."""
    with pytest.raises(AssertionError):
        injector.start()
    assert injector._process is not None
    return injector._process.returncode, injector.log().strip().splitlines()[-1]


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (
            lambda it: it.tls.swap({**it.pair.contents(), "tls.key": b"none"}),
            "mesh-injector: tls.crt or tls.key does not hold PEM",
        ),
        (lambda it: (it.tls.directory / "tls.crt").unlink(), "mesh-injector: "),
        (lambda it: it.values.swap({"values": b"proxy: [1]"}), "mesh-injector: "),
    ],
    ids=["no-key", "no-certificate", "wrong-values"],
)
def test_what_cannot_start_says_why_in_one_line(tmp_path, spoil, complaint):
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text("{}")
    injector = Injector(tmp_path, kubeconfig)
    spoil(injector)
    code, line = run(injector)
    assert code == 1
    assert line.startswith(complaint), line
    assert "Traceback" not in injector.log()
