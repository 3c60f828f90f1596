"""`mesh version`."""

from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed
from typing import Annotated

import typer

from mesh_cli.output import Format, print_json, table

_PACKAGES = (
    "mesh-cli",
    "mesh-proxy",
    "mesh-identity",
    "mesh-destination",
    "mesh-injector",
    "mesh-core",
    "mesh-proto",
)


def version(
    output: Annotated[Format, typer.Option("--output", "-o", help="How to print.")] = Format.TABLE,
) -> None:
    """Print the versions of this command and of the packages beside it."""
    found = {}
    for name in _PACKAGES:
        try:
            found[name] = installed(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    if output is Format.JSON:
        print_json(found)
    else:
        print(table(("PACKAGE", "VERSION"), found.items()))
