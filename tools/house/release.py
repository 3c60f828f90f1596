"""An environment with the packages as users get them: wheels, and the engine as it is shipped."""

from __future__ import annotations

import shutil
import subprocess
import sys

from house.mirror import simple_index
from house.places import RELEASE, ROOT, RUST, VENV, environment, packages
from house.stamp import Stamp
from house.workspace import WorkspaceError

# What `python -m bench` needs beside the packages' plain installs.
_EXTRAS = {"mesh-cli": "[local]"}


def ensure_release() -> None:
    """Makes the environment if anything that it is made from has changed."""
    suffixes = {".py", ".rs", ".toml", ".lock"}
    sources = [path for path in (ROOT / "packages").rglob("*") if path.suffix in suffixes]
    stamp = Stamp(RELEASE / "release.stamp", sources)
    if stamp.fresh():
        return
    _say("compiling the engine as it is shipped; that takes minutes")
    wheels = RELEASE / "wheels"
    shutil.rmtree(RELEASE, ignore_errors=True)
    maturin = [str(VENV / "bin/maturin"), "build", "--profile", "dist", "--locked"]
    _run([*maturin, "--out", str(wheels), "--manifest-path", str(RUST / "crates/py/Cargo.toml")])
    _run([sys.executable, "-m", "venv", str(RELEASE)])
    pip = [str(RELEASE / "bin/python"), "-m", "pip", "install", "--quiet"]
    where = ["--index-url", simple_index(), f"--find-links={wheels}"]
    _run([*pip, "--disable-pip-version-check", *where, *map(_requirement, packages())])
    stamp.write()


def _requirement(name: str) -> str:
    extra = _EXTRAS.get(name, "")
    # The engine's wheel is made above; pip would build the others' itself, and those are quick.
    return (
        name + extra if name == "mesh-proxy" else f"{name}{extra} @ file://{ROOT}/packages/{name}"
    )


def _run(command: list[str]) -> None:
    # Standard output belongs to the bench.
    done = subprocess.run(
        command, cwd=ROOT / "packages/mesh-proxy", env=environment(), stdout=sys.stderr, check=False
    )
    if done.returncode:
        raise WorkspaceError(f"{' '.join(command[:3])} … ended with {done.returncode}")


def _say(text: str) -> None:
    print(f"dev: {text}", file=sys.stderr, flush=True)
