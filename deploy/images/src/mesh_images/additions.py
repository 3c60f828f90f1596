"""What one image needs of the system besides its base: libraries of its wheels, and programs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from mesh_images.base import Base, parts_of_packages
from mesh_images.component import Component
from mesh_images.debian import owners
from mesh_images.environment import needed_libraries
from mesh_images.errors import ImagesError
from mesh_images.layer import Entry, digest, file
from mesh_images.programs import find
from mesh_images.sbom import Part
from mesh_images.stripped import stripped
from mesh_images.wheel import Wheel


@dataclass(frozen=True)
class Additions:
    """Entries for the image, and what they are."""

    entries: Sequence[Entry] = ()
    parts: tuple[Part, ...] = ()

    @property
    def identity(self) -> str:
        """Changes with what is added."""
        return " ".join(f"{entry.path}={digest(entry.read())}" for entry in self.entries)


def additions(
    component: Component, wheels: Sequence[Wheel], base: Base, say: Callable[[str], None]
) -> Additions:
    """What is added from this machine; nothing on a base image, which must have it all."""
    wanted = needed_libraries(wheels)
    if base.libraries is None:
        _check(component, wanted, base.holds)
        return Additions()
    libraries = base.libraries.copy()
    libraries.need(sorted(wanted), component.repository)
    programs = find(component.programs, libraries, say)
    known = base.libraries.found
    packages = owners(
        [
            *(path for name, path in libraries.found.items() if name not in known),
            *programs.values(),
        ]
    )
    entries = [
        *libraries.entries(known),
        *(file(f"usr/bin/{name}", stripped(path), 0o755) for name, path in programs.items()),
        *(entry for package in packages for entry in package.entries()),
    ]
    return Additions(entries, tuple(parts_of_packages(packages)))


def _check(component: Component, libraries: Collection[str], holds: Collection[str]) -> None:
    if not component.project:
        raise ImagesError(
            f"{component.name}: is made offline only; where there is a registry, there is the"
            " original image"
        )
    missing = sorted({*libraries, *component.programs} - set(holds))
    if missing:
        raise ImagesError(
            f"{component.name}: the base image lacks {', '.join(missing)}; take one that has them,"
            " such as python:3.12-slim"
        )
