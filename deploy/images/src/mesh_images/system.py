"""What a container expects of a file system besides its programs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from mesh_images.component import CONTROL_USER, NOBODY, PROXY_USER
from mesh_images.layer import Entry, file, folder, link

_USERS = {"root": 0, "mesh-proxy": PROXY_USER, "mesh-control": CONTROL_USER, "nobody": NOBODY}


def entries() -> Iterator[Entry]:
    """Users, temporary folders, name resolution; nothing that is particular to this machine."""
    passwd = "".join(
        f"{name}:x:{number}:{number}::/:/usr/sbin/nologin\n" for name, number in _USERS.items()
    )
    group = "".join(f"{name}:x:{number}:\n" for name, number in _USERS.items())
    yield file("etc/passwd", passwd.encode())
    yield file("etc/group", group.encode())
    yield file("etc/nsswitch.conf", b"passwd: files\ngroup: files\nhosts: files dns\n")
    yield folder("etc/ssl/certs")
    for path in ("tmp", "var/tmp"):
        yield folder(path, 0o1777)
    for path in ("dev", "proc", "run", "sys", "var/run"):
        yield link(path, "/run") if path == "var/run" else folder(path)
    # Scanners look here for which distribution's packages they are to judge.
    release = Path("/etc/os-release")
    if release.is_file():
        yield file("usr/lib/os-release", release.read_bytes())
        yield link("etc/os-release", "../usr/lib/os-release")
