"""The base that needs no registry: this machine's Python and what it needs to run."""

from __future__ import annotations

import hashlib
import os
import re
import sys
import sysconfig
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from mesh_images import elf
from mesh_images.bytecode import Bytecode
from mesh_images.errors import ImagesError
from mesh_images.layer import Entry, file, folder, link
from mesh_images.libraries import Libraries, below_usr
from mesh_images.stripped import stripped, stripped_bytes

# Parts of the standard library that no service uses, largest first; what they would bring along
# (Tk, X11, SQLite, readline) is larger than they are.
_LEFT_OUT = frozenset(
    {
        *("config", "test", "tests", "idlelib", "lib2to3", "tkinter", "turtledemo", "ensurepip"),
        *("distutils", "pydoc_data", "sqlite3", "curses", "dbm", "msilib", "site"),
        *("dist", "__pycache__", "turtle.py", "__phello__"),
    }
)
_EXTENSIONS_LEFT_OUT = re.compile(
    r"_?(x?xtest|xxsub|test|ctypes_test|tkinter|curses|sqlite3|gdbm|dbm|crypt|xxlimited)"
    r"|readline|nis|ossaudiodev|audioop"
)


@dataclass(frozen=True)
class Interpreter:
    """A Python that is to be in an image, as it lies on this machine."""

    program: Path
    standard_library: Path
    extensions: Path
    version: str
    platform_folder: str

    @property
    def release(self) -> str:
        """MAJOR.MINOR."""
        return ".".join(self.version.split(".")[:2])

    @property
    def image_path(self) -> str:
        """Where it lies in the image."""
        return f"usr/local/bin/python{self.release}"

    @property
    def image_library(self) -> str:
        """Where its standard library lies in the image: it finds that from its own place."""
        return f"usr/local/{self.platform_folder}/python{self.release}"


def this_interpreter() -> Interpreter:
    """The Python that runs us, not its virtual environment."""
    program = Path(sys.base_prefix, "bin", f"python{sys.version_info[0]}.{sys.version_info[1]}")
    paths = sysconfig.get_paths(
        vars={"base": sys.base_prefix, "platbase": sys.base_exec_prefix}
        | {"installed_base": sys.base_prefix, "installed_platbase": sys.base_exec_prefix}
    )
    extensions = Path(paths["platstdlib"], "lib-dynload")
    if not program.is_file() or not extensions.is_dir():
        raise ImagesError(
            f"{program}: no Python with its library lies there; build with one that is installed,"
            " or on a base image (--base)"
        )
    version = sys.version.split(maxsplit=1)[0]
    library = Path(paths["stdlib"])
    return Interpreter(program.resolve(), library, extensions, version, sys.platlibdir)


def libraries(python: Interpreter, architecture: str) -> Libraries:
    """The system's libraries that the interpreter needs, its extensions, and most wheels."""
    needed = Libraries(
        architecture, folders=[python.program.parent.parent / python.platform_folder]
    )
    needed.need_by(python.program)
    for path in _extensions(python):
        needed.need_by(path)
    # The unwinder: Rust's and C++'s extensions need it, and glibc loads it when a thread ends.
    needed.need(["libgcc_s.so.1"], "ending a thread")
    return needed


def identity(python: Interpreter, needed: Libraries) -> str:
    """Changes whenever the base would: the interpreter, its library or the system's libraries."""
    total = hashlib.sha256(python.version.encode())
    sources = [path for _, path in sorted(_library(python))]
    for path in [python.program, *sources, *_extensions(python), *sorted(needed.found.values())]:
        status = path.stat()
        total.update(f"{path} {status.st_size} {status.st_mtime_ns}\n".encode())
    return total.hexdigest()


def entries(python: Interpreter, needed: Libraries, bytecode: Bytecode) -> Iterator[Entry]:
    """The interpreter, its standard library with bytecode, and the system's libraries."""
    yield file(python.image_path, stripped(python.program), 0o755)
    yield link("usr/local/bin/python3", f"python{python.release}")
    for path in _extensions(python):
        yield file(f"{python.image_library}/lib-dynload/{path.name}", stripped(path), 0o755)
    sources = dict(_library(python))
    target = python.image_library
    for name, path in sources.items():
        yield file(f"{target}/{name}", path, 0o644)
    name = f"python-{identity(python, needed)}"
    for compiled, content in bytecode.of(name, target, lambda: _texts(sources)).items():
        yield file(f"{target}/{compiled}", content)
    yield from _system(python, needed)


def _texts(sources: Mapping[str, Path]) -> dict[str, bytes]:
    return {name: path.read_bytes() for name, path in sources.items()}


def _system(python: Interpreter, needed: Libraries) -> Iterator[Entry]:
    """The loader and the libraries, in the places of a system whose /lib is /usr/lib."""
    binary = elf.read(python.program.read_bytes())
    if binary is None or not binary.loader:
        raise ImagesError(f"{python.program}: is no dynamic program of an architecture we know")
    for name in ("bin", "lib", "lib64", "sbin"):
        yield link(name, f"usr/{name}")
        yield folder(f"usr/{name}")
    yield file(below_usr(binary.loader), Path(binary.loader).resolve(), 0o755)
    for entry in needed.entries():
        # A debugging build of the interpreter is four times as large as what runs.
        if "libpython" in entry.path:
            yield file(entry.path, stripped_bytes(entry.read()), 0o755)
        else:
            yield entry


def _extensions(python: Interpreter) -> list[Path]:
    found = sorted(python.extensions.glob("*.so"))
    return [path for path in found if not _EXTENSIONS_LEFT_OUT.match(path.name)]


def _library(python: Interpreter) -> Iterator[tuple[str, Path]]:
    """Files of the standard library that go into the image, by their names below it."""
    top = python.standard_library
    for where, folders, files in os.walk(top):
        # Of "config-3.11-x86_64-linux-gnu" only the first part says what it is.
        folders[:] = sorted(name for name in folders if name.split("-")[0] not in _LEFT_OUT)
        for name in sorted(files):
            if name.endswith(".py") and name not in _LEFT_OUT:
                path = Path(where, name)
                yield path.relative_to(top).as_posix(), path
