"""A wheel (PEP 427), unpacked without installing it: no script and no path of this machine."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from functools import cached_property
from pathlib import Path

from mesh_images.errors import ImagesError

_KEPT = ("purelib", "platlib")


class WheelError(ImagesError):
    """A file is no wheel."""


@dataclass(frozen=True)
class Wheel:
    """A wheel on this machine."""

    path: Path

    @cached_property
    def sha256(self) -> str:
        """Its checksum."""
        return hashlib.sha256(self.path.read_bytes()).hexdigest()

    @cached_property
    def metadata(self) -> Message:
        """Its core metadata: Name, Version, License-Expression and so on."""
        found = self.described("METADATA")
        if not found:
            raise WheelError(f"{self.path}: is no wheel, it has no METADATA; delete it, try again")
        return message_from_bytes(found)

    def described(self, what: str) -> bytes:
        """A file of its dist-info folder; empty when there is none."""
        for name, content in self.files(lambda name: name.endswith(f".dist-info/{what}")):
            if name.count("/") == 1:
                return content
        return b""

    def files(self, wanted: Callable[[str], bool] = bool) -> Iterator[tuple[str, bytes]]:
        """What lies below site-packages, in the wheel's order; only those that are `wanted`."""
        try:
            with zipfile.ZipFile(self.path) as archive:
                for entry in archive.infolist():
                    name = _place(entry.filename)
                    if name and not entry.is_dir() and wanted(name):
                        yield name, archive.read(entry)
        except (OSError, zipfile.BadZipFile) as error:
            raise WheelError(f"{self.path}: {error}; delete it and try again") from error


def _place(name: str) -> str:
    """Where a member goes below site-packages; empty for scripts, headers, data and bytecode."""
    first, _, rest = name.partition("/")
    if name.endswith(".pyc"):
        return ""
    if not first.endswith(".data"):
        return name
    scheme, _, path = rest.partition("/")
    return path if scheme in _KEPT else ""
