"""Builds images: the base, the libraries, and on top what is ours."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from mesh_images import places
from mesh_images.additions import Additions, additions
from mesh_images.archive import write
from mesh_images.base import Base
from mesh_images.component import COMPONENTS, Component
from mesh_images.crates import crates
from mesh_images.environment import Environment
from mesh_images.errors import ImagesError
from mesh_images.image import Config, Image
from mesh_images.layer import Entry, Layer, file, pack
from mesh_images.lock import Needs, Pinned, needs
from mesh_images.pool import Pool
from mesh_images.projects import Builder
from mesh_images.remembered import Remembered
from mesh_images.sbom import Part, document, part_of_wheel
from mesh_images.target import Target
from mesh_images.wheel import Wheel

_PATH = "/opt/mesh/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True)
class Settings:
    """How images are built. `epoch` is the one time in them, in seconds (SOURCE_DATE_EPOCH)."""

    output: Path
    profile: str = "dist"
    registry: str = "localhost"
    epoch: int = 0
    labels: Mapping[str, str] = field(default_factory=dict)
    wheels: Path | None = None
    cache: Path = field(default_factory=places.images)


@dataclass(frozen=True)
class Built:
    """An image, its archive, and the bill of materials that lies beside it."""

    component: Component
    image: Image
    archive: Path
    sbom: Path
    seconds: float


def build(
    wanted: Sequence[Component],
    base: Base,
    settings: Settings,
    say: Callable[[str], None],
) -> list[Built]:
    """Build images and write their archives; raises ImagesError."""
    workshop = _Workshop(base, settings, say)
    workshop.gather(wanted)
    built = []
    for component in wanted:
        began = time.monotonic()
        image, bill = workshop.image(component)
        archive = settings.output / f"{component.repository}.tar"
        write(archive, [image])
        sbom = archive.with_suffix(".spdx.json")
        sbom.write_bytes(bill)
        built.append(Built(component, image, archive, sbom, time.monotonic() - began))
    return built


class _Workshop:
    """What the images of one build have in common."""

    def __init__(
        self,
        base: Base,
        settings: Settings,
        say: Callable[[str], None],
    ) -> None:
        self._base = base
        self._settings = settings
        self._remembered = Remembered(settings.cache / "layers")
        self._say = say
        self._pool = Pool(settings.cache / "wheels", say)
        self._environment = Environment(base.python, base.target.python, base.bytecode)
        self._needs: dict[str, Needs] = {}
        self._ours: dict[Path, Wheel] = {}

    def gather(self, wanted: Sequence[Component]) -> None:
        """Fetch and build the wheels of all images, and compile them."""
        families = {component.family for component in wanted} - {""}
        for component in COMPONENTS:
            if component.project and (component in wanted or component.family in families):
                self._needs[component.name] = needs(
                    component.folder, component.extras, places.ROOT, self._base.target
                )
        chosen = [self._needs[one.name] for one in wanted if one.project]
        libraries = {library for need in chosen for library in need.libraries}
        self._pool.ensure(libraries, self._base.target)
        settings = self._settings
        builder = Builder(settings.cache / "projects", settings.profile, self._say, settings.wheels)
        self._ours = builder.wheels({project for need in chosen for project in need.projects})
        for wheel in self._ours.values():
            _check_fits(wheel, self._base.target)
        wheels = [*self._wheels(libraries), *self._ours.values()]
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            for _ in pool.map(self._environment.prepare, wheels):
                pass

    def image(self, component: Component) -> tuple[Image, bytes]:
        """One image and its bill of materials."""
        shared, rest = self._libraries(component)
        added = self._added(component, [*shared, *rest])
        bill = self._bill(component, [*shared, *rest], added)
        layers = [*self._base.layers]
        if shared:
            layers.append(self._shared(component.family, shared))
        if rest or added.entries:
            layers.append(self._own_libraries(component, rest, added))
        layers.append(self._top(component, bill))
        labels = self._labels(component)
        config = Config(
            entrypoint=component.entrypoint,
            command=component.command,
            environment=_environment(self._base.environment),
            user=f"{component.user}:{component.user}",
            labels=labels,
        )
        image = Image(
            names=component.called(self._settings.registry),
            layers=tuple(layers),
            config=config,
            architecture=self._base.target.architecture,
            annotations={**labels, **self._base.annotations},
            epoch=self._settings.epoch,
        )
        return image, bill

    def _libraries(self, component: Component) -> tuple[list[Wheel], list[Wheel]]:
        """Other people's wheels: those that its whole family needs, and the rest."""
        if not component.project:
            return [], []
        mine = set(self._needs[component.name].libraries)
        shared: set[Pinned] = set()
        if component.family:
            family = [one.name for one in COMPONENTS if one.family == component.family]
            shared = mine.intersection(*(self._needs[name].libraries for name in family))
        return self._wheels(shared), self._wheels(mine - shared)

    def _wheels(self, pinned: Iterable[Pinned]) -> list[Wheel]:
        return [Wheel(self._pool.path(one)) for one in sorted(pinned)]

    def _shared(self, family: str, wheels: Sequence[Wheel]) -> Layer:
        note = f"the libraries of the {family} images"
        return self._layer(note, wheels, lambda: self._unpacked(wheels))

    def _own_libraries(
        self, component: Component, wheels: Sequence[Wheel], added: Additions
    ) -> Layer:
        note = f"the libraries of {component.repository}"
        return self._layer(
            note, wheels, lambda: [*self._unpacked(wheels), *added.entries], added.identity
        )

    def _top(self, component: Component, bill: bytes) -> Layer:
        """What is ours: wheels, launchers, the bill of materials."""
        wheels = self._project_wheels(component)
        return self._layer(
            component.repository,
            wheels,
            lambda: list(self._ours_in(component, wheels, bill)),
            repr(component) + bill.decode(),
        )

    def _ours_in(
        self, component: Component, wheels: Sequence[Wheel], bill: bytes
    ) -> Iterable[Entry]:
        yield file(f"usr/share/sbom/{component.repository}.spdx.json", bill)
        if not wheels:
            return
        environment = self._environment
        yield from environment.frame()
        for wheel in wheels:
            yield from environment.wheel(wheel, ours=True)
            yield from environment.launchers(wheel)
        if component.aliases:
            wheel = self._ours[component.folder]
            yield from environment.aliases(wheel, component.aliases, self._base.content())

    def _unpacked(self, wheels: Iterable[Wheel]) -> list[Entry]:
        return [entry for wheel in wheels for entry in self._environment.wheel(wheel)]

    def _layer(
        self,
        note: str,
        wheels: Sequence[Wheel],
        entries: Callable[[], list[Entry]],
        more: str = "",
    ) -> Layer:
        epoch = self._settings.epoch
        base = [layer.diff_id for layer in self._base.layers]
        key = [note, *base, self._base.python, *(wheel.sha256 for wheel in wheels), more]
        return self._remembered.layer(
            [*key, str(epoch)], lambda: pack(entries(), epoch=epoch, note=note)
        )

    def _project_wheels(self, component: Component) -> list[Wheel]:
        if not component.project:
            return []
        return [self._ours[project] for project in self._needs[component.name].projects]

    def _added(self, component: Component, libraries: Sequence[Wheel]) -> Additions:
        wheels = [*libraries, *self._project_wheels(component)]
        return additions(component, wheels, self._base, self._say)

    def _bill(self, component: Component, wheels: Sequence[Wheel], added: Additions) -> bytes:
        parts = [
            *self._base.parts,
            *added.parts,
            *(part_of_wheel(wheel) for wheel in wheels),
            *(part_of_wheel(wheel, ours=True) for wheel in self._project_wheels(component)),
            *crates(component.folder, self._base.target.architecture),
        ]
        licence = "Apache-2.0" if component.project else ""
        image = Part(component.repository, component.version, licence)
        return document(image, parts, self._settings.epoch)

    def _labels(self, component: Component) -> dict[str, str]:
        name = "org.opencontainers.image"
        said = {
            f"{name}.title": component.repository,
            f"{name}.description": component.title,
            f"{name}.version": component.version,
            **({f"{name}.licenses": "Apache-2.0"} if component.project else {}),
        }
        return {**said, **self._settings.labels}


def _check_fits(wheel: Wheel, target: Target) -> None:
    if target.rank(wheel.path.name) is None:
        raise ImagesError(
            f"{wheel.path.name}: does not run on Python {target.python} on {target.machine} with"
            f" glibc 2.{target.glibc}, which the base has; take another base, or a wheel that was"
            " built for it (--wheels)"
        )


def _environment(base: Iterable[str]) -> tuple[str, ...]:
    others = [one for one in base if not one.startswith("PATH=")]
    return (f"PATH={_PATH}", *others)
