"""Layers that were packed before: packing one takes seconds, finding it again does not."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from functools import cache
from pathlib import Path

from mesh_images.age import used
from mesh_images.layer import Layer, digest


class Remembered:
    """A folder of layers, each under the digest of what it was made from."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def layer(self, key: list[str], make: Callable[[], Layer]) -> Layer:
        """The layer of a key; made when there is none, or when its file is damaged."""
        name = hashlib.sha256(json.dumps([*key, _ourselves()]).encode()).hexdigest()
        path = self._folder / name
        found = _read(path)
        if found is not None:
            used(path)
            return found
        layer = make()
        self._folder.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f".{name}.{os.getpid()}")
        head = json.dumps({"diff_id": layer.diff_id, "note": layer.note, "digest": layer.digest})
        partial.write_bytes(head.encode() + b"\n" + layer.blob)
        partial.replace(path)
        return layer


def _read(path: Path) -> Layer | None:
    try:
        head, _, blob = path.read_bytes().partition(b"\n")
        said = json.loads(head)
        # A machine that lost power may have left a file of the right length full of zeros.
        return (
            Layer(blob, said["diff_id"], said["note"]) if digest(blob) == said["digest"] else None
        )
    except (OSError, ValueError, KeyError):
        return None


@cache
def _ourselves() -> str:
    """What decides the bytes besides the inputs: this package."""
    total = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        total.update(path.read_bytes())
    return total.hexdigest()
