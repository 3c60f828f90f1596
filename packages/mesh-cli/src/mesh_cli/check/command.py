"""What `mesh check` does once its options are read."""

import logging
import sys
from contextlib import closing
from datetime import timedelta
from importlib.metadata import version
from io import TextIOWrapper
from pathlib import Path

from rich.console import Console

from mesh_cli.check.categories.all import Purpose
from mesh_cli.check.finding import Level
from mesh_cli.check.output import Output
from mesh_cli.check.printed import Printed, Silent
from mesh_cli.check.session import check_cluster
from mesh_cli.check.settings import Settings
from mesh_cli.errors import UsageError
from mesh_cli.output import print_json
from mesh_core.durations import InvalidDurationError, parse_duration

INTERRUPTED = 130


def main(
    purpose: Purpose,
    output: Output,
    *,
    control_plane: str,
    namespace: str | None,
    kubeconfig: Path | None,
    context: str | None,
    wait: str,
    strict: bool,
    verbose: bool,
) -> int:
    """Check a cluster, print the result, and give the exit code."""
    if verbose:
        logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(name)s: %(message)s")
        logging.getLogger("mesh_cli").setLevel(logging.DEBUG)
    settings = Settings(
        control_plane=control_plane, namespace=namespace, cli_version=version("mesh-cli")
    )
    audience = _audience(output, verbose=verbose)
    try:
        with closing(audience):
            report = check_cluster(
                settings,
                purpose,
                audience,
                kubeconfig=kubeconfig,
                context=context,
                wait=_seconds(wait).total_seconds(),
            )
    except KeyboardInterrupt:
        return INTERRUPTED
    if output is Output.JSON:
        print_json(report.document())
    failed = not report.success or (strict and report.number_of(Level.WARNING))
    return 1 if failed else 0


def _audience(output: Output, *, verbose: bool) -> Printed | Silent:
    if output is Output.JSON:
        return Silent()
    if isinstance(sys.stdout, TextIOWrapper):
        # Where the locale has no √, its code point is better than a crash.
        sys.stdout.reconfigure(errors="backslashreplace")
    console = Console(highlight=False, markup=False, emoji=False)
    return Printed(console, only_problems=output is Output.SHORT, times=verbose)


def _seconds(wait: str) -> timedelta:
    try:
        return parse_duration(wait)
    except InvalidDurationError as problem:
        raise UsageError(f"--wait: {problem}") from problem
