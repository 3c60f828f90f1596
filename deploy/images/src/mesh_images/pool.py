"""Wheels of other people, fetched once, kept by their checksum."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from mesh_images.age import used
from mesh_images.errors import ImagesError
from mesh_images.lock import Pinned
from mesh_images.target import Target

_SECONDS = 600


class FetchError(ImagesError):
    """A wheel could not be fetched, or is not the one that was locked."""


class Pool:
    """A folder with wheels; pip fetches those that are missing, from the index it is set up for."""

    def __init__(self, folder: Path, say: Callable[[str], None]) -> None:
        self._folder = folder
        self._say = say

    def ensure(self, wanted: Iterable[Pinned], target: Target) -> None:
        """Fetch what is missing, all in one go; raises FetchError."""
        every = set(wanted)
        missing = sorted(one for one in every if not self.path(one).is_file())
        for one in every.difference(missing):
            used(self.path(one).parent)
        if not missing:
            return
        self._say(f"fetching {len(missing)} wheels")
        self._folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self._folder, prefix=".fetch-") as scratch:
            for one_of_each in _rounds(missing):
                _download(one_of_each, target, Path(scratch))
            for one in missing:
                fetched = Path(scratch, one.wheel)
                if not fetched.is_file():
                    raise FetchError(f"pip fetched no {one.wheel}; run `./dev lock` and try again")
                if hashlib.sha256(fetched.read_bytes()).hexdigest() != one.sha256:
                    raise FetchError(f"{one.wheel}: is not the file that was locked")
                self.path(one).parent.mkdir(exist_ok=True)
                fetched.replace(self.path(one))

    def path(self, one: Pinned) -> Path:
        """Where a wheel lies once it is fetched."""
        return self._folder / one.sha256 / one.wheel


def _rounds(wanted: Iterable[Pinned]) -> list[list[Pinned]]:
    """The wanted such that no name is twice in a round: pip wants one version of each."""
    rounds: list[list[Pinned]] = []
    for one in wanted:
        for known in rounds:
            if one.name not in {other.name for other in known}:
                known.append(one)
                break
        else:
            rounds.append([one])
    return rounds


def _download(wanted: Sequence[Pinned], target: Target, folder: Path) -> None:
    # With the one checksum that was chosen from the lock, pip cannot choose another wheel.
    lines = [f"{one.name}=={one.version} --hash=sha256:{one.sha256}\n" for one in wanted]
    requirements = folder / "requirements.txt"
    requirements.write_text("".join(lines))
    release = "".join(map(str, target.release))
    command = [
        *(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"),
        *("--no-deps", "--require-hashes", "--only-binary=:all:", "--no-cache-dir"),
        *(f"--python-version={release}", "--implementation=cp"),
        *(f"--abi={abi}" for abi in (f"cp{release}", "abi3", "none")),
        *(f"--platform={platform}" for platform in target.platforms),
        *("--dest", str(folder), "--requirement", str(requirements)),
    ]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise FetchError(
            f"pip fetched no wheels within {_SECONDS} s; check the network and pip's index"
            " (pip config list), and try again"
        ) from error
    if done.returncode:
        raise FetchError(
            f"pip could not fetch the locked wheels:\n{done.stderr.strip()}\n"
            "check the network and pip's index (pip config list)"
        )
