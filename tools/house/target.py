"""One directory of compiled crates for all checkouts, without mistaking one's for another's.

Cargo names what it compiles of a workspace after places inside the workspace and judges freshness
by times alone, so that two checkouts would be handed each other's binaries. Dependencies may be
shared; our own crates are compiled anew when another checkout had the directory last.
"""

from __future__ import annotations

import subprocess
import tomllib
from pathlib import Path

from house.places import CARGO_TARGET, ROOT, RUST, environment

_OWNER = "checkout"


def claim() -> None:
    """Make the directory this checkout's."""
    owner = CARGO_TARGET / _OWNER
    if owner.is_file() and owner.read_text() == str(ROOT):
        return
    if CARGO_TARGET.is_dir():
        _forget_our_crates()
    CARGO_TARGET.mkdir(parents=True, exist_ok=True)
    owner.write_text(str(ROOT))


def _forget_our_crates() -> None:
    packages = [f"--package={name}" for name in _our_crates()]
    for profile in sorted(path.name for path in CARGO_TARGET.iterdir() if _is_profile(path)):
        # `debug` is the directory of the profile `dev`.
        name = "dev" if profile == "debug" else profile
        subprocess.run(
            ["cargo", "clean", "--quiet", "--locked", f"--profile={name}", *packages],
            cwd=RUST,
            env=environment(),
            check=True,
        )


def _is_profile(path: Path) -> bool:
    return (path / ".fingerprint").is_dir()


def _our_crates() -> list[str]:
    manifests = sorted((RUST / "crates").glob("*/Cargo.toml"))
    return [tomllib.loads(path.read_text())["package"]["name"] for path in manifests]
