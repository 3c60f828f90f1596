"""The command `mesh-identity`: make certificates once, then certify workloads."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn, TypeVar

from mesh_core.authority import Authority
from mesh_core.durations import parse_duration
from mesh_core.errors import CoreError
from mesh_core.kubernetes_names import is_dns_name, is_label
from mesh_identity.credentials import initialise

USAGE = 64  # sysexits.h EX_USAGE
T = TypeVar("T")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and give its exit code: 64 for a wrong command line, 1 for what fails."""
    options = _parser().parse_args(arguments)
    try:
        return _init(options) if options.command == "init" else _serve(options)
    except CoreError as error:
        print(f"mesh-identity: {error}", file=sys.stderr)
        return 1


def _init(options: argparse.Namespace) -> int:
    done = initialise(options.dir, options.trust_domain, datetime.now(UTC))
    for path in done.made:
        print(f"made {path}")
    for path in done.kept:
        print(f"kept {path}")
    return 0


def _serve(options: argparse.Namespace) -> int:
    # gRPC would write lines of its own, in a format of its own, about what we report as errors.
    # It reads this when it is imported.
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    # Here, because gRPC alone takes longer to import than `init` takes to run.
    from mesh_identity.service import Configuration, serve  # noqa: PLC0415

    return serve(
        Configuration(
            directory=options.dir,
            token_key=options.token_key,
            address=options.addr,
            admin_address=options.admin_addr,
            trust_domain=options.trust_domain,
            controller_namespace=options.controller_namespace,
            issuance_lifetime=options.issuance_lifetime,
            clock_skew=options.clock_skew_allowance,
            log_level=options.log_level,
            log_format=options.log_format,
        )
    )


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, without the whole usage."""

    def error(self, message: str) -> NoReturn:
        self.exit(USAGE, f"{self.prog}: {message}; see {self.prog} --help\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="mesh-identity", description="The certificate authority of the mesh.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    init = commands.add_parser("init", help="make a root and an issuer, or keep those there are")
    serve = commands.add_parser("serve", help="certify workloads")
    for command in (init, serve):
        command.add_argument(
            "--dir", type=Path, required=True, help="where ca.crt, issuer.crt and their keys are"
        )
        command.add_argument(
            "--trust-domain",
            type=_value("a trust domain", _trust_domain),
            default="cluster.local",
            help="the end of every identity",
        )
    _add_serve_options(serve)
    return parser


def _add_serve_options(serve: argparse.ArgumentParser) -> None:
    address = _value("an address", Authority.parse)
    duration = _value("a duration", parse_duration)
    serve.add_argument(
        "--token-key", type=Path, required=True, help="PEM public key that tokens are signed with"
    )
    serve.add_argument("--addr", type=address, default="0.0.0.0:8080", help="serve here")
    serve.add_argument("--admin-addr", type=address, default="0.0.0.0:9990", help="admin server")
    serve.add_argument(
        "--controller-namespace",
        type=_value("a namespace", _namespace),
        default="linkerd",
        help="the control plane's namespace, a part of every identity",
    )
    serve.add_argument("--issuance-lifetime", type=duration, default="24h0m0s")
    serve.add_argument("--clock-skew-allowance", type=duration, default="20s")
    serve.add_argument(
        "--log-level", choices=("trace", "debug", "info", "warn", "error"), default="info"
    )
    serve.add_argument("--log-format", choices=("plain", "json"), default="plain")


def _value(what: str, parse: Callable[[str], T]) -> Callable[[str], T]:
    """Read a flag's value; what is wrong with it becomes part of the one line."""

    def read(text: str) -> T:
        try:
            return parse(text)
        except (CoreError, ValueError) as error:
            raise argparse.ArgumentTypeError(str(error) or f"{text!r} is not {what}") from error

    return read


def _trust_domain(text: str) -> str:
    if not is_dns_name(text):
        raise ValueError(f"{text!r} is not a trust domain: expected a DNS name in lower case")
    return text


def _namespace(text: str) -> str:
    if not is_label(text):
        raise ValueError(f"{text!r} is not the name of a namespace")
    return text


if __name__ == "__main__":
    sys.exit(main())
