"""The flags of `mesh-identity serve`, and which of them go together."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from mesh_core.authority import Authority
from mesh_core.command_line import CommandLine, namespace, value
from mesh_core.durations import parse_duration

N = TypeVar("N", int, float)

_ONE_MACHINE = ("dir", "token_key")
_IN_CLUSTER: dict[str, object] = {
    "kubeconfig": None,
    "issuer_dir": Path("/var/run/linkerd/identity/issuer"),
    "issuer_scheme": "linkerd.io/tls",
    "trust_anchors": Path("/var/run/linkerd/identity/trust-roots/ca-bundle.crt"),
    "kube_apiclient_qps": 100.0,
    "kube_apiclient_burst": 200,
}
"""The flags of a cluster and their values when they are not given; they have no argparse default
so that one that is given in the other mode is noticed."""


def add_serve_flags(serve: CommandLine) -> None:
    """Add all flags but those that `init` and `provision` have too."""
    address = value("an address", Authority.parse)
    duration = value("a duration", parse_duration)
    serve.add_argument("--addr", type=address, default="0.0.0.0:8080", help="serve here")
    serve.add_argument("--admin-addr", type=address, default="0.0.0.0:9990", help="admin server")
    serve.add_argument(
        "--controller-namespace",
        type=namespace,
        default="linkerd",
        help="the control plane's namespace, a part of every identity",
    )
    serve.add_argument(
        "--issuance-lifetime", type=duration, default="24h0m0s", help="how long a leaf is valid"
    )
    serve.add_argument(
        "--clock-skew-allowance",
        type=duration,
        default="20s",
        help="how much longer on both sides, for clocks that differ",
    )
    serve.add_log_options()
    serve.add_argument(
        "--token-key", type=Path, help="PEM public key that tokens are signed with, on one machine"
    )
    _add_cluster_flags(serve)


def settle_mode(serve: CommandLine, options: argparse.Namespace) -> None:
    """End the process with what is missing or belongs to the other mode; fill in what may be.

    A flag that means nothing in the mode in use would otherwise be ignored in silence.
    """
    if options.kubernetes:
        for name in _given(options, _ONE_MACHINE):
            serve.error(f"argument {name}: is for one machine, not allowed with --kubernetes")
        for name, default in _IN_CLUSTER.items():
            if getattr(options, name) is None:
                setattr(options, name, default)
        return
    for name in _given(options, tuple(_IN_CLUSTER)):
        serve.error(f"argument {name}: needs --kubernetes")
    missing = [_flag(name) for name in _ONE_MACHINE if getattr(options, name) is None]
    if missing:
        serve.error(f"the following arguments are required: {', '.join(missing)} (or --kubernetes)")


def _given(options: argparse.Namespace, names: tuple[str, ...]) -> list[str]:
    return [_flag(name) for name in names if getattr(options, name) is not None]


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _add_cluster_flags(serve: CommandLine) -> None:
    serve.add_argument(
        "--kubernetes", action="store_true", help="run in a cluster instead of on one machine"
    )
    serve.add_argument(
        "--issuer-dir", type=Path, help=f"the mounted issuer's Secret{_default('issuer_dir')}"
    )
    serve.add_argument(
        "--issuer-scheme",
        choices=("linkerd.io/tls", "kubernetes.io/tls"),
        help="its keys: crt.pem and key.pem, or tls.crt and tls.key" + _default("issuer_scheme"),
    )
    serve.add_argument(
        "--trust-anchors",
        type=Path,
        help=f"the roots that every proxy trusts{_default('trust_anchors')}",
    )
    serve.add_argument(
        "--kube-apiclient-qps",
        type=value("a number above 0", _positive(float)),
        help="requests a second to the API server in the long run" + _default("kube_apiclient_qps"),
    )
    serve.add_argument(
        "--kube-apiclient-burst",
        type=value("a whole number above 0", _positive(int)),
        help=f"requests to the API server at once{_default('kube_apiclient_burst')}",
    )


def _default(name: str) -> str:
    return f" ({_IN_CLUSTER[name]} if not given)"


def _positive(read: Callable[[str], N]) -> Callable[[str], N]:
    def parse(text: str) -> N:
        number = read(text)
        if not 0 < number < math.inf:
            raise ValueError(text)
        return number

    return parse
