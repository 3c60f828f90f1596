"""A container of a pod, as a kubelet starts it: its user, its capabilities, a read-only root.

The root is made here: the system's programs, and in /opt what an image of the proxy holds. Its
programs are scripts whose first line names the interpreter, because a shell in between
would lose the capability that comes with the file. `linkerd2-proxy-init` names a copy of the
interpreter that carries CAP_NET_ADMIN.

Run as a program (by `command`), this file is the container runtime.
"""

import ctypes
import json
import os
import struct
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

NET_ADMIN = 12
INIT_USER = 65534
PROXY_USER = 2102
BIN = "/opt/bin"
SECONDS = 20.0

_PACKAGE = Path(__file__).parents[1] / "python"
_ALIASES = ("linkerd2-proxy-init", "linkerd2-network-validator", "linkerd-await")
_CLONE_NEWNS, _CLONE_NEWNET = 0x20000, 0x40000000
_RDONLY, _REMOUNT, _BIND, _REC, _PRIVATE = 0x1, 0x20, 0x1000, 0x4000, 0x40000
_CAPBSET_DROP, _SET_KEEPCAPS, _SET_NO_NEW_PRIVS = 24, 8, 38
_LAST_CAPABILITY = 40
_CAPABILITY_VERSION_3 = 0x20080522
_FILE_CAPABILITY_2_EFFECTIVE = 0x02000001


@dataclass(frozen=True)
class Container:
    """What a pod's specification says about one container."""

    namespace: str
    """Path of the pod's network namespace."""

    uid: int
    gid: int = 0
    capabilities: tuple[int, ...] = ()
    mounts: Mapping[str, str] = field(default_factory=dict)
    """Files from outside: path inside → path outside."""

    def command(self, program: str, *arguments: str) -> list[str]:
        """The command that becomes the container's process."""
        specification = json.dumps({"container": asdict(self), "run": [program, *arguments]})
        return [sys.executable, "-I", "-B", __file__, specification]

    def run(self, program: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            self.command(program, *arguments),
            env={"PATH": f"{BIN}:/usr/bin:/bin", **environment},
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )


def main() -> None:
    given = json.loads(sys.argv[1])
    container = Container(**given["container"])
    os.setgroups([])
    with Path(container.namespace).open() as namespace:
        _call("setns", namespace.fileno(), _CLONE_NEWNET)
    _call("unshare", _CLONE_NEWNS)
    _mount(None, "/", _REC | _PRIVATE)
    _enter(_root(container.mounts))
    _confine(container)
    os.execvp(given["run"][0], given["run"])


def _root(mounts: Mapping[str, str]) -> Path:
    """Mount a root whose every part is read-only, and return where."""
    root = Path("/mnt")
    _call("mount", b"container", bytes(root), b"tmpfs", 0, b"mode=0755")
    python = Path(sys.executable).resolve()
    for place in ("/usr", "/lib", "/lib64", "/bin", "/etc", sys.base_prefix):
        _show(Path(place), root / place[1:])
    _show(_PACKAGE, root / "opt/mesh")
    for inside, outside in mounts.items():
        _show(Path(outside), root / inside[1:])
    for place in ("proc", "dev"):
        (root / place).mkdir()
        _mount(f"/{place}", root / place, _BIND | _REC)
    _install(root / BIN[1:], python)
    _mount(None, root, _REMOUNT | _BIND | _RDONLY)
    return root


def _show(outside: Path, inside: Path) -> None:
    """Bind a file or directory read-only; a link stays one, what is there already stays."""
    if inside.exists() or not outside.exists():
        return
    inside.parent.mkdir(parents=True, exist_ok=True)
    if outside.is_symlink():
        inside.symlink_to(outside.readlink())
        return
    if outside.is_dir():
        inside.mkdir()
    else:
        inside.touch()
    _mount(outside, inside, _BIND | _REC)
    _mount(None, inside, _REMOUNT | _BIND | _RDONLY)


def _install(place: Path, python: Path) -> None:
    """What an image of the proxy holds, in place of /usr/local/bin and /usr/lib/linkerd."""
    place.mkdir()
    (place / "pyvenv.cfg").write_text(f"home = {python.parent}\n")
    for name in ("python", "python-net-admin"):
        (place / name).write_bytes(python.read_bytes())
        (place / name).chmod(0o755)
    capability = struct.pack("<5I", _FILE_CAPABILITY_2_EFFECTIVE, 1 << NET_ADMIN, 0, 0, 0)
    os.setxattr(place / "python-net-admin", "security.capability", capability)
    for name in ("mesh-proxy", *_ALIASES):
        interpreter = "python-net-admin" if name == "linkerd2-proxy-init" else "python"
        (place / name).write_text(
            f"#!{BIN}/{interpreter} -IBS\nimport sys\nsys.path.append('/opt/mesh')\n"
            "from mesh_proxy.__main__ import main\nsys.exit(main())\n"
        )
        (place / name).chmod(0o755)


def _enter(root: Path) -> None:
    os.chroot(root)
    os.chdir("/")


def _confine(container: Container) -> None:
    """Give up all that the container shall not have, as a runtime does before it executes."""
    for capability in range(_LAST_CAPABILITY + 1):
        if capability not in container.capabilities:
            _call("prctl", _CAPBSET_DROP, capability, 0, 0, 0)
    _call("prctl", _SET_KEEPCAPS, 1, 0, 0, 0)
    os.setresgid(container.gid, container.gid, container.gid)
    os.setresuid(container.uid, container.uid, container.uid)
    wanted = sum(1 << capability for capability in container.capabilities)
    # Effective and permitted, not inheritable, in two halves of 32.
    header = struct.pack("=Ii", _CAPABILITY_VERSION_3, 0)
    _call("capset", header, struct.pack("=6I", wanted, wanted, 0, 0, 0, 0))
    _call("prctl", _SET_NO_NEW_PRIVS, 1, 0, 0, 0)


def _mount(source: str | Path | None, target: str | Path, flags: int) -> None:
    outside = None if source is None else os.fsencode(source)
    _call("mount", outside, os.fsencode(target), None, flags, None)


def _call(name: str, *arguments: object) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, name)(*arguments) == -1:
        code = ctypes.get_errno()
        raise OSError(code, f"{name}{arguments}: {os.strerror(code)}")


if __name__ == "__main__":
    main()
