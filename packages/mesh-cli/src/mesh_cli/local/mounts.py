"""What a pod's processes see of the file system: a plan, and its application.

Each pod gets a root of its own: a tmpfs with the host's top-level entries bound into it, so
that a volume may lie anywhere and nothing is ever created on the host.

Home directories are closed to other users, so a proxy under its own uid could not run the
interpreter where it lies. Each closed ancestor of a needed directory becomes a tmpfs that
holds only the way to the needed ones, which are bound back read-only. `/run` and `/tmp` are
always the pod's own: the host's hold other pods' secrets and the host's sockets.
"""

import os
import stat
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mesh_cli.local import kernel
from mesh_cli.local.kernel import MountFlag

_ROOT = Path("/")
_OWN = {Path("/run"): 0o755, Path("/tmp"): 0o1777}  # noqa: S108 - these are mount points
_OPEN = stat.S_IROTH | stat.S_IXOTH


@dataclass(frozen=True, slots=True)
class Tmpfs:
    """An empty directory of the pod's own, in memory."""

    target: Path
    mode: int = 0o755


@dataclass(frozen=True, slots=True)
class Link:
    """A symbolic link of the host, made again."""

    target: Path
    to: str


@dataclass(frozen=True, slots=True)
class Bind:
    """One file or directory shown at a path inside the pod."""

    source: Path
    target: Path
    read_only: bool = True
    recursive: bool = False


Step = Tmpfs | Link | Bind


def is_closed(path: Path) -> bool:
    """Whether users other than the owner cannot enter or list a directory."""
    return path.is_dir() and path.stat().st_mode & _OPEN != _OPEN


def plan(needed: Iterable[Path], volumes: Sequence[Bind | Tmpfs] = ()) -> tuple[Step, ...]:
    """Give the mounts of a pod's root in the order in which they are made.

    `needed` are paths that every uid has to be able to read. Volumes come last and may lie
    anywhere; where their parent does not exist, its nearest existing ancestor is mirrored.
    """
    base = _top_level()
    opened, back = _open_up(needed)
    own = [*_OWN, *opened]
    resolved = [_resolved(volume) for volume in volumes]
    mirrors: list[Step] = []
    for directory in _to_mirror([volume.target for volume in resolved], own):
        mirrors += [Tmpfs(directory), *_entries(directory)]
    return (*base, *(Tmpfs(path) for path in opened), *mirrors, *back, *resolved)


def _resolved(volume: Bind | Tmpfs) -> Bind | Tmpfs:
    # `/var/run` is a link to `/run`: inside the new root it has to be followed by us.
    target = volume.target.resolve()
    if isinstance(volume, Tmpfs):
        return Tmpfs(target, volume.mode)
    return Bind(volume.source, target, volume.read_only)


def _top_level() -> list[Step]:
    steps: list[Step] = [Tmpfs(path, mode) for path, mode in _OWN.items()]
    return [*(step for step in _entries(_ROOT) if step.target not in _OWN), *steps]


def _entries(directory: Path) -> list[Step]:
    """The contents of a directory, shown again in a tmpfs that took its place."""
    steps: list[Step] = []
    for entry in sorted(directory.iterdir()):
        if entry.is_symlink():
            steps.append(Link(entry, str(entry.readlink())))
        else:
            steps.append(Bind(entry, entry, read_only=False, recursive=True))
    return steps


def _open_up(needed: Iterable[Path]) -> tuple[list[Path], list[Bind]]:
    """The closed directories to replace, and what has to be bound back into them."""
    covers: dict[Path, None] = {}
    back: list[Bind] = []
    readable = [item for path in needed for item in _readable(path.resolve())]
    for path in _outermost(readable):
        cover = _top_closed(path.parent)
        if cover is not None:
            back.append(Bind(path, path))
            if cover not in _OWN:
                covers.setdefault(cover)
    return list(covers), back


def _readable(path: Path) -> list[Path]:
    """The path, or where it is closed itself, what lies directly in it."""
    return sorted(path.iterdir()) if is_closed(path) else [path]


def _top_closed(path: Path) -> Path | None:
    for ancestor in (*reversed(path.parents), path):
        if ancestor in _OWN or is_closed(ancestor):
            return ancestor
    return None


def _outermost(paths: Iterable[Path]) -> list[Path]:
    """Drop paths that lie within another one of them."""
    kept: list[Path] = []
    for path in sorted(set(paths)):
        if not any(path.is_relative_to(other) for other in kept):
            kept.append(path)
    return kept


def _to_mirror(targets: Iterable[Path], own: Sequence[Path]) -> list[Path]:
    """Existing directories in which something has to be created."""
    found: dict[Path, None] = {}
    for target in targets:
        if target.exists() or any(target.is_relative_to(path) for path in own):
            continue
        parent = next(ancestor for ancestor in target.parents if ancestor.is_dir())
        if parent != _ROOT:
            found.setdefault(parent)
    return sorted(found)


def apply(steps: Sequence[Step], staging: Path) -> None:
    """Build the root at `staging` and make it the root of the caller's mount namespace."""
    kernel.mount("none", "/", flags=MountFlag.PRIVATE | MountFlag.RECURSIVE)
    # Sources are opened before anything covers them; a bind follows the descriptor's link.
    opened = {
        step: os.open(step.source, os.O_PATH | os.O_CLOEXEC)
        for step in steps
        if isinstance(step, Bind)
    }
    _mount_tmpfs(staging, 0o755)
    for step in steps:
        target = staging / step.target.relative_to("/")
        match step:
            case Tmpfs():
                target.mkdir(parents=True, exist_ok=True)
                _mount_tmpfs(target, step.mode)
            case Link():
                target.symlink_to(step.to)
            case Bind():
                _bind(step, opened.pop(step), target)
    os.chdir(staging)
    kernel.mount(".", "/", flags=MountFlag.MOVE)
    os.chroot(".")
    os.chdir("/")


def _mount_tmpfs(target: Path, mode: int) -> None:
    flags = MountFlag.NO_SUID | MountFlag.NO_DEVICES
    kernel.mount("tmpfs", str(target), "tmpfs", flags, f"mode={mode:o}")


def _bind(step: Bind, descriptor: int, target: Path) -> None:
    if stat.S_ISDIR(os.fstat(descriptor).st_mode):
        target.mkdir(parents=True, exist_ok=True)
    elif not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        target.touch()
    source = f"/proc/self/fd/{descriptor}"
    kernel.bind(source, str(target), read_only=step.read_only, recursive=step.recursive)
    os.close(descriptor)
