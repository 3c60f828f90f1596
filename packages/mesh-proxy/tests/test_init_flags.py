"""The command line of `mesh-proxy init`."""

import ipaddress

import pytest

from mesh_proxy.__main__ import main
from mesh_proxy.errors import UsageError
from mesh_proxy.init.flags import parse
from mesh_proxy.init.plan import Redirect
from mesh_proxy.init.ports import PortRange


def test_nothing_given_is_the_standard_redirect():
    options = parse([])
    assert options.redirect == Redirect()
    assert (options.dry_run, options.namespaces, options.close_wait_seconds) == (False, (), None)


def test_an_injectors_command_line():
    options = parse(
        [
            "--ipv6=false",
            "--incoming-proxy-port",
            "4143",
            "--outgoing-proxy-port",
            "4140",
            "--proxy-uid",
            "2102",
            "--proxy-gid",
            "-1",
            "--timeout-close-wait-secs",
            "0",
            "--inbound-ports-to-ignore",
            "4190,4191,4567,4568",
            "--outbound-ports-to-ignore",
            "443,6443",
            "--subnets-to-ignore",
            "10.1.2.3/8",
            "--log-format",
            "json",
            "--log-level",
            "warn",
            "--iptables-mode",
            "nft",
            "--firewall-bin-path",
            "iptables-nft",
            "--firewall-save-bin-path",
            "x",
            "-w",
        ]
    )
    assert options.redirect == Redirect(
        ignored_inbound_ports=tuple(PortRange(n, n) for n in (4190, 4191, 4567, 4568)),
        ignored_outbound_ports=(PortRange(443, 443), PortRange(6443, 6443)),
        ignored_subnets=(ipaddress.ip_network("10.0.0.0/8"),),
        ipv6=False,
    )
    assert (options.log_format, options.log_level) == ("json", "warn")
    assert options.without_effect == (
        "--use-wait-flag",
        "--iptables-mode",
        "--firewall-bin-path",
        "--firewall-save-bin-path",
    )


def test_short_flags_and_repeated_ones():
    options = parse(
        [
            "-p",
            "1",
            "-o",
            "2",
            "-u",
            "3",
            "-g",
            "4",
            "-r",
            "80",
            "-r",
            "81-82,90",
            "--netns",
            "/a",
            "--netns",
            "/b",
            "--simulate=true",
            "--no-ipv6",
        ]
    )
    assert options.redirect == Redirect(
        incoming_port=1,
        outgoing_port=2,
        proxy_uid=3,
        proxy_gid=4,
        redirected_ports=(PortRange(80, 80), PortRange(81, 82), PortRange(90, 90)),
        ipv6=False,
    )
    assert options.namespaces == ("/a", "/b")
    assert options.dry_run


def test_empty_lists_are_empty():
    arguments = ["--inbound-ports-to-ignore", "", "--subnets-to-ignore="]
    assert parse(arguments).redirect == Redirect()


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--inbound-ports-to-ignore", "25,80-"], ["--inbound-ports-to-ignore", "'80-'"]),
        (["--outbound-ports-to-ignore", "25,,26"], ["--outbound-ports-to-ignore", "''"]),
        (["-r", "99999"], ["--ports-to-redirect", "'99999'", "1 to 65535"]),
        (["-p", "0"], ["--incoming-proxy-port", "'0'"]),
        (["-o", "80-81"], ["--outgoing-proxy-port", "'80-81'", "not a range"]),
        (["-u", "proxy"], ["--proxy-uid", "'proxy'", "-1"]),
        (["-u", "4294967295"], ["--proxy-uid", "4294967294"]),
        (["-u", "-1"], ["--proxy-uid", "--proxy-gid"]),
        (["-p", "4140"], ["--incoming-proxy-port", "--outgoing-proxy-port", "4140"]),
        (["--subnets-to-ignore", "10.0.0.0/33"], ["--subnets-to-ignore", "'10.0.0.0/33'"]),
        (["--subnets-to-ignore", "$(reboot)"], ["--subnets-to-ignore", "'$(reboot)'"]),
        (["--ipv6=maybe"], ["--ipv6", "'maybe'", "true or false"]),
        (["--timeout-close-wait-secs", "-5"], ["--timeout-close-wait-secs"]),
        (["--iptables-mode", "bpf"], ["--iptables-mode", "'bpf'", "legacy"]),
        (["--log-format", "xml"], ["--log-format", "'xml'"]),
        (["--no-such-flag"], ["--no-such-flag"]),
        (["--inbound-ports"], ["--inbound-ports"]),
    ],
)
def test_a_bad_value_is_named_with_its_flag(arguments, named):
    with pytest.raises(UsageError) as caught:
        parse(arguments)
    for text in named:
        assert text in str(caught.value)


def test_dry_run_needs_nothing_and_prints_the_rules(capsys):
    assert main(["init", "--dry-run", "--inbound-ports-to-ignore", "4190"]) == 0
    out, err = capsys.readouterr()
    assert "tcp dport 4190 return" in out
    assert err == ""


@pytest.mark.parametrize("text", ["1", "t", "TRUE", "True"])
def test_booleans_are_read_as_gos_flags_are(text):
    options = parse([f"--ipv6={text}", f"--use-wait-flag={text}"])
    assert options.redirect.ipv6
    assert options.without_effect == ("--use-wait-flag",)
    assert not parse(["--ipv6=F"]).redirect.ipv6


def test_a_usage_error_is_one_line_and_64(capsys):
    assert main(["init", "-p", "x"]) == 64
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("mesh-proxy init: error: -p/--incoming-proxy-port: 'x'")
    assert err.count("\n") == 1
