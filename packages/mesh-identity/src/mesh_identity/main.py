"""The command `mesh-identity`: make certificates once, then certify workloads."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from mesh_core.command_line import CommandLine, dns_name, namespace, value
from mesh_core.durations import parse_duration
from mesh_core.errors import CoreError
from mesh_identity.credentials import initialise
from mesh_identity.serve_flags import add_serve_flags, settle_mode

if TYPE_CHECKING:
    from mesh_identity.configuration import InCluster, OneMachine


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and give its exit code: 64 for a wrong command line, 1 for what fails."""
    options = _parser().parse_args(arguments)
    options.check(options)
    try:
        run: Callable[[argparse.Namespace], int] = options.run
        return run(options)
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
    from mesh_identity.configuration import Configuration  # noqa: PLC0415
    from mesh_identity.service import serve  # noqa: PLC0415

    return serve(
        Configuration(
            mode=_mode(options),
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


def _mode(options: argparse.Namespace) -> OneMachine | InCluster:
    from mesh_identity.configuration import InCluster, OneMachine  # noqa: PLC0415
    from mesh_identity.issuer_secret import Scheme  # noqa: PLC0415

    if not options.kubernetes:
        return OneMachine(directory=options.dir, token_key=options.token_key)
    return InCluster(
        kubeconfig=options.kubeconfig,
        issuer_directory=options.issuer_dir,
        issuer_scheme=Scheme(options.issuer_scheme),
        trust_anchors=options.trust_anchors,
        qps=options.kube_apiclient_qps,
        burst=options.kube_apiclient_burst,
    )


def _provision(options: argparse.Namespace) -> int:
    from mesh_identity.provision import Wishes, run  # noqa: PLC0415

    wishes = Wishes(
        options.namespace,
        options.trust_domain,
        identity=not options.skip_identity,
        webhook=not options.skip_webhook,
        webhook_wait=options.webhook_wait,
    )
    return run(options.kubeconfig, wishes)


def _parser() -> CommandLine:
    parser = CommandLine(prog="mesh-identity", description="The certificate authority of the mesh.")
    parser.add_version("mesh-identity")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    init = commands.add_parser("init", help="make a root and an issuer, or keep those there are")
    serve = commands.add_parser("serve", help="certify workloads")
    provision = commands.add_parser(
        "provision", help="make the certificates of a cluster, or keep those there are"
    )
    parser.set_defaults(check=lambda _options: None)
    init.set_defaults(run=_init)
    serve.set_defaults(run=_serve, check=lambda options: settle_mode(serve, options))
    provision.set_defaults(run=_provision)
    _add_directory(init, required=True)
    _add_directory(serve, required=False)
    for command in (init, serve, provision):
        command.add_argument(
            "--trust-domain",
            type=dns_name,
            default="cluster.local",
            help="the end of every identity",
        )
    for command in (serve, provision):
        command.add_argument(
            "--kubeconfig", type=Path, help="how to reach the API server from outside its pods"
        )
    provision.add_argument(
        "--namespace", type=namespace, default="linkerd", help="the control plane's namespace"
    )
    provision.add_argument(
        "--webhook-wait",
        type=value("a duration", parse_duration),
        default="2m",
        help="how long the injector's webhook configuration may take to appear",
    )
    provision.add_argument(
        "--skip-identity", action="store_true", help="somebody else makes issuer and trust roots"
    )
    provision.add_argument(
        "--skip-webhook", action="store_true", help="somebody else makes the webhook's certificate"
    )
    add_serve_flags(serve)
    return parser


def _add_directory(command: CommandLine, *, required: bool) -> None:
    command.add_argument(
        "--dir", type=Path, required=required, help="where ca.crt, issuer.crt and their keys are"
    )


if __name__ == "__main__":
    sys.exit(main())
