"""The checks behind the sessions; each gives its rows and prints what the tools say."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from house import versions as house_versions
from house import wheels
from house.mirror import simple_index
from house.places import ROOT, RUST, packages
from house.root import CannotElevateError, Elevation, elevate
from house.row import Row
from house.steps import cargo_test, command, function, pytest, tool

# One profile for everything that compiles, so that nothing is compiled twice.
CARGO = ("--locked", "--profile=mesh")
_TYPED = (
    *("packages/*/src", "packages/mesh-proxy/python", "packages/mesh-proto/tools", "bench"),
    *("deploy/images/src",),
)


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


def e2e(arguments: Sequence[str] = ()) -> list[Row]:
    """The scenarios of tests-e2e on the provider `local`, as root."""
    try:
        elevation = elevate()
    except CannotElevateError as error:
        return [Row("e2e: local", not_run=str(error), elsewhere=error.elsewhere)]
    # The first scenario brings the whole mesh up, and one moves a gibibyte.
    scenarios = [str(ROOT / "tests-e2e"), "--timeout=300", *arguments]
    return [_as_root("e2e: local", scenarios, elevation)]


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
    suites.append(("house", ROOT / "tools/tests"))
    return [
        (name, tests)
        for name, tests in suites
        if (not chosen or name in chosen) and any(tests.rglob("test_*.py"))
    ]


def _chosen(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Leading arguments that name packages, and the rest, which goes to pytest."""
    known = {*packages(), "house"}
    rest = list(arguments)
    chosen = []
    while rest and rest[0] in known:
        chosen.append(rest.pop(0))
    return chosen, rest
