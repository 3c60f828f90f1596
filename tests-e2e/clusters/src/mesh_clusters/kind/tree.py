"""A root filesystem that is only ever a list: made without root, and without running a script."""

import copy
import fnmatch
import io
import os
import posixpath
import tarfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

# Debian has moved everything below /usr; packages still name some files by the old paths.
_MERGED = ("bin", "lib", "lib32", "lib64", "libx32", "sbin")


@dataclass(frozen=True, slots=True)
class _Node:
    header: tarfile.TarInfo
    read: Callable[[], bytes] = bytes


class Tree:
    """Files, links and folders by path; what is put at a path later wins."""

    def __init__(self) -> None:
        self._nodes: dict[str, _Node] = {}
        for name in ("bin", "lib", "lib64", "sbin"):
            self.link(name, f"usr/{name}")
            self.folder(f"usr/{name}")

    def __contains__(self, path: str) -> bool:
        return path in self._nodes

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._nodes))

    def unpack(self, archive: Path, unwanted: Iterable[str] = ()) -> None:
        """Put in what a plain tar holds, but for unwanted files and those below unwanted folders.

        The tar must stay until the tree is written.
        """
        with tarfile.open(archive, "r:") as tar:
            members = tar.getmembers()
        for member in members:
            path = _path(member.name)
            if path in ("", *_MERGED) or any(_below(path, each) for each in unwanted):
                continue
            header = copy.copy(member)
            if member.islnk():
                header.linkname = _path(member.linkname)
            content = partial(_part, archive, member.offset_data, member.size)
            self._put(path, header, content if member.isreg() else bytes)

    def file(self, path: str, content: bytes | Path, mode: int = 0o644) -> None:
        """Put in a regular file."""
        header = tarfile.TarInfo()
        header.mode = mode
        if isinstance(content, Path):
            header.size = content.stat().st_size
            self._put(path, header, content.read_bytes)
        else:
            header.size = len(content)
            self._put(path, header, partial(bytes, content))

    def link(self, path: str, target: str) -> None:
        """Put in a symbolic link."""
        header = tarfile.TarInfo()
        header.type, header.linkname, header.mode = tarfile.SYMTYPE, target, 0o777
        self._put(path, header)

    def folder(self, path: str, mode: int = 0o755) -> None:
        """Put in a folder."""
        header = tarfile.TarInfo()
        header.type, header.mode = tarfile.DIRTYPE, mode
        self._put(path, header)

    def remove(self, *patterns: str) -> None:
        """Take out the files whose paths match; `*` matches slashes, too."""
        for pattern in patterns:
            for path in fnmatch.filter(self._nodes, pattern):
                del self._nodes[path]

    def read(self, path: str) -> bytes:
        """What a regular file holds, also if the path is a link to it; KeyError without one."""
        node = self._nodes[path]
        for _ in self._nodes:
            if not node.header.issym():
                break
            path = _path(posixpath.join(posixpath.dirname(path), node.header.linkname))
            node = self._nodes[path]
        return node.read()

    def write(self, path: Path) -> None:
        """Write it as a tar, the same bytes every time; a reader sees all of it or the old one."""
        partial_path = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            with tarfile.open(partial_path, "w", format=tarfile.PAX_FORMAT) as tar:
                # A hard link comes after what it is a link to.
                for name in sorted(self._nodes, key=lambda name: (self._is_hard(name), name)):
                    node = self._nodes[name]
                    tar.addfile(node.header, io.BytesIO(node.read()))
            partial_path.replace(path)
        finally:
            partial_path.unlink(missing_ok=True)

    def _is_hard(self, path: str) -> bool:
        return self._nodes[path].header.islnk()

    def _put(self, path: str, header: tarfile.TarInfo, read: Callable[[], bytes] = bytes) -> None:
        header.name, header.mtime = path, 0
        header.uname = header.gname = ""
        self._nodes[path] = _Node(header, read)


def _path(name: str) -> str:
    """A path in the tree: relative, and below /usr where a merged system has it."""
    plain = posixpath.normpath(f"/{name}").lstrip("/")
    first, slash, _ = plain.partition("/")
    return f"usr/{plain}" if slash and first in _MERGED else plain


def _below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(f"{folder}/")


def _part(archive: Path, offset: int, size: int) -> bytes:
    with archive.open("rb") as file:
        file.seek(offset)
        return file.read(size)
