"""Remembers from which files something was made, so that it is made again only when they change."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path


class Stamp:
    """A file that holds the digest of what a result was made from."""

    def __init__(self, path: Path, sources: Iterable[Path], *extra: str) -> None:
        """`extra` are further inputs: a version, a profile."""
        self._path = path
        self._digest = digest(sources, *extra)

    def fresh(self) -> bool:
        """Whether the result was made from exactly these inputs."""
        return self._path.is_file() and self._path.read_text() == self._digest

    def write(self) -> None:
        """Notes that the result is made now."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.write_text(self._digest)


def digest(sources: Iterable[Path], *extra: str) -> str:
    """A digest of files, their names included, and of texts."""
    total = hashlib.sha256()
    for text in extra:
        total.update(text.encode() + b"\0")
    for path in sorted(sources):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        total.update(f"{path}\0{content}\0".encode())
    return total.hexdigest()
