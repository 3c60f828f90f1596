"""Holds versions, published ranges and locks of our packages against each other.

Poetry leaves a sibling out of a lock without a word when its version does not satisfy the published
range: the lock succeeds, the installation succeeds, and the package is missing. It does not notice
either that a sibling's dependencies have changed since the lock was made.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

Toml = Mapping[str, Any]


@dataclass(frozen=True)
class Project:
    """One pyproject.toml with its lock."""

    name: str
    file: Path
    version: str
    requirements: tuple[Requirement, ...]
    paths: frozenset[str]

    @property
    def lock(self) -> Path:
        """The lock beside the project."""
        return self.file.with_name("poetry.lock")


def problems(root: Path) -> list[str]:
    """Every disagreement below a workspace, each with what to do; none when all is well."""
    projects = {project.name: project for project in map(_project, sorted(_files(root)))}
    found: list[str] = []
    for project in projects.values():
        found += _ranges(project, projects)
        found += _lock(project, projects)
    return found


def _files(root: Path) -> Iterator[Path]:
    yield root / "pyproject.toml"
    yield from (root / "packages").glob("*/pyproject.toml")


def _project(file: Path) -> Project:
    toml = tomllib.loads(file.read_text(encoding="utf-8"))
    project = toml["project"]
    texts = list(project.get("dependencies", []))
    for extra in project.get("optional-dependencies", {}).values():
        texts += extra
    paths = toml.get("tool", {}).get("poetry", {}).get("dependencies", {})
    return Project(
        name=canonicalize_name(project["name"]),
        file=file,
        version=project["version"],
        requirements=tuple(Requirement(text) for text in texts),
        paths=frozenset(
            canonicalize_name(name)
            for name, value in paths.items()
            if isinstance(value, dict) and "path" in value
        ),
    )


def _ranges(project: Project, projects: Mapping[str, Project]) -> Iterator[str]:
    """The published ranges: they must admit the siblings, and siblings must be developed here."""
    for requirement in project.requirements:
        name = canonicalize_name(requirement.name)
        sibling = projects.get(name)
        if sibling is None:
            continue
        if not requirement.specifier.contains(sibling.version, prereleases=True):
            yield (
                f"{project.file}: requires {requirement}, but {sibling.file} says version"
                f" {sibling.version}; widen the range or change the version"
            )
        if name not in project.paths:
            yield (
                f"{project.file}: requires {name} without a path in [tool.poetry.dependencies];"
                f" add {name} = {{ path = …, develop = true }}"
            )


def _lock(project: Project, projects: Mapping[str, Project]) -> Iterator[str]:
    """The lock: it must hold every sibling that is needed, as that sibling is now."""
    if not project.lock.is_file():
        yield f"{project.lock}: is missing; run `./dev lock`"
        return
    lock = tomllib.loads(project.lock.read_text(encoding="utf-8"))
    locked: dict[str, Any] = {
        canonicalize_name(entry["name"]): entry for entry in lock.get("package", [])
    }
    for name in sorted(_needed(project, projects)):
        sibling, entry = projects[name], locked.get(name)
        if entry is None:
            yield f"{project.lock}: {name} is missing; check the ranges, then run `./dev lock`"
            continue
        if entry["version"] != sibling.version:
            yield (
                f"{project.lock}: holds {name} {entry['version']}, {sibling.file} says"
                f" {sibling.version}; run `./dev lock`"
            )
        changed = ", ".join(sorted({name for name, _ in _wanted(sibling) ^ _held(entry)}))
        if changed:
            yield (
                f"{project.lock}: the dependencies of {name} have changed since ({changed});"
                " run `./dev lock`"
            )


def _wanted(project: Project) -> set[tuple[str, str]]:
    """What a project says it requires, extras included: names and ranges."""
    return {(canonicalize_name(r.name), str(r.specifier)) for r in project.requirements}


def _held(entry: Toml) -> set[tuple[str, str]]:
    """The same, as it was when the lock was made."""
    texts = [text for extra in entry.get("extras", {}).values() for text in extra]
    held: set[tuple[str, str]] = set()
    held |= {(canonicalize_name(r.name), str(r.specifier)) for r in map(Requirement, texts)}
    for name, value in entry.get("dependencies", {}).items():
        for detail in _details(value):
            # What is optional stands among the extras, whether the lock's project wants it or not.
            if not detail.get("optional"):
                text = str(detail.get("version", "*")).replace("*", "")
                held.add((canonicalize_name(name), str(SpecifierSet(text))))
    return held


def _details(value: object) -> list[Toml]:
    """A dependency as the lock writes it: a range, a table, or several for several extras."""
    if isinstance(value, list):
        return [detail for item in value for detail in _details(item)]
    return [value if isinstance(value, dict) else {"version": value}]


def _needed(project: Project, projects: Mapping[str, Project]) -> set[str]:
    """All siblings that a project needs, directly or through others."""
    needed: set[str] = set()
    open_ends = [project]
    while open_ends:
        for requirement in open_ends.pop().requirements:
            name = canonicalize_name(requirement.name)
            if name in projects and name not in needed:
                needed.add(name)
                open_ends.append(projects[name])
    return needed
