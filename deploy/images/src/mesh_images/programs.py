"""Programs of the system: from this machine, else from Debian's packages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from mesh_cli.local.programs import ProgramMissing, find_program
from mesh_images import elf
from mesh_images.errors import ImagesError
from mesh_images.libraries import Libraries


def find(
    wanted: Mapping[str, str], libraries: Libraries, say: Callable[[str], None]
) -> dict[str, Path]:
    """Programs by name, given with the Debian package of each; what they need joins `libraries`.

    Raises ImagesError when one is neither installed nor can be fetched.
    """
    found: dict[str, Path] = {}
    for name, package in wanted.items():
        try:
            path = find_program(name, package, progress=say)
        except ProgramMissing as error:
            raise ImagesError(str(error)) from error
        near = libraries
        root = path.parent / "root"
        if root.is_dir():
            # Unpacked, not installed: the path is a script that runs what lies below.
            folders = sorted({library.parent for library in root.rglob("*.so*")})
            near = Libraries(libraries.architecture, folders, libraries.found)
            path = _binary(root, name)
        found[name] = path.resolve()
        if elf.read(found[name].read_bytes()) is None:
            raise ImagesError(
                f"{found[name]}: is no program that could run in an image (a script?); put the"
                f" {name} of the Debian package {package} first on PATH"
            )
        near.need_by(found[name])
    return found


def _binary(root: Path, name: str) -> Path:
    for folder in ("usr/bin", "bin", "usr/sbin", "sbin"):
        if (path := root / folder / name).is_file():
            return path
    raise ImagesError(f"{root}: holds no {name}; delete its folder, it is fetched again")
