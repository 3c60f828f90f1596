"""Coverage-guided fuzzing of everything that reads bytes of strangers and of every pure decision.

The targets are built for libFuzzer by the stable compiler: the instrumentation is a pass of LLVM
that `-C passes` reaches, and libFuzzer itself comes with the crate `libfuzzer-sys`, whose build
needs a C++ compiler. Inputs that reach something new are kept in the cache from run to run.
"""

from __future__ import annotations

import argparse
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from house.places import CARGO_TARGET, RUST, SCRATCH, environment
from house.row import Row
from house.steps import command

FUZZ = RUST / "fuzz"

# What cargo-fuzz passes, but for the sanitizer, which only nightly compilers take. One unit, so
# that every branch is counted once.
_RUSTFLAGS = (
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "--cfg=fuzzing",
    "-Ccodegen-units=1",
)

# Bounds of one input: more memory or time than this is a finding.
_MEMORY_MB = 512
_INPUT_SECONDS = 10
# How many bytes an input may have; the limits of heads lie above it, and their own tests.
_INPUT_BYTES = 4096

# How much of a failed run is shown.
_TAIL_LINES = 40


@dataclass(frozen=True)
class Run:
    """What libFuzzer said at the end of a run."""

    runs: int
    edges: int
    inputs: int

    def __str__(self) -> str:
        return f"{self.runs:,} runs, {self.edges} edges, {self.inputs} inputs kept"


def fuzz(arguments: Sequence[str] = ()) -> list[Row]:
    """Builds the targets and runs each for some seconds: `[TARGET …] [--seconds N] [--jobs N]`.

    `TARGET --input FILE` repeats a single input.
    """
    given = _parse(arguments)
    if shutil.which("c++") is None and shutil.which("g++") is None:
        reason = "libFuzzer is built by a C++ compiler: install g++ (apt-get install g++)"
        return [Row("fuzz", not_run=reason)]
    host = _host()
    built = command(
        "fuzz: build",
        [
            "cargo",
            "build",
            "--locked",
            "--release",
            f"--target={host}",
            f"--manifest-path={FUZZ}/Cargo.toml",
        ],
        extra={"RUSTFLAGS": " ".join(_RUSTFLAGS), "CARGO_TARGET_DIR": str(_build())},
    )
    if built.failed:
        return [built]
    programs = _build() / host / "release"
    if given.input is not None:
        program = str(programs / given.targets[0])
        return [command(f"fuzz: {given.targets[0]}", [program, str(given.input.absolute())])]
    with ThreadPoolExecutor(given.jobs) as pool:
        rows = pool.map(lambda name: _run(programs / name, given.seconds), given.targets)
        return [built, *rows]


def targets() -> list[str]:
    """The names of all targets."""
    return sorted(path.stem for path in (FUZZ / "fuzz_targets").glob("*.rs"))


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev fuzz", description=fuzz.__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET")
    parser.add_argument("--seconds", type=int, default=10, help="for each target (default 10)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="targets at a time")
    parser.add_argument("--input", type=Path, help="run the one target on this file alone")
    given = parser.parse_args(list(arguments))
    if unknown := set(given.targets) - set(targets()):
        parser.error(f"no target {', '.join(sorted(unknown))}; there are {', '.join(targets())}")
    if given.input is not None and len(given.targets) != 1:
        parser.error("--input needs one target")
    given.targets = given.targets or targets()
    return given


def _run(program: Path, seconds: int) -> Row:
    name = program.name
    # Kept out of the checkout, which holds only inputs made by hand.
    corpus, findings = (SCRATCH / "fuzz" / kind / name for kind in ("corpus", "findings"))
    for folder in (corpus, findings):
        folder.mkdir(parents=True, exist_ok=True)
    seeds = [str(folder) for folder in [FUZZ / "corpus" / name] if folder.is_dir()]
    limits = [
        f"-rss_limit_mb={_MEMORY_MB}",
        f"-timeout={_INPUT_SECONDS}",
        f"-max_len={_INPUT_BYTES}",
    ]
    end = [f"-max_total_time={seconds}", f"-artifact_prefix={findings}/"]
    began = time.monotonic()
    done = subprocess.run(
        [str(program), str(corpus), *seeds, *limits, *end],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env=environment(),
        check=False,
    )
    taken = time.monotonic() - began
    run = parse_end(done.stdout)
    if done.returncode == 0 and run is not None:
        print(f"fuzz {name}: {run}, {taken:.0f} s", flush=True)
        return Row(f"fuzz: {name}", passed=1, seconds=taken)
    print(_failure(name, done.stdout), file=sys.stderr, flush=True)
    return Row(f"fuzz: {name}", failed=1, seconds=taken)


def parse_end(output: str) -> Run | None:
    """The last line of a run that found nothing."""
    found = re.search(r"^#(\d+)\s+DONE\s+cov: (\d+) .*corp: (\d+)/", output, re.MULTILINE)
    return Run(*map(int, found.groups())) if found else None


def _failure(name: str, output: str) -> str:
    lines = output.splitlines()[-_TAIL_LINES:]
    found = re.search(r"Test unit written to (\S+)", output)
    if found:
        repeat = shlex.join(["./dev", "fuzz", name, "--input", found[1]])
        lines += [f"fuzz {name}: FAILED on {found[1]}", f"repeat it: {repeat}"]
    else:
        lines.append(f"fuzz {name}: FAILED before it found an input")
    return "\n".join(lines)


def _build() -> Path:
    return CARGO_TARGET / "fuzz"


def _host() -> str:
    """The compiler's own target; naming it keeps the instrumentation out of build scripts."""
    said = subprocess.run(
        ["rustc", "-vV"], cwd=RUST, env=environment(), stdout=subprocess.PIPE, text=True, check=True
    ).stdout
    found = re.search(r"^host: (\S+)$", said, re.MULTILINE)
    if found is None:
        message = f"rustc names no host: {said!r}"
        raise RuntimeError(message)
    return found[1]
