"""Steps into a network namespace and back, for the calling thread only."""

import ctypes
import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager

from mesh_proxy.errors import MissingCapability, NamespaceError

_CLONE_NEWNET = 0x40000000


@contextmanager
def entered(path: str) -> Iterator[None]:
    """Run the block in the network namespace pinned at `path`.

    Raises NamespaceError when there is none, MissingCapability without CAP_SYS_ADMIN.
    """
    # Opened before anything changes, so that the way back cannot fail half-way.
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        target = _open(path)
        try:
            _set_namespace(target, path)
        finally:
            os.close(target)
        try:
            yield
        finally:
            _set_namespace(home, "its own")
    finally:
        os.close(home)


def _open(path: str) -> int:
    try:
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise NamespaceError(
            f"--netns {path}: {error.strerror}; give the path of a network namespace, such as"
            " /run/netns/NAME or /proc/PID/ns/net"
        ) from error


def _set_namespace(descriptor: int, path: str) -> None:
    # os.setns exists only from Python 3.12 on.
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(descriptor, _CLONE_NEWNET) == 0:
        return
    code = ctypes.get_errno()
    if code == errno.EPERM:
        raise MissingCapability(f"--netns {path}: entering it needs CAP_SYS_ADMIN; run as root")
    raise NamespaceError(
        f"--netns {path}: not a network namespace ({os.strerror(code)}); give a path such as"
        " /run/netns/NAME or /proc/PID/ns/net"
    )
