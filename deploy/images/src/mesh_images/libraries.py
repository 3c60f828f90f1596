"""The shared libraries of this machine that programs in an image need."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from mesh_images import elf
from mesh_images.errors import ImagesError
from mesh_images.layer import Entry, file

_CACHED = re.compile(r"^\s*(\S+) \(.*\) => (/\S+)$", re.MULTILINE)
_LOADER = re.compile(r"ld-linux[\w.-]*\.so\.\d+")


class LibraryMissingError(ImagesError):
    """A library that a program needs is not on this machine."""


@dataclass
class Libraries:
    """Finds libraries by name and keeps those that were asked for, with what they need in turn.

    `folders` are searched before the loader's cache: where an interpreter of its own, or an
    unpacked package, keeps its libraries.
    """

    architecture: str
    folders: Sequence[Path] = ()
    found: dict[str, Path] = field(default_factory=dict)

    def need(self, names: Iterable[str], by: str) -> None:
        """Find libraries by name; raises LibraryMissingError when one is not there."""
        for name in names:
            if name in self.found or _LOADER.fullmatch(name):
                continue
            path = self._find(name)
            if path is None:
                raise LibraryMissingError(
                    f"{by} needs {name}, which this machine does not have; install the package"
                    " that holds it"
                )
            self.found[name] = path
            self.need_by(path, name)

    def need_by(self, program: Path, by: str = "") -> None:
        """Find what a program or library needs."""
        binary = elf.read(program.read_bytes())
        if binary is not None:
            self.need(binary.needed, by or str(program))

    def copy(self) -> Libraries:
        """The same, to go on from."""
        return Libraries(self.architecture, self.folders, dict(self.found))

    def entries(self, known: Iterable[str] = ()) -> list[Entry]:
        """The libraries, but for `known` names, where the loader looks without being told to.

        Not where they lie here: a program with capabilities is given no other path (AT_SECURE).
        """
        where = default_folder()
        return [
            file(f"{where}/{name}", path, 0o755)
            for name, path in self.found.items()
            if name not in set(known)
        ]

    def _find(self, name: str) -> Path | None:
        near = [folder / name for folder in self.folders]
        for path in [*near, *_cached().get(name, ())]:
            if path.is_file():
                binary = elf.read(path.read_bytes())
                if binary is not None and binary.architecture == self.architecture:
                    found: Path = path.resolve()
                    return found
        return None


def default_folder() -> str:
    """Where the loader looks first: the C library's folder, below /usr as on merged systems."""
    places = _cached().get("libc.so.6")
    if not places:
        raise LibraryMissingError(
            "this machine has no GNU C library, so its interpreter cannot be put into an image;"
            " build on such a system, or on a base image (--base)"
        )
    return below_usr(str(places[0].parent))


def below_usr(path: str) -> str:
    """An absolute path as an entry of a merged system, where /lib is a link to /usr/lib."""
    plain = path.lstrip("/")
    return plain if plain.startswith("usr/") else f"usr/{plain}"


@cache
def _cached() -> dict[str, list[Path]]:
    """The loader's cache: the paths of every library, the first one first."""
    search = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"])
    program = shutil.which("ldconfig", path=search)
    if program is None:
        return {}
    done = subprocess.run([program, "-p"], capture_output=True, text=True, check=False)
    known: dict[str, list[Path]] = {}
    for name, path in _CACHED.findall(done.stdout):
        known.setdefault(name, []).append(Path(path))
    return known
