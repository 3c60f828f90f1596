"""The command `mesh-destination`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from mesh_core.annotations import InboundPolicy
from mesh_core.authority import Authority
from mesh_core.command_line import CommandLine, dns_name, namespace, value
from mesh_core.networks import parse_networks
from mesh_core.ports import PortSet
from mesh_destination.views.settings import Settings


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and give its exit code: 64 for a wrong command line, 1 for what fails."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.kubeconfig is not None and not options.kubernetes:
        parser.error("argument --kubeconfig: only with --kubernetes")
    # gRPC would write lines of its own, in a format of its own, about what we report as errors.
    # It reads this when it is imported, which is why that is below.
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    from mesh_destination.service import Configuration, serve  # noqa: PLC0415

    return serve(
        Configuration(
            objects=options.objects,
            kubeconfig=options.kubeconfig,
            address=options.addr,
            policy_address=options.policy_addr,
            admin_address=options.admin_addr,
            policy_admin_address=options.policy_admin_addr,
            log_level=options.log_level,
            log_format=options.log_format,
            settings=_settings(options),
        )
    )


def _settings(options: argparse.Namespace) -> Settings:
    return Settings(
        controller_namespace=options.controller_namespace,
        trust_domain=options.trust_domain,
        cluster_domain=options.cluster_domain,
        default_policy=options.default_policy,
        cluster_networks=options.cluster_networks,
        probe_networks=options.probe_networks,
        default_opaque_ports=options.default_opaque_ports,
        h2_upgrade=options.enable_h2_upgrade,
        ipv6=options.enable_ipv6,
    )


def _parser() -> CommandLine:
    parser = CommandLine(
        prog="mesh-destination", description="Discovery, service profiles and policy of the mesh."
    )
    parser.add_version("mesh-destination")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    serve = commands.add_parser("serve", help="answer proxies")
    _add_source(serve)
    _add_addresses(serve)
    _add_settings(serve)
    serve.add_log_options()
    return parser


def _add_source(serve: CommandLine) -> None:
    source = serve.add_mutually_exclusive_group(required=True)
    source.add_argument(
        "--objects", type=Path, help="directory of manifests or state directory to follow"
    )
    source.add_argument("--kubernetes", action="store_true", help="follow the API server")
    serve.add_argument(
        "--kubeconfig",
        type=Path,
        help="with --kubernetes: how to reach the API server (default KUBECONFIG, "
        "~/.kube/config, else as the pod's ServiceAccount)",
    )


def _add_addresses(serve: CommandLine) -> None:
    address = value("an address", Authority.parse)
    for flag, default, what in (
        ("--addr", "0.0.0.0:8086", "discovery"),
        ("--policy-addr", "0.0.0.0:8090", "policy"),
        ("--admin-addr", "0.0.0.0:9996", "discovery's admin server"),
        ("--policy-admin-addr", "0.0.0.0:9990", "policy's admin server"),
    ):
        text = f"where {what} listens (default {default})"
        serve.add_argument(flag, type=address, default=default, help=text)


def _add_settings(serve: CommandLine) -> None:
    defaults = Settings()
    several = value("networks", partial(parse_networks, strict=True))
    serve.add_argument(
        "--controller-namespace",
        type=namespace,
        default=defaults.controller_namespace,
        help="the control plane's namespace; pods of another one's are unmeshed here",
    )
    serve.add_argument("--trust-domain", type=dns_name, default=defaults.trust_domain)
    serve.add_argument("--cluster-domain", type=dns_name, default=defaults.cluster_domain)
    serve.add_argument(
        "--default-policy",
        type=value(f"one of {', '.join(InboundPolicy)}", InboundPolicy),
        default=defaults.default_policy,
        help="what ports without a policy let in",
    )
    serve.add_argument(
        "--cluster-networks", type=several, default=defaults.cluster_networks, help="not egress"
    )
    serve.add_argument(
        "--probe-networks",
        type=several,
        default=defaults.probe_networks,
        help="where health checks come from",
    )
    serve.add_argument(
        "--default-opaque-ports",
        type=value("ports", PortSet.parse),
        default=str(defaults.default_opaque_ports),
        help="ports that carry no protocol to look for",
    )
    serve.add_argument(
        "--enable-h2-upgrade",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="let meshed peers carry HTTP/1 over HTTP/2",
    )
    serve.add_argument(
        "--enable-ipv6",
        action=argparse.BooleanOptionalAction,
        default=False,
        help="use, and prefer, IPv6 endpoints",
    )


if __name__ == "__main__":
    sys.exit(main())
