"""A layer of an image: the same entries give the same bytes, whatever machine packs them."""

from __future__ import annotations

import hashlib
import io
import posixpath
import tarfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from mesh_images import capability
from mesh_images.errors import LayerError

# As small as zlib makes it: a layer is packed once, and fetched by every node.
_LEVEL = 9
_GZIP = 31


@dataclass(frozen=True)
class Entry:
    """One path in a layer.

    `content` is what a regular file holds, as bytes or as the file to take it from; `target` makes
    the entry a symbolic link instead; with neither it is a folder.
    """

    path: str
    content: bytes | Path | None = None
    target: str | None = None
    mode: int = 0o755
    owner: int = 0
    group: int = 0
    capabilities: tuple[str, ...] = ()

    def read(self) -> bytes:
        """The content of a regular file."""
        if isinstance(self.content, Path):
            try:
                return self.content.read_bytes()
            except OSError as error:
                raise LayerError(
                    f"{self.content}: cannot be read for /{self.path}: {error}"
                ) from error
        return self.content or b""


def folder(path: str, mode: int = 0o755) -> Entry:
    """A folder; those above it come by themselves."""
    return Entry(path, mode=mode)


def link(path: str, target: str) -> Entry:
    """A symbolic link."""
    return Entry(path, target=target, mode=0o777)


def file(path: str, content: bytes | Path, mode: int | None = None) -> Entry:
    """A regular file that everybody may read, and execute if it could be executed where it lies."""
    if mode is None:
        runs = isinstance(content, Path) and content.stat().st_mode & 0o100
        mode = 0o755 if runs else 0o644
    return Entry(path, content, mode=mode)


@dataclass(frozen=True)
class Layer:
    """A layer, packed. `diff_id` is the digest of the tar, `digest` that of the packed blob."""

    blob: bytes
    diff_id: str
    note: str = ""

    @cached_property
    def digest(self) -> str:
        """The name of the blob."""
        return digest(self.blob)

    @property
    def size(self) -> int:
        """Bytes that a node fetches."""
        return len(self.blob)


def pack(entries: Iterable[Entry], *, epoch: int = 0, note: str = "") -> Layer:
    """A layer of entries, sorted, with the folders above them; every time is `epoch`, in seconds.

    The note says in the image's history where the layer comes from.
    """
    content = tar(entries, epoch)
    return Layer(zlib.compress(content, _LEVEL, wbits=_GZIP), digest(content), note)


def tar(entries: Iterable[Entry], epoch: int = 0) -> bytes:
    """The layer before it is packed."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for entry in _whole(entries):
            content = entry.read()
            archive.addfile(_header(entry, len(content), epoch), io.BytesIO(content))
    return buffer.getvalue()


def digest(content: bytes) -> str:
    """A blob's name in a layout or registry."""
    return "sha256:" + hashlib.sha256(content).hexdigest()


def _whole(entries: Iterable[Entry]) -> list[Entry]:
    """Every entry once, each after the folders that it lies in."""
    found: dict[str, Entry] = {}
    for entry in entries:
        path = entry.path.strip("/")
        if not path or path != posixpath.normpath(path) or path.startswith(".."):
            raise LayerError(f"{entry.path!r}: is no path inside an image")
        known = found.setdefault(path, entry)
        if known != entry:
            raise LayerError(f"/{path}: two different things are meant to lie there")
    for path in list(found):
        for above in _above(path):
            lies_in = found.setdefault(above, folder(above))
            if lies_in.content is not None or lies_in.target is not None:
                raise LayerError(f"/{path}: /{above} is no folder")
    return [found[path] for path in sorted(found)]


def _above(path: str) -> list[str]:
    parts = path.split("/")[:-1]
    return ["/".join(parts[: end + 1]) for end in range(len(parts))]


def _header(entry: Entry, size: int, epoch: int) -> tarfile.TarInfo:
    header = tarfile.TarInfo(entry.path.strip("/"))
    header.mode, header.uid, header.gid = entry.mode, entry.owner, entry.group
    header.mtime = epoch
    if entry.target is not None:
        header.type, header.linkname = tarfile.SYMTYPE, entry.target
    elif entry.content is None:
        header.type = tarfile.DIRTYPE
    else:
        header.size = size
    if entry.capabilities:
        # The kernel's structure holds bytes below 0x80 only, so it is text of the same bytes.
        value = capability.attribute(entry.capabilities).decode("ascii")
        header.pax_headers = {capability.PAX_RECORD: value}
    return header
