"""The command `mesh-injector`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from mesh_core.authority import Authority
from mesh_core.command_line import CommandLine, namespace, value
from mesh_core.durations import parse_duration

_LONGEST_DELAY = timedelta(seconds=6)  # what is left of the 10 s that one step of a stop may take


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and give its exit code: 64 for a wrong command line, 1 for what fails."""
    options = _parser().parse_args(arguments)
    # Here, because the server takes longer to import than a wrong command line to be refused.
    from mesh_injector.webhook.service import Configuration, serve  # noqa: PLC0415

    return serve(
        Configuration(
            tls_directory=options.tls_dir,
            values=options.config,
            trust_anchors=options.trust_anchors,
            controller_namespace=options.controller_namespace,
            address=options.addr,
            admin_address=options.admin_addr,
            kubeconfig=options.kubeconfig,
            shutdown_delay=options.shutdown_delay,
            log_level=options.log_level,
            log_format=options.log_format,
        )
    )


def _parser() -> CommandLine:
    parser = CommandLine(
        prog="mesh-injector", description="Adds the mesh's proxy to pods that ask for it."
    )
    parser.add_version("mesh-injector")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    serve = commands.add_parser("serve", help="answer the API server's admission reviews")
    _add_files(serve)
    address = value("an address", Authority.parse)
    serve.add_argument(
        "--controller-namespace",
        type=namespace,
        default="linkerd",
        help="the control plane's namespace, where proxies find it",
    )
    serve.add_argument("--addr", type=address, default="0.0.0.0:8443", help="serve HTTPS here")
    serve.add_argument("--admin-addr", type=address, default="0.0.0.0:9995", help="admin server")
    serve.add_argument(
        "--kubeconfig", type=Path, help="how to reach the API server (default: as a pod does)"
    )
    serve.add_argument(
        "--shutdown-delay",
        type=value(f"a duration of at most {_LONGEST_DELAY.seconds}s", _delay),
        default="3s",
        help="go on serving for so long after SIGTERM, until the nodes know that this pod is going",
    )
    serve.add_log_options()
    return parser


def _delay(text: str) -> timedelta:
    delay = parse_duration(text)
    if delay > _LONGEST_DELAY:
        raise ValueError(text)
    return delay


def _add_files(serve: CommandLine) -> None:
    for flag, default, what in (
        ("--tls-dir", "/var/run/linkerd/tls", "directory of tls.crt and tls.key"),
        ("--config", "/var/run/linkerd/config/values", "file of the installation's values, YAML"),
        (
            "--trust-anchors",
            "/var/run/linkerd/identity/trust-roots/ca-bundle.crt",
            "file of the roots that proxies trust, PEM",
        ),
    ):
        text = f"{what}; read anew when it changes (default {default})"
        serve.add_argument(flag, type=Path, default=Path(default), help=text)


if __name__ == "__main__":
    sys.exit(main())
