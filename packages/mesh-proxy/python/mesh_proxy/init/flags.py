"""The command line of `mesh-proxy init`, read into typed values or one clear error."""

import argparse
import ipaddress
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from mesh_proxy.arguments import Parser, typed
from mesh_proxy.errors import UsageError
from mesh_proxy.report import LOG_FORMATS, LOG_LEVELS

from . import plan as p
from .ports import parse_port, parse_range

T = TypeVar("T")

# (uid_t)-1 means "no change" to the kernel, so the highest id is one below.
_HIGHEST_ID = 2**32 - 2
_OFF = -1


@dataclass(frozen=True, slots=True)
class Options:
    """What to redirect, where and how to report it."""

    redirect: p.Redirect
    dry_run: bool
    # Network namespaces to program, in this order; none means the process's own.
    namespaces: tuple[str, ...]
    # New nf_conntrack_tcp_timeout_close_wait in seconds; None leaves it.
    close_wait_seconds: int | None
    log_format: str
    log_level: str
    # Flags that were given but change nothing here, for the log.
    without_effect: tuple[str, ...]


def parse(arguments: Sequence[str]) -> Options:
    """Read the flags (UsageError). `--help` prints and raises SystemExit(0)."""
    values = _parser().parse_args(arguments)
    redirect = p.Redirect(
        incoming_port=values.incoming_proxy_port,
        outgoing_port=values.outgoing_proxy_port,
        proxy_uid=values.proxy_uid,
        proxy_gid=values.proxy_gid,
        redirected_ports=tuple(values.ports_to_redirect),
        ignored_inbound_ports=tuple(values.inbound_ports_to_ignore),
        ignored_outbound_ports=tuple(values.outbound_ports_to_ignore),
        ignored_subnets=tuple(values.subnets_to_ignore),
        ipv6=values.ipv6,
    )
    _check(redirect)
    return Options(
        redirect=redirect,
        dry_run=values.simulate,
        namespaces=tuple(values.netns),
        close_wait_seconds=values.timeout_close_wait_secs or None,
        log_format=values.log_format,
        log_level=values.log_level,
        without_effect=_without_effect(values),
    )


def _check(redirect: p.Redirect) -> None:
    if redirect.proxy_uid is None and redirect.proxy_gid is None:
        raise UsageError(
            "--proxy-uid and --proxy-gid are both off (-1): the proxy's own connections would be"
            " sent back to it for ever; give the uid or the gid that the proxy runs under"
        )
    if redirect.incoming_port == redirect.outgoing_port:
        raise UsageError(
            f"--incoming-proxy-port and --outgoing-proxy-port are both {redirect.incoming_port};"
            " the proxy listens on two different ports"
        )


def _without_effect(values: argparse.Namespace) -> tuple[str, ...]:
    given = {
        "--use-wait-flag": values.use_wait_flag,
        "--iptables-mode": values.iptables_mode is not None,
        "--firewall-bin-path": values.firewall_bin_path is not None,
        "--firewall-save-bin-path": values.firewall_save_bin_path is not None,
    }
    return tuple(flag for flag, present in given.items() if present)


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="mesh-proxy init",
        allow_abbrev=False,
        description=(
            "Send the TCP connections of a network namespace through the proxy: one nftables"
            f" transaction that replaces the table `inet {p.TABLE}` (IPv4 and IPv6). UDP and"
            " loopback are never redirected. Run again, it replaces what it left before."
        ),
    )
    _add_redirect(parser)
    _add_exceptions(parser)
    _add_running(parser)
    _add_compatible(parser)
    return parser


