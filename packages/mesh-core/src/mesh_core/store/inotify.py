"""Change notification of directories by the Linux kernel."""

import ctypes
import ctypes.util
import errno
import os
import struct
from dataclasses import dataclass
from pathlib import Path

_CREATE, _DELETE, _CLOSE_WRITE = 0x100, 0x200, 0x8
_MOVED_FROM, _MOVED_TO = 0x40, 0x80
_DELETE_SELF, _MOVE_SELF = 0x400, 0x800
_OVERFLOW, _IGNORED, _IS_DIR = 0x4000, 0x8000, 0x4000_0000
_SWAPPED = "..data"  # the symlink through which all files of a mounted ConfigMap lead
_ONLY_DIR = 0x0100_0000
# No IN_MODIFY: a file counts when its writer is done with it.
_MASK = _CREATE | _DELETE | _CLOSE_WRITE | _MOVED_FROM | _MOVED_TO | _DELETE_SELF | _MOVE_SELF

_HEADER = struct.Struct("iIII")
_READ_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Changes:
    """What happened since the last reading; `all` means that anything may have."""

    files: frozenset[Path]
    all: bool


class Inotify:
    """Watches single directories; the caller adds those below.

    Raises OSError where the kernel has no inotify or a limit is reached
    (`fs.inotify.max_user_watches`, `max_user_instances`).
    """

    def __init__(self) -> None:
        """Open the notification queue."""
        library = ctypes.CDLL(None, use_errno=True)
        if not hasattr(library, "inotify_init1"):
            raise OSError(errno.ENOSYS, "this system has no inotify")
        self._add_watch = library.inotify_add_watch
        self._add_watch.argtypes = (ctypes.c_int, ctypes.c_char_p, ctypes.c_uint32)
        self._descriptor: int = library.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        if self._descriptor < 0:
            raise _last_error()
        self._folders: dict[int, Path] = {}

    def fileno(self) -> int:
        """Give the descriptor that becomes readable with the first change."""
        return self._descriptor

    def add(self, folder: Path) -> None:
        """Watch a directory; again is harmless, and one that is gone is no error."""
        watch: int = self._add_watch(self._descriptor, os.fsencode(folder), _MASK | _ONLY_DIR)
        if watch >= 0:
            self._folders[watch] = folder
        elif ctypes.get_errno() not in {errno.ENOENT, errno.ENOTDIR, errno.EACCES}:
            raise _last_error()

    def read(self) -> Changes:
        """Take all changes out of the queue; does not wait."""
        files: set[Path] = set()
        everything = False
        while True:
            try:
                data = os.read(self._descriptor, _READ_BYTES)
            except BlockingIOError:
                return Changes(frozenset(files), everything)
            everything |= self._take(data, files)

    def close(self) -> None:
        """Let go of the queue and its watches."""
        os.close(self._descriptor)

    def _take(self, data: bytes, files: set[Path]) -> bool:
        """Add the files of one reading; say whether everything must be looked at again."""
        everything = False
        offset = 0
        while offset < len(data):
            watch, mask, _cookie, length = _HEADER.unpack_from(data, offset)
            start = offset + _HEADER.size
            name = os.fsdecode(data[start : start + length].rstrip(b"\0"))
            offset = start + length
            if mask & _IGNORED:
                self._folders.pop(watch, None)
            folder = self._folders.get(watch)
            # A folder came or went, or a mounted ConfigMap was swapped.
            if mask & (_OVERFLOW | _IS_DIR | _DELETE_SELF | _MOVE_SELF) or name == _SWAPPED:
                everything = True
            elif folder is not None and name and not name.startswith("."):
                files.add(folder / name)
        return everything


def _last_error() -> OSError:
    code = ctypes.get_errno()
    return OSError(code, os.strerror(code))
