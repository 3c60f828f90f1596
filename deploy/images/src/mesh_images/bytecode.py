"""Bytecode that is valid for good and the same on every build.

An image is read-only: without bytecode in it every start would compile everything again. The
interpreter does not compare it with its source (PEP 552, unchecked), so it holds no time.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path, PurePosixPath

from mesh_images.age import used

Files = dict[str, bytes]


@dataclass(frozen=True)
class Bytecode:
    """Bytecode that was made before, in a folder of the cache.

    `python` is the program that makes it, of the version in the image; without one there is none.
    """

    python: str
    cache: Path

    def of(self, name: str, folder: str, sources: Callable[[], dict[str, bytes]]) -> Files:
        """The bytecode of what `name` stands for: the sources and the version of Python."""
        if not self.python:
            return {}
        path = self.cache / f"{name}.zip"
        if not path.is_file():
            _keep(path, compiled(sources(), folder, self.python))
        used(path)
        with zipfile.ZipFile(path) as archive:
            return {member: archive.read(member) for member in archive.namelist()}


def compiled(sources: Mapping[str, bytes], folder: str, python: str = sys.executable) -> Files:
    """Bytecode by path (`__pycache__/…`) for sources by path, both below `folder` of the image.

    A source that is none (a template, code for another Python) gets no bytecode.
    """
    with tempfile.TemporaryDirectory(prefix="mesh-bytecode-") as scratch:
        root = Path(scratch)
        for name, text in sources.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text)
        _compile(root, folder, python)
        found = sorted(root.rglob("*.pyc"))
        return {path.relative_to(root).as_posix(): path.read_bytes() for path in found}


def _compile(root: Path, folder: str, python: str) -> None:
    # One process in one order and one hash seed: what is written depends on the order of sets
    # and on which strings are shared already.
    options = ["-q", "-q", "--invalidation-mode=unchecked-hash", "-s", str(root)]
    subprocess.run(
        [
            *(python, "-s", "-P", "-m", "compileall", *options),
            *("-p", str(PurePosixPath("/", folder)), str(root)),
        ],
        env={"PATH": os.defpath, "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "0"},
        cwd=root,
        capture_output=True,
        # What does not compile is left out.
        check=False,
    )


def _keep(path: Path, files: Files) -> None:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    path.parent.mkdir(parents=True, exist_ok=True)
    # Another build may be making the same.
    partial = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}")
    partial.write_bytes(buffer.getvalue())
    partial.replace(path)
