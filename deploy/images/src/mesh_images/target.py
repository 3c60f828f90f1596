"""What an image's programs will run on: which Python, which machine, which C library."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from packaging import tags
from packaging.markers import Marker, default_environment
from packaging.utils import parse_wheel_filename

from mesh_images.image import architecture

_MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}
# Older names of the same promise (PEP 600).
_LEGACY = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}
_OLDEST = {"amd64": 5, "arm64": 17}


def _glibc() -> int:
    name, version = platform.libc_ver()
    return int(version.split(".")[1]) if name == "glibc" else 0


@dataclass(frozen=True)
class Target:
    """A Python (its full version), an architecture, and the minor version of glibc 2."""

    python: str = field(default_factory=platform.python_version)
    architecture: str = field(default_factory=architecture)
    glibc: int = field(default_factory=_glibc)

    @property
    def release(self) -> tuple[int, int]:
        """MAJOR and MINOR of the Python."""
        major, minor = self.python.split(".")[:2]
        return int(major), int(minor)

    @property
    def machine(self) -> str:
        """What Python calls the architecture."""
        return _MACHINES[self.architecture]

    @property
    def native(self) -> bool:
        """Whether this machine's own Python could load what is made for it."""
        return self.release == sys.version_info[:2] and self.architecture == architecture()

    @cached_property
    def platforms(self) -> tuple[str, ...]:
        """The platform tags of wheels that run there, the best first."""
        return tuple(self._platforms())

    @cached_property
    def ranks(self) -> dict[tags.Tag, int]:
        """The rank of every tag that a fitting wheel may have; 0 is the best."""
        short = "".join(map(str, self.release))
        fitting = [
            *tags.cpython_tags(self.release, platforms=self.platforms),
            *tags.compatible_tags(self.release, f"cp{short}", self.platforms),
        ]
        return {tag: rank for rank, tag in enumerate(fitting)}

    def rank(self, wheel: str) -> int | None:
        """How well a wheel fits, by its file's name; 0 is best, None is not at all."""
        _, _, _, given = parse_wheel_filename(wheel)
        return min((self.ranks[tag] for tag in given if tag in self.ranks), default=None)

    def applies(self, marker: str | Marker | None) -> bool:
        """Whether a dependency with that marker (PEP 508), outside any extra, is one there."""
        if not marker:
            return True
        environment: dict[str, Any] = {
            **default_environment(),
            "os_name": "posix",
            "sys_platform": "linux",
            "platform_system": "Linux",
            "platform_machine": self.machine,
            "platform_python_implementation": "CPython",
            "implementation_name": "cpython",
            "python_version": ".".join(map(str, self.release)),
            "python_full_version": self.python,
            "extra": "",
        }
        parsed = marker if isinstance(marker, Marker) else Marker(marker)
        return parsed.evaluate(environment)

    def _platforms(self) -> Iterator[str]:
        for minor in range(self.glibc, _OLDEST[self.architecture] - 1, -1):
            yield f"manylinux_2_{minor}_{self.machine}"
            if minor in _LEGACY:
                yield f"{_LEGACY[minor]}_{self.machine}"
        yield f"linux_{self.machine}"
