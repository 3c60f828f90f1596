"""The command `mesh-identity`: make certificates once, then certify workloads."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from mesh_core.authority import Authority
from mesh_core.command_line import CommandLine, dns_name, namespace, value
from mesh_core.durations import parse_duration
from mesh_core.errors import CoreError
from mesh_identity.credentials import initialise


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


def _parser() -> CommandLine:
    parser = CommandLine(prog="mesh-identity", description="The certificate authority of the mesh.")
    parser.add_version("mesh-identity")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    init = commands.add_parser("init", help="make a root and an issuer, or keep those there are")
    serve = commands.add_parser("serve", help="certify workloads")
    for command in (init, serve):
        command.add_argument(
            "--dir", type=Path, required=True, help="where ca.crt, issuer.crt and their keys are"
        )
        command.add_argument(
            "--trust-domain",
            type=dns_name,
            default="cluster.local",
            help="the end of every identity",
        )
    _add_serve_options(serve)
    return parser


def _add_serve_options(serve: CommandLine) -> None:
    address = value("an address", Authority.parse)
    duration = value("a duration", parse_duration)
    serve.add_argument(
        "--token-key", type=Path, required=True, help="PEM public key that tokens are signed with"
    )
    serve.add_argument("--addr", type=address, default="0.0.0.0:8080", help="serve here")
    serve.add_argument("--admin-addr", type=address, default="0.0.0.0:9990", help="admin server")
    serve.add_argument(
        "--controller-namespace",
        type=namespace,
        default="linkerd",
        help="the control plane's namespace, a part of every identity",
    )
    serve.add_argument("--issuance-lifetime", type=duration, default="24h0m0s")
    serve.add_argument("--clock-skew-allowance", type=duration, default="20s")
    serve.add_log_options()


if __name__ == "__main__":
    sys.exit(main())
