"""The system calls that Python 3.11 does not offer: namespaces and mounts.

Symbols are resolved once at import, so that a forked child only calls them.
"""

import ctypes
import os
from enum import IntFlag

_libc = ctypes.CDLL(None, use_errno=True)
_unshare = _libc.unshare
_setns = _libc.setns
_mount = _libc.mount
_umount2 = _libc.umount2
_sethostname = _libc.sethostname
_prctl = _libc.prctl
_mount.argtypes = (
    ctypes.c_char_p,
    ctypes.c_char_p,
    ctypes.c_char_p,
    ctypes.c_ulong,
    ctypes.c_char_p,
)
_sethostname.argtypes = (ctypes.c_char_p, ctypes.c_size_t)

_PR_SET_NO_NEW_PRIVS = 38
_MNT_DETACH = 2


class Namespace(IntFlag):
    """Kinds of namespaces, as `unshare(2)` and `setns(2)` number them."""

    MOUNT = 0x00020000
    UTS = 0x04000000
    IPC = 0x08000000
    PID = 0x20000000
    NET = 0x40000000


class MountFlag(IntFlag):
    """Flags of `mount(2)`."""

    NONE = 0
    READ_ONLY = 1
    NO_SUID = 2
    NO_DEVICES = 4
    NO_EXEC = 8
    REMOUNT = 32
    BIND = 4096
    MOVE = 8192
    RECURSIVE = 16384
    PRIVATE = 1 << 18


def _check(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def unshare(kinds: Namespace) -> None:
    """Move the calling process (for PID: its next children) into new namespaces."""
    _check(_unshare(int(kinds)), f"unshare {kinds!r}")


def enter(descriptor: int, kind: Namespace) -> None:
    """Move the calling thread into the namespace that the descriptor names."""
    _check(_setns(descriptor, int(kind)), f"setns {kind!r}")


def mount(
    source: str,
    target: str,
    kind: str = "",
    flags: MountFlag = MountFlag.NONE,
    options: str = "",
) -> None:
    """Mount; the error names source and target."""
    result = _mount(
        source.encode(), target.encode(), kind.encode() or None, int(flags), options.encode()
    )
    _check(result, f"mount {source} on {target}")


def bind(source: str, target: str, *, read_only: bool = False, recursive: bool = False) -> None:
    """Show source at target as well.

    A read-only bind takes two calls: the first ignores every flag but BIND (mount(2)).
    """
    extra = MountFlag.RECURSIVE if recursive else MountFlag.NONE
    mount(source, target, flags=MountFlag.BIND | extra)
    if read_only:
        mount("none", target, flags=MountFlag.REMOUNT | MountFlag.BIND | MountFlag.READ_ONLY)


def detach(target: str) -> None:
    """Take a mount away; the kernel frees it when its last user ends."""
    _check(_umount2(target.encode(), _MNT_DETACH), f"umount {target}")


def set_hostname(name: str) -> None:
    """Name the calling process's UTS namespace."""
    encoded = name.encode()
    _check(_sethostname(encoded, len(encoded)), f"sethostname {name}")


def forbid_new_privileges() -> None:
    """Make set-uid and file capabilities without effect from here on (no_new_privs)."""
    _check(_prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl no_new_privs")
