"""The checks behind the sessions; each gives its rows and prints what the tools say."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from house import versions as house_versions
from house import wheels
from house.mirror import simple_index
from house.places import CACHE, ROOT, RUST, SCRATCH, packages
from house.root import CannotElevateError, Elevation, elevate
from house.row import Row
from house.steps import cargo_test, command, function, pytest, tool

# One profile for everything that compiles, so that nothing is compiled twice.
CARGO = ("--locked", "--profile=mesh")
_TYPED = (
    *("packages/*/src", "packages/mesh-proxy/python", "packages/mesh-proto/tools", "bench"),
    *("deploy/images/src", "examples/bookshop/app/bookshop"),
)

_DOCKER_SECONDS = 20.0

# Of this checkout: another one may hold other sources.
_IMAGES = SCRATCH / "images"

# What `mesh_clusters build` is told: parts that scenarios need, by provider. Not built as root,
# who would own it.
_PARTS = {"node": ["node"], "kind": ["kind"], "existing": ["apiserver", "helm"]}
# What unit tests need: a real API server, kubectl and helm.
PARTS_OF_UNIT = ("apiserver", "helm")

# Tests of what is no package of the mesh.
_OTHER_SUITES = {
    "house": "tools/tests",
    "bench": "bench/tests",
    "bookshop": "examples/bookshop/app/tests",
    "images": "deploy/images/tests",
    "chart": "deploy/tests",
    "clusters": "tests-e2e/clusters/tests",
}


def lint() -> list[Row]:
    """ruff, the import contracts, rustfmt, clippy and shellcheck."""
    shell = ["dev", ".ci/run", *(str(path) for path in _shell_scripts())]
    clippy, deny = ["cargo", "clippy", "--locked", "--all-targets"], ["--", "-D", "warnings"]
    return [
        command("lint: ruff", [tool("ruff"), "check", "."]),
        command("lint: ruff format", [tool("ruff"), "format", "--check", "."]),
        command("lint: imports", [tool("lint-imports"), "--no-cache"]),
        command("lint: cargo fmt", ["cargo", "fmt", "--all", "--check"], cwd=RUST),
        command("lint: clippy", [*clippy, "--profile=mesh", "--workspace", *deny], cwd=RUST),
        command("lint: xtask fmt", ["cargo", "fmt", "--check"], cwd=RUST / "xtask"),
        command("lint: xtask clippy", [*clippy, *deny], cwd=RUST / "xtask"),
        command("lint: fuzz fmt", ["cargo", "fmt", "--check"], cwd=RUST / "fuzz"),
        command("lint: shellcheck", [tool("shellcheck"), *shell]),
    ]


def types() -> list[Row]:
    """Mypy over all sources, and the engine's stub against the engine."""
    sources = [
        str(path.relative_to(ROOT))
        for pattern in _TYPED
        for path in sorted(ROOT.glob(pattern))
        if path.suffix == ".py" or any(path.rglob("*.py"))
    ]
    rows = [command("types: mypy", [tool("mypy"), *sources])]
    if any((ROOT / "tests-e2e").rglob("*.py")):
        rows.append(command("types: tests-e2e", [tool("mypy"), "tests-e2e"]))
    # The house runs in an environment of its own, where nox is.
    house = [tool("mypy"), f"--python-executable={sys.executable}", "tools/house", "noxfile.py"]
    rows.append(command("types: house", house))
    stub = [tool("stubtest"), "--allowlist=tools/stubtest-allowlist.txt", "mesh_proxy._engine"]
    rows.append(command("types: engine stub", stub))
    return rows


def unit(arguments: Sequence[str] = ()) -> list[Row]:
    """The unit tests of each package; leading arguments that name packages choose them."""
    chosen, rest = _chosen(arguments)
    return [
        pytest(f"unit: {name}", [str(tests), "-m", "not netns", *rest])
        for name, tests in _suites(chosen)
    ]


def rust(arguments: Sequence[str] = ()) -> list[Row]:
    """All Rust tests, properties included."""
    return [cargo_test("rust", [*CARGO, *arguments], RUST)]


def proto(*, fix: bool = False) -> list[Row]:
    """Generated code is fresh; buf lints, formats and finds nothing broken."""
    package = ROOT / "packages/mesh-proto"
    generate = [tool("python"), str(package / "tools/generate.py")]
    rows = []
    if fix:
        rows.append(command("proto: format", [tool("buf"), "format", "--write"], cwd=package))
        rows.append(command("proto: generate", generate))
    return [
        *rows,
        command("proto: fresh", [*generate, "--check"]),
        command("proto: lint", [tool("buf"), "lint"], cwd=package),
        command("proto: format", [tool("buf"), "format", "--diff", "--exit-code"], cwd=package),
        command(
            "proto: breaking",
            [tool("buf"), "breaking", "--against", "baseline.binpb"],
            cwd=package,
        ),
    ]


def versions() -> list[Row]:
    """Versions, ranges and locks of our packages agree."""
    return [function("versions", lambda: house_versions.problems(ROOT))]


def netns(arguments: Sequence[str] = ()) -> list[Row]:
    """The tests that make network namespaces, package by package, as root."""
    try:
        elevation = elevate()
    except CannotElevateError as error:
        return [Row("netns", not_run=str(error), elsewhere=error.elsewhere)]
    chosen, rest = _chosen(arguments)
    rows = []
    for name, tests in _suites(chosen):
        if any("mark.netns" in path.read_text() for path in tests.rglob("*.py")):
            rows.append(_as_root(f"netns: {name}", [str(tests), "-m", "netns", *rest], elevation))
    return rows


