"""What a service's user is told about the command line."""

import pytest

from mesh_core.authority import Authority
from mesh_core.command_line import USAGE, CommandLine, dns_name, value


def parser() -> CommandLine:
    command = CommandLine(prog="mesh-x")
    command.add_version("mesh-core")
    command.add_argument("--addr", type=value("an address", Authority.parse))
    command.add_argument("--port", type=value("a port", int))
    command.add_argument("--domain", type=dns_name)
    command.add_log_options()
    return command


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--domain", "UP"], "argument --domain: 'UP' is not a DNS name in lower case"),
        (["--port", "x"], "argument --port: 'x' is not a port"),
        (["--addr", "a b:1"], "argument --addr: "),
        (["--log-level", "loud"], "argument --log-level: invalid choice: 'loud'"),
        (["--nothing"], "unrecognized arguments: --nothing"),
    ],
)
def test_what_is_wrong_is_one_line(
    arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        parser().parse_args(arguments)
    assert ended.value.code == USAGE
    errors = capsys.readouterr().err
    assert errors.startswith(f"mesh-x: {told}")
    assert errors.endswith("; see mesh-x --help\n")
    assert errors.count("\n") == 1


def test_the_version_is_the_packages(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parser().parse_args(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith("mesh-x 0.")
