"""Manifests on disk: the objects that they describe, and what is wrong with them."""

import os
import re
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mesh_core.resources import (
    KINDS,
    DecodeError,
    FieldPath,
    Key,
    Registry,
    Resource,
    decode,
    render,
    unknown_fields,
)
from mesh_core.store.problem import Problem
from mesh_core.store.yaml_documents import Document, YamlError, parse

MAX_BYTES = 10_000_000
"""Size of one file; larger ones are refused unread."""
SUFFIXES = frozenset({".yaml", ".yml", ".json"})

Ident = tuple[type[Resource], Key]
"""What must be unique: a kind, a namespace and a name."""

_LEADING_TABS = re.compile(r"^[ \t]+", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Manifest:
    """One object and the place that describes it."""

    resource: Resource
    file: Path
    line: int
    document: Mapping[str, Any] = field(repr=False)
    origin: Document = field(repr=False)
    prefix: FieldPath = ()

    @property
    def ident(self) -> Ident:
        """What must be unique among all manifests."""
        return type(self.resource), self.resource.key

    def problem(self, message: str, path: FieldPath = ()) -> Problem:
        """Report something about a field of this object, with its line."""
        line = self.origin.line_of((*self.prefix, *path)) if path else self.line
        return Problem(self.file, message, line, render(path))

    def unknown_fields(self) -> tuple[FieldPath, ...]:
        """Fields that no struct has, and that would silently change nothing."""
        return unknown_fields(type(self.resource), self.document)


@dataclass(frozen=True, slots=True)
class Manifests:
    """What was read: the good objects, each name once, and the problems with the rest."""

    objects: tuple[Manifest, ...]
    problems: tuple[Problem, ...]


def read(path: Path, registry: Registry = KINDS) -> Manifests:
    """Read a file, or a directory with everything below it, in the order of the paths.

    Names that begin with a dot, and other files than YAML and JSON, are left out. One bad
    document takes away nothing but itself; of two objects with one name the first wins.
    """
    if path.is_dir():
        files, problems = list_files(path)
    else:
        files, problems = [path], []
    objects: list[Manifest] = []
    for file in files:
        contents = read_file(file, registry)
        objects.extend(contents.objects)
        problems.extend(contents.problems)
    kept, duplicates = first_of_each(objects)
    return Manifests(tuple(kept), (*problems, *duplicates))


def list_files(root: Path) -> tuple[list[Path], list[Problem]]:
    """Find all manifest files below `root`, ordered, and the folders that cannot be read."""
    problems: list[Problem] = []

    def report(error: OSError) -> None:
        problems.append(Problem(Path(error.filename), error.strerror or str(error)))

    files: list[Path] = []
    for folder, folders, names in os.walk(root, onerror=report):
        folders[:] = [name for name in folders if not name.startswith(".")]
        files.extend(Path(folder, name) for name in names if is_manifest(name))
    return sorted(files), problems


def is_manifest(name: str) -> bool:
    """Say whether a file of this name is looked at."""
    return not name.startswith(".") and os.path.splitext(name)[1] in SUFFIXES  # noqa: PTH122


def first_of_each(objects: Iterable[Manifest]) -> tuple[list[Manifest], list[Problem]]:
    """Keep the first object of each name and report the others, with both places."""
    kept: dict[Ident, Manifest] = {}
    problems = []
    for manifest in objects:
        first = kept.setdefault(manifest.ident, manifest)
        if first is not manifest:
            problems.append(duplicate(first, manifest))
    return list(kept.values()), problems


def duplicate(first: Manifest, second: Manifest) -> Problem:
    """Say that `second` is ignored, because `first` describes the same object."""
    where = f"{first.file}:{first.line}"
    return second.problem(f"{second.resource} is described in {where} already; remove one")


def read_file(path: Path, registry: Registry = KINDS) -> Manifests:
    """Read the objects of one file; never raises for what the file holds or is."""
    objects: list[Manifest] = []
    problems: list[Problem] = []
    try:
        for document in _documents(path, read_text(path)):
            for value, prefix in _items(document):
                try:
                    objects.append(_manifest(path, document, value, prefix, registry))
                except DecodeError as error:
                    where = (*prefix, *error.path)
                    line = document.line_of(where)
                    problems.append(Problem(path, error.reason, line, render(where)))
    except YamlError as error:
        problems.append(Problem(path, error.reason, error.line))
    except OSError as error:
        problems.append(Problem(path, error.strerror or str(error)))
    kept, duplicates = first_of_each(objects)
    return Manifests(tuple(kept), (*problems, *duplicates))


def read_text(path: Path) -> str:
    """Read a regular file of bounded size; raises YamlError or OSError."""
    # O_NONBLOCK: opening a named pipe must not wait for a writer.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(descriptor, "rb") as file:  # noqa: PTH123
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            reason = "not a regular file"
            raise YamlError(reason, None)
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        reason = f"larger than {MAX_BYTES // 1_000_000} MB; split it"
        raise YamlError(reason, None)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        reason = "not UTF-8 text"
        raise YamlError(reason, data.count(b"\n", 0, error.start) + 1) from error


def _documents(path: Path, text: str) -> Iterator[Document]:
    if path.suffix == ".json":
        # JSON is YAML but for tabs; JSON's strings cannot hold a line break, so these are outside.
        text = _LEADING_TABS.sub(lambda match: match[0].replace("\t", " "), text)
    return parse(text)


def _items(document: Document) -> Iterator[tuple[Any, FieldPath]]:
    """Give the document, or each object of a List."""
    value = document.value
    if isinstance(value, dict) and value.get("kind") == "List" and value.get("apiVersion") == "v1":
        items = value.get("items")
        for index, item in enumerate(items if isinstance(items, list) else []):
            yield item, ("items", index)
    else:
        yield value, ()


def _manifest(
    path: Path, document: Document, value: Any, prefix: FieldPath, registry: Registry
) -> Manifest:
    resource = decode(value, registry)
    line = document.line_of(prefix) if prefix else document.line
    return Manifest(resource, path, line, value, document, prefix)