def clusters(parts: Sequence[str] = ("all",), arguments: Sequence[str] = ()) -> list[Row]:
    """The programs of a cluster, built once and kept, if a chosen suite starts one.

    Before the tests, into whose time limits building does not fit. `arguments` as for `unit`.
    """
    chosen, _ = _chosen(arguments)
    if not any(_starts_a_cluster(tests) for _, tests in _suites(chosen)):
        return []
    if not sys.platform.startswith("linux"):
        return [Row("clusters", not_run="clusters run on Linux", elsewhere=True)]
    return [command("clusters", [tool("python"), "-m", "mesh_clusters", "build", "--only", *parts])]


def _starts_a_cluster(tests: Path) -> bool:
    return any("mesh_clusters" in path.read_text() for path in tests.rglob("*.py"))


def faults(arguments: Sequence[str] = ()) -> list[Row]:
    """The tests of numbered faults, or of those named; `--full` runs them at full size."""
    numbers = [argument for argument in arguments if argument.isdecimal()]
    full = [argument for argument in arguments if argument == "--full"]
    chosen = [f"--fault={number}" for number in numbers]
    where = [*chosen, *full, "-m", "fault and not netns"]
    if full:
        os.environ["MESH_FAULTS_FULL"] = "1"  # what tests in Rust look at
    python = [*unit(where), *netns(["-m", "fault and netns", *chosen, *full])]
    names = [f"fault_{number}_" for number in numbers] or ["fault_"]
    return [*python, *(row for name in names for row in rust([name]))]


def e2e(arguments: Sequence[str] = ()) -> list[Row]:
    """The scenarios of tests-e2e as root: on `--provider`, else on kind or on a node."""
    provider, rest = _provider(arguments)
    name = f"e2e: {provider}"
    try:
        elevation = elevate()
    except CannotElevateError as error:
        return [Row(name, not_run=str(error), elsewhere=error.elsewhere)]
    made = _for_a_cluster(provider)
    if any(row.failed for row in made):
        return made
    # The first scenario brings the whole mesh up, and one moves a gibibyte.
    scenarios = [str(ROOT / "tests-e2e"), f"--ignore={ROOT / 'tests-e2e/clusters'}"]
    report = f"--report={CACHE / 'reports' / provider}"
    options = [f"--provider={provider}", f"--images={_IMAGES}", report, "--timeout=600"]
    return [*made, _as_root(name, [*scenarios, *options, *rest], elevation)]


def _for_a_cluster(provider: str) -> list[Row]:
    """Programs, and images for a cluster of the run's own, made before anything runs as root."""
    if provider not in _PARTS:
        return []
    python = tool("python")
    build = [python, "-m", "mesh_clusters", "build", "--only", *_PARTS[provider]]
    rows = [command("e2e: cluster", build)]
    if provider == "existing":
        return rows
    # The engine as the tests have it: nothing is compiled twice.
    images = ["build", "--profile=mesh", f"--output={_IMAGES}"]
    return [*rows, command("e2e: images", [python, "-m", "mesh_images", *images])]


def _provider(arguments: Sequence[str]) -> tuple[str, list[str]]:
    """Where the scenarios run, and what remains for pytest."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--provider")
    given, rest = parser.parse_known_args(list(arguments))
    return given.provider or ("kind" if _docker_runs() else "node"), rest


def _docker_runs() -> bool:
    docker = shutil.which("docker")
    if docker is None:
        return False
    try:
        done = subprocess.run(
            [docker, "info"], capture_output=True, check=False, timeout=_DOCKER_SECONDS
        )
    except subprocess.TimeoutExpired:  # a daemon that hangs runs no cluster
        return False
    return done.returncode == 0


def lock() -> list[Row]:
    """Makes every poetry.lock again, the workspace's last."""
    poetry = str(Path(sys.executable).with_name("poetry"))
    index = {"POETRY_PYPI_MIRROR_URL": simple_index()}
    return [
        command(f"lock: {place.name}", [poetry, "lock", "--no-interaction"], cwd=place, extra=index)
        for place in [*(ROOT / "packages" / name for name in packages()), ROOT]
    ]


def build() -> list[Row]:
    """Wheels and sdists; each installs with plain pip outside the repository."""
    return wheels.build()


def _shell_scripts() -> list[Path]:
    folders = ("bench", "deploy", "examples", "packages", "tests-e2e", "tools")
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.sh"))


def _as_root(name: str, arguments: Sequence[str], elevation: Elevation) -> Row:
    try:
        return pytest(name, arguments, elevation)
    finally:
        elevation.give_back()


def _suites(chosen: Sequence[str]) -> list[tuple[str, Path]]:
    suites = [(name, ROOT / "packages" / name / "tests") for name in packages()]
    suites += [(name, ROOT / tests) for name, tests in _OTHER_SUITES.items()]
    return [
        (name, tests)
        for name, tests in suites
        if (not chosen or name in chosen) and any(tests.rglob("test_*.py"))
    ]


def _chosen(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Leading arguments that name packages, and the rest, which goes to pytest."""
    known = {*packages(), *_OTHER_SUITES}
    rest = list(arguments)
    chosen = []
    while rest and rest[0] in known:
        chosen.append(rest.pop(0))
    return chosen, rest
