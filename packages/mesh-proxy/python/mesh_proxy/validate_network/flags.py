"""The command line of `mesh-proxy validate-network`."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import TypeVar

from mesh_proxy.arguments import Parser, typed
from mesh_proxy.durations import parse_duration
from mesh_proxy.errors import UsageError
from mesh_proxy.report import LOG_FORMATS, LOG_LEVELS

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Address:
    """An IP address and a TCP port."""

    ip: IPv4Address | IPv6Address
    port: int

    def __str__(self) -> str:
        """`1.1.1.1:20001` or `[fd00::1]:20001`."""
        return f"[{self.ip}]:{self.port}" if self.ip.version == 6 else f"{self.ip}:{self.port}"


# Nobody is there: who gets through has been redirected. 4140: the proxy's outbound port.
_DEFAULT_CONNECT = Address(IPv4Address("1.1.1.1"), 20001)
_DEFAULT_LISTEN = {
    4: Address(IPv4Address("0.0.0.0"), 4140),
    6: Address(IPv6Address("::"), 4140),
}


@dataclass(frozen=True, slots=True)
class Options:
    """What to listen on, where to connect to and how to report it."""

    listen: Address
    connect: Address
    timeout: float
    log_format: str
    log_level: str


def parse(arguments: Sequence[str]) -> Options:
    """Read the flags (UsageError). `--help` prints and raises SystemExit(0)."""
    values = _parser().parse_args(arguments)
    connect: Address = values.connect_addr
    listen: Address = values.listen_addr or _DEFAULT_LISTEN[connect.ip.version]
    # [::] takes IPv4 connections as well.
    if listen.ip.version != connect.ip.version and str(listen.ip) != "::":
        raise UsageError(
            f"--listen-addr {listen} and --connect-addr {connect} are of different IP versions;"
            " give two of the same"
        )
    return Options(listen, connect, values.timeout, values.log_format, values.log_level)


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="mesh-proxy validate-network",
        allow_abbrev=False,
        description=(
            "Listen where the proxy will, connect to an address that nobody has, and expect to"
            " reach oneself: only the redirect makes that happen. Exit code 95 when it does not."
        ),
    )
    parser.add_argument(
        "--listen-addr",
        metavar="ADDRESS:PORT",
        type=typed(_address),
        help="where the redirect leads to (default 0.0.0.0:4140; [::]:4140 for IPv6)",
    )
    parser.add_argument(
        "--connect-addr",
        metavar="ADDRESS:PORT",
        type=typed(_address),
        default=_DEFAULT_CONNECT,
        help="an address outside the pod that nobody has (default %(default)s)",
    )
    parser.add_argument(
        "--timeout",
        metavar="DURATION",
        type=typed(_timeout),
        default=10.0,
        help="how long to try (default 10s)",
    )
    parser.add_argument("--log-format", choices=LOG_FORMATS, default="plain")
    parser.add_argument("--log-level", choices=LOG_LEVELS, default="info", metavar="LEVEL")
    return parser


def _address(text: str) -> Address:
    form = "expected an IP address and a port, such as 1.1.1.1:20001 or [fd00::1]:20001"
    host, _, port = text.rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    try:
        ip = ip_address(host[1:-1] if bracketed else host)
    except ValueError as error:
        raise ValueError(form) from error
    if bracketed != (ip.version == 6) or not (port.isascii() and port.isdigit()):
        raise ValueError(form)
    if not 1 <= int(port[:6]) <= 65535:
        raise ValueError("a port is a number from 1 to 65535")
    return Address(ip, int(port))


def _timeout(text: str) -> float:
    seconds = parse_duration(text)
    if seconds == 0:
        raise ValueError("expected more than nothing")
    return seconds
