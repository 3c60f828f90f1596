"""The sessions of `./dev`; what each does lies in tools/house."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

import nox

sys.path.insert(0, str(Path(__file__).resolve().parent / "tools"))

from house import checks
from house import fuzz as fuzzing
from house.places import RELEASE, ROOT, VENV, environment
from house.release import ensure_release
from house.root import CannotElevateError, elevate
from house.row import Row, summary
from house.workspace import EngineError, WorkspaceError, ensure

# Every session uses the one environment of the workspace, which ./dev and `ensure` keep fresh.
nox.options.default_venv_backend = "none"
nox.options.sessions = ["quick"]

# Its own progress would stand between our output; errors stay.
logging.getLogger("nox").setLevel(logging.WARNING)

# Ctrl-C: how long a mesh may take to come down before nox insists.
_PATIENCE = 60


@nox.session
def lint(session: nox.Session) -> None:
    """ruff, import contracts, cargo fmt, clippy with warnings denied, shellcheck"""
    _report(session, checks.lint)


@nox.session
def types(session: nox.Session) -> None:
    """mypy strict over all sources; the engine's stub against the engine"""
    _report(session, checks.types)


@nox.session
def unit(session: nox.Session) -> None:
    """unit tests per package; `./dev unit mesh-core -k ports` chooses"""
    _report(session, _programs_for_unit(session), lambda: checks.unit(session.posargs))


@nox.session
def rust(session: nox.Session) -> None:
    """cargo test, properties included; arguments go to cargo"""
    _report(session, lambda: checks.rust(session.posargs))


@nox.session
def proto(session: nox.Session) -> None:
    """generated code is fresh, buf lint, nothing broken; `--fix` regenerates"""
    _report(session, lambda: checks.proto(fix="--fix" in session.posargs))


@nox.session
def versions(session: nox.Session) -> None:
    """every in-repo range admits the sibling's version, every lock holds its siblings"""
    _report(session, checks.versions)


@nox.session
def netns(session: nox.Session) -> None:
    """real processes in network namespaces (root); arguments as for unit"""
    _report(
        session,
        lambda: checks.clusters(arguments=session.posargs),
        lambda: checks.netns(session.posargs),
    )


@nox.session
def e2e(session: nox.Session) -> None:
    """the scenarios of tests-e2e (root) on `--provider local|node|kind|existing`"""
    _report(session, lambda: checks.e2e(session.posargs))


@nox.session
def faults(session: nox.Session) -> None:
    """tests of numbered faults; `./dev faults 52 --full` runs one at full size"""
    _report(session, _programs_for_unit(session), lambda: checks.faults(session.posargs))


@nox.session
def fuzz(session: nox.Session) -> None:
    """libFuzzer on every parser and decision, 10 s each; `./dev fuzz TARGET --seconds 600`"""
    _report(session, lambda: fuzzing.fuzz(session.posargs))


@nox.session
def images(session: nox.Session) -> None:
    """the container images, into archives; `./dev images --help` says more"""
    _ensure(session)
    _run(session, str(VENV / "bin/python"), "-m", "mesh_images", *session.posargs)


@nox.session
def cluster(session: nox.Session) -> None:
    """a real Kubernetes on this machine (root); `./dev cluster up`, `down`, `--help`"""
    _ensure(session)
    python = [str(VENV / "bin/python"), "-m", "mesh_clusters"]
    if not session.posargs or session.posargs[0] in ("build", "-h", "--help"):
        _run(session, *python, *session.posargs)
        return
    try:
        elevation = elevate()
    except CannotElevateError as error:
        session.error(str(error))
    if "down" not in session.posargs[:2]:
        # What root builds would be root's. Not on standard output: that is what `env` is for.
        part = "kind" if session.posargs[0] == "kind" else "node"
        _run(session, *python, "build", "--only", part, stdout=sys.stderr)
    try:
        _run(session, *elevation.wrap([*python, *session.posargs], environment()))
    finally:
        elevation.give_back()


@nox.session
def build(session: nox.Session) -> None:
    """wheels and sdists of all packages; each installs with plain pip elsewhere"""
    _report(session, checks.build)


@nox.session
def demo(session: nox.Session) -> None:
    """the bookshop on `mesh local`, live until Ctrl-C; arguments go to `mesh demo`"""
    _ensure(session)
    _run(session, str(VENV / "bin/mesh"), "demo", *session.posargs)


@nox.session
def bench(session: nox.Session) -> None:
    """the proxy beside haproxy and nginx (root); `--quick`; `admissions` for the injector"""
    _ensure(session)
    if session.posargs[:1] == ["admissions"]:
        _run(session, str(VENV / "bin/python"), "-m", "bench.admissions", *session.posargs[1:])
        return
    try:
        ensure_release()
        elevation = elevate()
    except (CannotElevateError, WorkspaceError) as error:
        session.error(str(error))
    argv = [str(RELEASE / "bin/python"), "-m", "bench", *session.posargs]
    try:
        _run(session, *elevation.wrap(argv, environment()))
    finally:
        elevation.give_back()


@nox.session
def lock(session: nox.Session) -> None:
    """makes every poetry.lock again, after a change of dependencies"""
    for row in checks.lock():
        if row.failed:
            session.error(f"{row.name} failed")


@nox.session
def quick(session: nox.Session) -> None:
    """lint, types, unit: the inner loop"""
    _report(session, checks.lint, checks.types, _programs_for_unit(session), checks.unit)


@nox.session
def tests(session: nox.Session) -> None:
    """everything that this machine can run, with one summary"""
    _report(
        session,
        *(checks.lint, checks.types, checks.proto, checks.versions, checks.clusters),
        *(checks.unit, checks.rust, fuzzing.fuzz, checks.netns, _local_scenarios, checks.build),
    )


def _programs_for_unit(session: nox.Session) -> Callable[[], list[Row]]:
    return lambda: checks.clusters(checks.PARTS_OF_UNIT, session.posargs)


def _local_scenarios() -> list[Row]:
    return checks.e2e(["--provider", "local"])


def _report(session: nox.Session, *groups: Callable[[], list[Row]]) -> None:
    """Runs every group, whatever the others find, and fails at the end when one did."""
    session.chdir(ROOT)
    rows: list[Row] = []
    try:
        ensure()
    except EngineError as error:
        # The other checks say more; those that import the engine fail by themselves.
        print(f"dev: {error}", file=sys.stderr)
        rows.append(Row("engine", failed=1))
    except WorkspaceError as error:
        session.error(str(error))
    rows += [row for group in groups for row in group()]
    ci = bool(os.environ.get("CI"))
    print("\n" + summary(rows, ci=ci), flush=True)
    # The summary's last line is the last line: nox only sets the exit code from here on.
    logging.getLogger("nox").setLevel(logging.CRITICAL + 1)
    if any(row.fails(ci=ci) for row in rows):
        session.error()


def _ensure(session: nox.Session) -> None:
    session.chdir(ROOT)
    try:
        ensure()
    except WorkspaceError as error:
        session.error(str(error))


def _run(session: nox.Session, *argv: str, stdout: TextIO | None = None) -> None:
    session.run(
        *argv,
        env=environment(),
        stdout=stdout,
        external=True,
        interrupt_timeout=_PATIENCE,
        terminate_timeout=_PATIENCE,
    )
