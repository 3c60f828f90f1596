"""`mesh check`."""

from pathlib import Path
from typing import Annotated

import typer

from mesh_cli.check.output import Output


def check(
    pre: Annotated[
        bool, typer.Option("--pre", help="Whether the mesh can be installed, before it is.")
    ] = False,
    proxy: Annotated[
        bool, typer.Option("--proxy", help="The proxies beside applications, too.")
    ] = False,
    namespace: Annotated[
        str | None,
        typer.Option("--namespace", "-n", help="With --proxy: only those of this namespace."),
    ] = None,
    output: Annotated[
        Output, typer.Option("--output", "-o", help="How to print; short: only what is wrong.")
    ] = Output.TABLE,
    wait: Annotated[
        str,
        typer.Option(
            "--wait",
            metavar="DURATION",
            help="How long to wait for what may become well by itself.",
        ),
    ] = "5m",
    control_plane: Annotated[
        str,
        typer.Option(
            "--linkerd-namespace",
            "-L",
            envvar="LINKERD_NAMESPACE",
            help="The namespace of the control plane.",
        ),
    ] = "linkerd",
    kubeconfig: Annotated[
        Path | None, typer.Option("--kubeconfig", help="Instead of KUBECONFIG or ~/.kube/config.")
    ] = None,
    context: Annotated[
        str | None, typer.Option("--context", help="Which of the kubeconfig's contexts.")
    ] = None,
    strict: Annotated[
        bool,
        typer.Option(
            "--strict", help="Fail on warnings, too, such as certificates that expire soon."
        ),
    ] = False,
    verbose: Annotated[
        bool,
        typer.Option("--verbose", help="What is asked of the API server, and how long it took."),
    ] = False,
) -> None:
    """Look at a cluster and its mesh, and say what is wrong and what to do about it.

    Exit codes: 0 all is well or there are only warnings, 1 something is broken (with --strict
    also a warning), 2 wrong usage.
    """
    from mesh_cli.check.categories.all import Purpose
    from mesh_cli.check.command import main
    from mesh_cli.errors import UsageError

    if pre and proxy:
        raise UsageError("--pre looks before the installation, --proxy after it; give one of them")
    purpose = Purpose.INSTALL if pre else Purpose.DATA_PLANE if proxy else Purpose.CONTROL_PLANE
    raise typer.Exit(
        main(
            purpose,
            output,
            control_plane=control_plane,
            namespace=namespace,
            kubeconfig=kubeconfig,
            context=context,
            wait=wait,
            strict=strict,
            verbose=verbose,
        )
    )
