"""Runs one tool and turns what it did into a row."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from house.counts import Counts, of_cargo_line, of_junit
from house.places import ROOT, SCRATCH, VENV, environment
from house.root import Elevation
from house.row import Row

# What pytest ends with when there was nothing to run.
_NO_TESTS = 5


def tool(name: str) -> str:
    """The path of a program of the workspace's environment."""
    return str(VENV / "bin" / name)


def command(
    name: str, argv: Sequence[str], *, cwd: Path = ROOT, extra: Mapping[str, str] | None = None
) -> Row:
    """A check that is no test: one passed, or one failed. `extra` adds to the environment."""
    began = _announce(name)
    try:
        done = subprocess.run(argv, cwd=cwd, env={**environment(), **(extra or {})}, check=False)
    except FileNotFoundError:
        print(f"{argv[0]}: not found", file=sys.stderr)
        return Row(name, failed=1)
    return _row(name, Counts(passed=1) if done.returncode == 0 else Counts(failed=1), began)


def function(name: str, check: Callable[[], Sequence[str]]) -> Row:
    """A check of our own, which gives the problems that it found."""
    began = _announce(name)
    problems = check()
    for problem in problems:
        print(problem, file=sys.stderr)
    return _row(name, Counts(failed=len(problems)) if problems else Counts(passed=1), began)


def pytest(name: str, arguments: Sequence[str], elevation: Elevation | None = None) -> Row:
    """A run of pytest, as root when an elevation is given."""
    with tempfile.TemporaryDirectory(prefix="mesh-junit-") as scratch:
        report = Path(scratch) / "report.xml"
        argv = [tool("python"), "-m", "pytest", "-q", f"--junitxml={report}"]
        if elevation is None:
            argv += [f"--override-ini=cache_dir={SCRATCH / 'pytest'}", *arguments]
        else:
            # As root it must not leave files in the checkout or in the caches.
            argv = elevation.wrap([*argv, "-p", "no:cacheprovider", *arguments], environment())
        began = _announce(name)
        done = subprocess.run(argv, cwd=ROOT, env=environment(), check=False)
        counts = of_junit(report)
    if done.returncode not in (0, _NO_TESTS) and not counts.failed:
        # It broke before or after the tests: a collection error, a crash.
        counts += Counts(failed=1)
    return _row(name, counts, began)


def cargo_test(name: str, arguments: Sequence[str], cwd: Path) -> Row:
    """A run of `cargo test`; its output passes through while it is counted."""
    argv = ["cargo", "test", *arguments]
    began = _announce(name)
    counts = Counts()
    with subprocess.Popen(
        argv, cwd=cwd, env=environment(), stdout=subprocess.PIPE, text=True, errors="replace"
    ) as process:
        for line in process.stdout or ():
            sys.stdout.write(line)
            sys.stdout.flush()
            counts += of_cargo_line(line)
    if process.returncode and not counts.failed:
        # It did not compile, or a test binary died.
        counts += Counts(failed=1)
    return _row(name, counts, began)


def _announce(name: str) -> float:
    print(f"--- {name}", file=sys.stderr, flush=True)
    return time.monotonic()


def _row(name: str, counts: Counts, began: float) -> Row:
    seconds = time.monotonic() - began
    return Row(name, counts.passed, counts.failed, counts.skipped, seconds)
