"""`mesh demo`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from mesh_cli.output import Format


def demo(
    seconds: Annotated[
        float | None,
        typer.Option(
            "--seconds",
            min=1.0,
            help="End so long after everything is ready; by default with Ctrl-C, or after 10"
            " seconds where there is no terminal.",
        ),
    ] = None,
    output: Annotated[
        Format, typer.Option("--output", "-o", help="How to print the result.")
    ] = Format.TABLE,
    directory: Annotated[
        Path | None,
        typer.Option("--dir", help="The bookshop's directory, if it is not in this clone."),
    ] = None,
    prefix: Annotated[
        str, typer.Option("--prefix", help="The name of the demo's mesh among the local ones.")
    ] = "demo",
) -> None:
    """Run a bookshop on a mesh of its own on this machine, and show what the mesh sees.

    Nothing is left afterwards. The exit code is 0 only if every connection between meshed
    workloads was secured and every request was answered. Needs root, to make namespaces;
    asks for it with sudo.
    """
    from mesh_cli.demo.command import main

    raise typer.Exit(main(sys.argv[1:], prefix, directory, seconds, output))
