"""The command line of `mesh-proxy validate-network`."""

import pytest

from mesh_proxy.__main__ import main
from mesh_proxy.errors import UsageError
from mesh_proxy.validate_network.flags import parse


def test_nothing_given_is_ipv4():
    options = parse([])
    assert (str(options.listen), str(options.connect)) == ("0.0.0.0:4140", "1.1.1.1:20001")
    assert options.timeout == 10


def test_an_injectors_command_line():
    options = parse(
        [
            *("--log-format", "json", "--log-level", "debug", "--timeout", "10s"),
            *("--connect-addr", "[fd00::1]:20001", "--listen-addr", "[::]:4140"),
        ]
    )
    assert (str(options.listen), str(options.connect)) == ("[::]:4140", "[fd00::1]:20001")
    assert (options.log_format, options.log_level, options.timeout) == ("json", "debug", 10)


def test_the_address_to_listen_on_follows_the_other():
    assert str(parse(["--connect-addr", "[fd00::1]:20001"]).listen) == "[::]:4140"
    assert str(parse(["--listen-addr", "[::]:4140"]).connect) == "1.1.1.1:20001"


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--listen-addr", "4140"], ["--listen-addr", "'4140'", "[fd00::1]:20001"]),
        (["--connect-addr", "example.org:80"], ["--connect-addr", "IP address"]),
        (["--connect-addr", "fd00::1:20001"], ["--connect-addr", "expected an IP address"]),
        (["--connect-addr", "[1.1.1.1]:80"], ["--connect-addr"]),
        (["--connect-addr", "1.1.1.1:0"], ["--connect-addr", "1 to 65535"]),
        (["--connect-addr", "1.1.1.1:99999999"], ["--connect-addr", "1 to 65535"]),
        (["--connect-addr", "1.1.1.1:²"], ["--connect-addr"]),
        (["--timeout", "10"], ["--timeout", "'10'"]),
        (["--timeout", "0"], ["--timeout", "'0'"]),
        (["--log-format", "xml"], ["--log-format", "'xml'"]),
        (["--listen-addr", "0.0.0.0:1", "--connect-addr", "[fd00::1]:2"], ["versions"]),
        (["--listen"], ["--listen"]),
    ],
)
def test_a_bad_value_is_named_with_its_flag(arguments, named):
    with pytest.raises(UsageError) as caught:
        parse(arguments)
    for text in named:
        assert text in str(caught.value)


def test_a_usage_error_is_one_line_and_64(capsys):
    assert main(["validate-network", "--timeout", "x"]) == 64
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("mesh-proxy validate-network: error: --timeout: 'x'")
    assert err.count("\n") == 1
