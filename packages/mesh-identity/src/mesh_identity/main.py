"""The command `mesh-identity`: make certificates once, then certify workloads."""

from __future__ import annotations

import argparse
import math
import os
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from mesh_core.authority import Authority
from mesh_core.command_line import CommandLine, dns_name, namespace, value
from mesh_core.durations import parse_duration
from mesh_core.errors import CoreError
from mesh_identity.credentials import initialise

if TYPE_CHECKING:
    from mesh_identity.configuration import InCluster, OneMachine

N = TypeVar("N", int, float)

_IN_CLUSTER: dict[str, Any] = {
    "issuer_dir": "/var/run/linkerd/identity/issuer",
    "issuer_scheme": "linkerd.io/tls",
    "trust_anchors": "/var/run/linkerd/identity/trust-roots/ca-bundle.crt",
    "kube_apiclient_qps": 100.0,
    "kube_apiclient_burst": 200,
}
"""What the flags of a cluster mean when they are not given; on one machine they mean nothing."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and give its exit code: 64 for a wrong command line, 1 for what fails."""
    options = _parser().parse_args(arguments)
    options.check(options)
    try:
        return _run(options)
    except CoreError as error:
        print(f"mesh-identity: {error}", file=sys.stderr)
        return 1


def _run(options: argparse.Namespace) -> int:
    run: Callable[[argparse.Namespace], int] = options.run
    return run(options)


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
    given = {**_IN_CLUSTER, **{key: item for key, item in _cluster_flags(options) if item}}
    return InCluster(
        kubeconfig=options.kubeconfig,
        issuer_directory=Path(given["issuer_dir"]),
        issuer_scheme=Scheme(given["issuer_scheme"]),
        trust_anchors=Path(given["trust_anchors"]),
        qps=given["kube_apiclient_qps"],
        burst=given["kube_apiclient_burst"],
    )


def _cluster_flags(options: argparse.Namespace) -> list[tuple[str, Any]]:
    return [(name, getattr(options, name)) for name in ("kubeconfig", *_IN_CLUSTER)]


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


def _check_mode(parser: CommandLine, options: argparse.Namespace) -> None:
    """Flags of the other mode would be ignored in silence, which no user wants."""
    one_machine = {"--dir": options.dir, "--token-key": options.token_key}
    if options.kubernetes:
        for flag, given in one_machine.items():
            if given is not None:
                parser.error(f"argument {flag}: is for one machine, not allowed with --kubernetes")
        return
    for name, given in _cluster_flags(options):
        if given is not None:
            parser.error(f"argument --{name.replace('_', '-')}: needs --kubernetes")
    missing = [flag for flag, given in one_machine.items() if given is None]
    if missing:
        parser.error(
            f"the following arguments are required: {', '.join(missing)} (or --kubernetes)"
        )


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
    serve.set_defaults(run=_serve, check=lambda options: _check_mode(serve, options))
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
    _add_serve_options(serve)
    _add_cluster_options(serve)
    return parser


def _add_directory(command: CommandLine, *, required: bool) -> None:
    command.add_argument(
        "--dir", type=Path, required=required, help="where ca.crt, issuer.crt and their keys are"
    )


def _add_serve_options(serve: CommandLine) -> None:
    address = value("an address", Authority.parse)
    duration = value("a duration", parse_duration)
    serve.add_argument("--token-key", type=Path, help="PEM public key that tokens are signed with")
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


def _add_cluster_options(serve: CommandLine) -> None:
    serve.add_argument(
        "--kubernetes", action="store_true", help="run in a cluster instead of on one machine"
    )
    serve.add_argument(
        "--issuer-dir",
        type=Path,
        help=f"where the issuer's Secret is mounted, {_IN_CLUSTER['issuer_dir']} if not given",
    )
    serve.add_argument(
        "--issuer-scheme",
        choices=("linkerd.io/tls", "kubernetes.io/tls"),
        help="which keys that Secret has: crt.pem and key.pem (as if not given), "
        "or tls.crt and tls.key",
    )
    serve.add_argument(
        "--trust-anchors",
        type=Path,
        help=f"the roots that every proxy trusts, {_IN_CLUSTER['trust_anchors']} if not given",
    )
    serve.add_argument(
        "--kube-apiclient-qps",
        type=value("a number above 0", _positive(float)),
        help="requests a second to the API server in the long run, 100 if not given",
    )
    serve.add_argument(
        "--kube-apiclient-burst",
        type=value("a whole number above 0", _positive(int)),
        help="requests to the API server at once, 200 if not given",
    )


def _positive(read: Callable[[str], N]) -> Callable[[str], N]:
    def parse(text: str) -> N:
        number = read(text)
        if not 0 < number < math.inf:
            raise ValueError(text)
        return number

    return parse


if __name__ == "__main__":
    sys.exit(main())
