"""The `mesh` command."""

import os
import signal
import sys
from typing import Annotated

# Under sudo, bytecode in somebody's checkout or environment would become root's.
if "SUDO_UID" in os.environ:
    sys.dont_write_bytecode = True

# While modules load there is nothing to clean up: Ctrl-C just ends the process, silently.
_interrupted = signal.getsignal(signal.SIGINT)
if _interrupted is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)

# Plain help is twice as fast as the decorated one, and reads the same in every terminal.
os.environ.setdefault("TYPER_USE_RICH", "0")

import typer  # noqa: E402 - after the two settings above

from mesh_cli.commands import check, demo, local, version  # noqa: E402
from mesh_cli.errors import MeshError  # noqa: E402

if _interrupted is signal.default_int_handler:
    signal.signal(signal.SIGINT, _interrupted)

app = typer.Typer(
    name="mesh",
    help="A service mesh: run it on this machine, install it, look into it.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def print_version(wanted: bool) -> None:
    """Print the command's version and end."""
    if wanted:
        from importlib.metadata import version as installed  # noqa: PLC0415

        print(f"mesh {installed('mesh-cli')}")
        raise typer.Exit


@app.callback()
def options(
    version_wanted: Annotated[
        bool,
        typer.Option(
            "--version", is_eager=True, callback=print_version, help="Print this command's version."
        ),
    ] = False,
) -> None:
    """Take the options that stand before a command."""


app.add_typer(local.app, name="local")
app.command()(check.check)
app.command()(demo.demo)
app.command()(version.version)


def main() -> None:
    """Run the command; a MeshError becomes one line and its exit code."""
    try:
        app()
    except MeshError as problem:
        print(f"mesh: {problem}", file=sys.stderr)
        sys.exit(problem.exit_code)


if __name__ == "__main__":
    main()
