"""Debian packages with all that they depend on, as if nothing was installed here."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from mesh_clusters.errors import BuildFailed, Unsupported

_SECONDS = 300


@contextmanager
def packages(names: Sequence[str], say: Callable[[str], None]) -> Iterator[dict[str, Path]]:
    """Download packages and their dependencies, and give the tar of each one's files, by name.

    From the machine's own apt sources; nothing of the machine changes, and no root is needed.
    The files are there inside the `with`. Raises Unsupported, BuildFailed.
    """
    apt, dpkg = shutil.which("apt-get"), shutil.which("dpkg-deb")
    if not apt or not dpkg:
        raise Unsupported(
            "kind's node image is made of Debian packages, which needs Debian or Ubuntu; have a"
            " Docker that can pull kindest/node, or use the provider `node`"
        )
    with tempfile.TemporaryDirectory(prefix="mesh-kind-") as scratch:
        say(f"fetching {', '.join(names)} and what they need (Debian packages, about 70 MB)")
        found = {}
        for archive in _download(names, apt, Path(scratch)):
            name = archive.name.partition("_")[0]
            found[name] = archive.with_suffix(".tar")
            with found[name].open("wb") as output:
                _run([dpkg, "--fsys-tarfile", str(archive)], f"unpack {archive.name}", output)
            archive.unlink()
        yield found


def _download(names: Sequence[str], apt: str, scratch: Path) -> list[Path]:
    archives = scratch / "archives"
    (archives / "partial").mkdir(parents=True)
    nothing_installed = scratch / "status"
    nothing_installed.touch()
    options = {
        "APT::Sandbox::User": "",
        "Debug::NoLocking": "1",
        "Dir::Cache::archives": str(archives),
        # These two would be written beside the system's own, which needs root.
        "Dir::Cache::pkgcache": "",
        "Dir::Cache::srcpkgcache": "",
        "Dir::State::status": str(nothing_installed),
    }
    command = [apt, *(part for key, value in options.items() for part in ("-o", f"{key}={value}"))]
    fetch = ["--yes", "--no-install-recommends", "--download-only", "install", *names]
    try:
        _run([*command, *fetch], "download the packages")
    except BuildFailed:
        # A fresh machine has no package lists, an idle one has old ones.
        lists = scratch / "lists"
        (lists / "partial").mkdir(parents=True)
        command += ["-o", f"Dir::State::lists={lists}"]
        _run([*command, "update"], "fetch the package lists")
        _run([*command, *fetch], "download the packages")
    return sorted(archives.glob("*.deb"))


def _run(command: Sequence[str], what: str, output: int | IO[bytes] = subprocess.DEVNULL) -> None:
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.PIPE,
            text=True,
            timeout=_SECONDS,
            check=False,
            env={**os.environ, "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"},
        )
    except subprocess.TimeoutExpired:
        raise BuildFailed(f"could not {what}: no end after {_SECONDS} s; try again") from None
    if done.returncode != 0:
        lines = [line for line in done.stderr.splitlines() if line.startswith(("E:", "dpkg"))]
        reason = lines[0].removeprefix("E: ") if lines else done.stderr.strip()
        raise BuildFailed(f"could not {what}: {reason}; check the network and apt's sources")
