"""What a project needs, exactly as its poetry.lock (or the workspace's) says."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from mesh_images.errors import ImagesError
from mesh_images.target import Target

Toml = Mapping[str, Any]


class LockError(ImagesError):
    """A lock lacks something, or something in it cannot be used."""


@dataclass(frozen=True, order=True)
class Pinned:
    """A library in the one version and the one wheel that is to be used."""

    name: str
    version: str
    wheel: str
    sha256: str


@dataclass(frozen=True)
class Needs:
    """What a project needs: libraries, and projects of this checkout (the project included)."""

    libraries: tuple[Pinned, ...]
    projects: tuple[Path, ...]


def needs(project: Path, extras: Iterable[str], fallback: Path, target: Target) -> Needs:
    """Follow a project's dependencies through its lock, or through `fallback` if it has none."""
    file = project / "poetry.lock"
    lock = _Lock(file if file.is_file() else fallback / "poetry.lock", target)
    description = _toml(project / "pyproject.toml")["project"]
    lock.follow(description.get("dependencies", []))
    optional = description.get("optional-dependencies", {})
    for extra in extras:
        if extra not in optional:
            raise LockError(f"{project / 'pyproject.toml'}: has no extra {extra!r}")
        lock.follow(optional[extra])
    libraries, projects = [], {project.resolve()}
    for entry in lock.reached.values():
        if entry.get("source", {}).get("type") == "directory":
            projects.add((lock.file.parent / entry["source"]["url"]).resolve())
        else:
            libraries.append(lock.pinned(entry))
    return Needs(tuple(sorted(libraries)), tuple(sorted(projects)))


class _Lock:
    """A lock, and the entries in it that were reached so far."""

    def __init__(self, file: Path, target: Target) -> None:
        self.file = file
        self.reached: dict[str, Toml] = {}
        self._target = target
        self._seen: set[tuple[str, str]] = set()
        self._entries: dict[str, list[Toml]] = {}
        for entry in _toml(file).get("package", []):
            self._entries.setdefault(canonicalize_name(entry["name"]), []).append(entry)

    def follow(self, requirements: Iterable[str]) -> None:
        """Reach what is required and applies, with all that it needs in turn."""
        for text in requirements:
            requirement = Requirement(text)
            if self._target.applies(requirement.marker):
                self._reach(requirement.name, requirement.extras)

    def pinned(self, entry: Toml) -> Pinned:
        """The best wheel of an entry for the target."""
        fitting = []
        for file in entry["files"]:
            if file["file"].endswith(".whl"):
                rank = self._target.rank(file["file"])
                if rank is not None:
                    fitting.append((-rank, file["file"], file["hash"]))
        if not fitting:
            raise LockError(
                f"{self.file}: {entry['name']} {entry['version']} has no wheel for Python"
                f" {self._target.python} on {self._target.machine} with glibc"
                f" 2.{self._target.glibc}; choose another version or another base"
            )
        _, wheel, checksum = max(fitting)
        return Pinned(entry["name"], entry["version"], wheel, checksum.removeprefix("sha256:"))

    def _reach(self, given: str, extras: Iterable[str]) -> None:
        name = canonicalize_name(given)
        entry = self._entry(name)
        for extra in ["", *sorted(extras)]:
            if (name, extra) in self._seen:
                continue
            self._seen.add((name, extra))
            self.reached[name] = entry
            if extra:
                self.follow(_extra(entry, extra))
            else:
                for dependency, detail in self._dependencies(entry):
                    self._reach(dependency, detail.get("extras", ()))

    def _dependencies(self, entry: Toml) -> Iterator[tuple[str, Toml]]:
        for name, value in entry.get("dependencies", {}).items():
            for one in value if isinstance(value, list) else [value]:
                detail = one if isinstance(one, dict) else {"version": one}
                # What is optional is reached through the entry's extras.
                if not detail.get("optional") and self._target.applies(detail.get("markers")):
                    yield name, detail

    def _entry(self, name: str) -> Toml:
        candidates = self._entries.get(name, [])
        if len(candidates) > 1:
            candidates = [one for one in candidates if self._target.applies(one.get("markers"))]
        if len(candidates) != 1:
            raise LockError(f"{self.file}: holds no one {name}; run `./dev lock`")
        return candidates[0]


def _extra(entry: Toml, name: str) -> list[str]:
    for extra, texts in entry.get("extras", {}).items():
        if canonicalize_name(extra) == canonicalize_name(name):
            return list(texts)
    return []


def _toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise LockError(f"{file}: {error}") from error