def _add_redirect(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("where connections go")
    group.add_argument(
        "-p",
        "--incoming-proxy-port",
        metavar="PORT",
        type=typed(parse_port),
        default=p.DEFAULT_INBOUND_PORT,
        help="the proxy's port for connections from outside (default %(default)s)",
    )
    group.add_argument(
        "-o",
        "--outgoing-proxy-port",
        metavar="PORT",
        type=typed(parse_port),
        default=p.DEFAULT_OUTBOUND_PORT,
        help="the proxy's port for connections to the outside (default %(default)s)",
    )
    group.add_argument(
        "-r",
        "--ports-to-redirect",
        metavar="PORTS",
        action="extend",
        type=_listed(parse_range),
        default=[],
        help="redirect only these inbound ports (default: all), e.g. 80,8000-8100",
    )
    group.add_argument(
        "--ipv6",
        nargs="?",
        const=True,
        default=True,
        type=typed(_boolean),
        metavar="true|false",
        help="redirect IPv6 as well as IPv4 (default true)",
    )
    group.add_argument(
        "--no-ipv6", dest="ipv6", action="store_const", const=False, help="same as --ipv6=false"
    )


def _add_exceptions(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("what is left alone")
    group.add_argument(
        "-u",
        "--proxy-uid",
        metavar="UID",
        type=typed(_identifier),
        default=p.DEFAULT_PROXY_UID,
        help="the proxy's user, whose connections go out directly (default %(default)s, -1: off)",
    )
    group.add_argument(
        "-g",
        "--proxy-gid",
        metavar="GID",
        type=typed(_identifier),
        default=None,
        help="the proxy's group, likewise (default -1: off)",
    )
    for direction in ("inbound", "outbound"):
        group.add_argument(
            f"--{direction}-ports-to-ignore",
            metavar="PORTS",
            action="extend",
            type=_listed(parse_range),
            default=[],
            help=f"{direction} destination ports that are not redirected, e.g. 25,4567-4568",
        )
    group.add_argument(
        "--subnets-to-ignore",
        metavar="CIDRS",
        action="extend",
        type=_listed(_subnet),
        default=[],
        help="peers (source addresses) whose inbound connections are not redirected",
    )


def _add_running(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("how it runs")
    group.add_argument(
        "--dry-run",
        "--simulate",
        dest="simulate",
        nargs="?",
        const=True,
        default=False,
        type=typed(_boolean),
        metavar="true|false",
        help="print the rules in the syntax of nft and change nothing",
    )
    group.add_argument(
        "--netns",
        metavar="PATH",
        action="append",
        default=[],
        help="program the namespace at PATH instead of one's own; may be given several times",
    )
    group.add_argument(
        "--timeout-close-wait-secs",
        metavar="SECONDS",
        type=typed(_seconds),
        default=0,
        help="set the connection tracker's CLOSE_WAIT timeout (needs root; default 0: leave it)",
    )
    group.add_argument("--log-format", choices=LOG_FORMATS, default="plain")
    group.add_argument("--log-level", choices=LOG_LEVELS, default="info", metavar="LEVEL")


def _add_compatible(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group(
        "accepted so that existing command lines work",
        "Rules are always programmed through netlink: no iptables binary is run, and there is"
        " no xtables lock to wait for.",
    )
    group.add_argument(
        "-w",
        "--use-wait-flag",
        nargs="?",
        const=True,
        default=False,
        type=typed(_boolean),
        metavar="true|false",
        help="no effect",
    )
    group.add_argument(
        "--iptables-mode", choices=("legacy", "nft", "plain"), help="checked; no effect"
    )
    group.add_argument("--firewall-bin-path", metavar="PATH", help="no effect")
    group.add_argument("--firewall-save-bin-path", metavar="PATH", help="no effect")


def _listed(read: Callable[[str], T]) -> Callable[[str], tuple[T, ...]]:
    """Read a comma-separated list; an empty text is an empty list."""
    one = typed(read)

    def reading(text: str) -> tuple[T, ...]:
        return tuple(one(part) for part in text.split(",")) if text else ()

    return reading


def _boolean(text: str) -> bool:
    """Read a boolean in any of the forms that Go's flags take."""
    if text in {"1", "t", "T", "true", "TRUE", "True"}:
        return True
    if text in {"0", "f", "F", "false", "FALSE", "False"}:
        return False
    raise ValueError("expected true or false")


def _identifier(text: str) -> int | None:
    if text == str(_OFF):
        return None
    if not (text.isascii() and text.isdigit()) or len(text) > len(str(_HIGHEST_ID)):
        raise ValueError("expected a numeric id, or -1 to turn the test off")
    identifier = int(text)
    if identifier > _HIGHEST_ID:
        raise ValueError(f"the highest id is {_HIGHEST_ID}")
    return identifier


def _seconds(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or int(text[:10]) >= 2**31:
        raise ValueError("expected a number of seconds, 0 or more")
    return int(text)


def _subnet(text: str) -> p.Subnet:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError as error:
        raise ValueError(
            "expected an address or a subnet such as 10.0.0.0/8 or fd00::/8"
        ) from error
