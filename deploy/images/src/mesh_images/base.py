"""What an image stands on: a Python and the libraries that it needs."""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mesh_images import interpreter, system
from mesh_images.bytecode import Bytecode
from mesh_images.debian import Package, owners
from mesh_images.errors import ImagesError
from mesh_images.interpreter import Interpreter
from mesh_images.layer import Layer, pack
from mesh_images.libraries import Libraries
from mesh_images.remembered import Remembered
from mesh_images.sbom import Part, part_of_package
from mesh_images.stripped import stripped
from mesh_images.target import Target

OFFLINE = "offline"


@dataclass(frozen=True)
class Base:
    """Layers with an interpreter at `python`; `content` gives the interpreter itself.

    A base that is made from this machine says its `libraries`, and more can be added; any other
    says what it `holds` (names of libraries and programs).
    """

    layers: tuple[Layer, ...]
    target: Target
    python: str
    content: Callable[[], bytes]
    bytecode: Bytecode
    parts: tuple[Part, ...]
    libraries: Libraries | None = None
    holds: frozenset[str] = frozenset()
    environment: tuple[str, ...] = ()
    annotations: Mapping[str, str] = field(default_factory=dict)


def offline(architecture: str, cache: Path, epoch: int) -> Base:
    """A base without any registry: the Python that runs us and its library closure."""
    target = Target()
    if architecture != target.architecture:
        raise ImagesError(
            f"{architecture}: what is made offline is of this machine's architecture,"
            f" {target.architecture}; give a base image (--base), or build on such a machine"
        )
    python = interpreter.this_interpreter()
    libraries = interpreter.libraries(python, architecture)
    packages = owners([*libraries.found.values(), python.program])
    bytecode = Bytecode(sys.executable, cache / "bytecode")
    layer = Remembered(cache / "layers").layer(
        ["base", interpreter.identity(python, libraries), repr(packages), str(epoch)],
        lambda: _pack(python, libraries, bytecode, packages, epoch),
    )
    own = Part("python", python.version, "Python-2.0", f"pkg:generic/python@{python.version}")
    return Base(
        layers=(layer,),
        target=target,
        python=f"/{python.image_path}",
        content=lambda: stripped(python.program),
        bytecode=bytecode,
        parts=(own, *parts_of_packages(packages)),
        libraries=libraries,
    )


def parts_of_packages(packages: list[Package]) -> list[Part]:
    """Debian's packages for the bill of materials."""
    try:
        distribution = platform.freedesktop_os_release()["ID"]
    except OSError:
        distribution = "debian"
    return [part_of_package(package, distribution) for package in packages]


def _pack(
    python: Interpreter,
    libraries: Libraries,
    bytecode: Bytecode,
    packages: list[Package],
    epoch: int,
) -> Layer:
    return pack(
        [
            *system.entries(),
            *interpreter.entries(python, libraries, bytecode),
            *(entry for package in packages for entry in package.entries()),
        ],
        epoch=epoch,
        note=f"python {python.version} and its libraries",
    )
