"""Servers that the demo, the tests and the bench run: from PATH, else unpacked from Debian.

Packages are downloaded and unpacked into the cache, never installed: that needs no root,
and no daemon starts on the user's machine.
"""

import fcntl
import os
import platform
import re
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from mesh_cli.errors import MeshError

_NAME = re.compile(r"[a-z0-9][a-z0-9.+-]*")
_SECONDS = 300
_DIRECTORIES = ("/usr/local/sbin", "/usr/sbin", "/sbin")


class ProgramMissing(MeshError):
    """A program is not installed and could not be fetched."""


def _silent(_message: str) -> None:
    """Tell nobody."""


def cache_directory() -> Path:
    """Return where fetched things are kept: $MESH_CACHE, else a directory of the user's."""
    if given := os.environ.get("MESH_CACHE"):
        return Path(given)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "mesh"


def installed(name: str) -> Path | None:
    """Return a program of this machine, also from where only root's PATH leads."""
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), *_DIRECTORIES])
    found = shutil.which(name, path=path)
    return Path(found) if found else None


def find_program(
    name: str,
    debian_package: str,
    *,
    cache: Path | None = None,
    progress: Callable[[str], None] = _silent,
) -> Path:
    """Return an absolute path that runs `name`; fetch `debian_package` if need be.

    What was fetched lies in one directory with its libraries: showing a pod the path's
    parent shows it everything. Raises ProgramMissing with what to install.
    """
    return installed(name) or _fetched(name, debian_package, cache or cache_directory(), progress)


def unpacked_package(
    package: str,
    file: Path,
    *,
    cache: Path | None = None,
    progress: Callable[[str], None] = _silent,
) -> Path:
    """Return the root below which a Debian package is unpacked, for what is on no PATH.

    It holds `file`, a relative path. Raises ProgramMissing with what to install.
    """

    def complete(home: Path) -> bool:
        return (home / "root" / file).exists()

    return _fetch(package, str(file), complete, cache or cache_directory(), progress) / "root"


def _fetched(name: str, package: str, cache: Path, progress: Callable[[str], None]) -> Path:
    if not _NAME.fullmatch(name):
        raise ValueError(f"no program name: {name!r}")
    return _fetch(package, name, lambda home: _runs(home / name), cache, progress) / name


def _fetch(
    package: str,
    what: str,
    complete: Callable[[Path], bool],
    cache: Path,
    progress: Callable[[str], None],
) -> Path:
    """Return where a package is unpacked, after fetching it unless all is there already."""
    if not _NAME.fullmatch(package):
        raise ValueError(f"no package name: {package!r}")
    home = cache / "programs" / _release() / package
    if complete(home):
        return home
    apt, dpkg = shutil.which("apt-get"), shutil.which("dpkg")
    if not apt or not dpkg:
        raise ProgramMissing(
            f"{what} is not installed, and only on Debian and Ubuntu can it be fetched; install"
            f" it (Debian's package is {package}) so that it is on PATH, and run this again"
        )
    home.parent.mkdir(parents=True, exist_ok=True)
    with _locked(home.parent / f".{package}.lock"):
        if not complete(home):
            progress(f"fetching {what} (Debian package {package}; a few seconds)")
            _unpack(what, package, home, apt, dpkg)
    return home


def _runs(program: Path) -> bool:
    """Whether it was fetched and finds its libraries: the system's may have been removed since."""
    root = program.parent / "root"
    binary, ldd = _binaries(root).get(program.name), shutil.which("ldd")
    if binary is None or not program.exists():
        return False
    if ldd is None:
        return True
    done = subprocess.run(
        [ldd, str(root / binary)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "LD_LIBRARY_PATH": _library_path(root, root)},
    )
    return "not found" not in done.stdout


def _unpack(what: str, package: str, home: Path, apt: str, dpkg: str) -> None:
    # Made beside its final place and renamed, so that an interrupted run leaves nothing
    # that looks complete.
    with tempfile.TemporaryDirectory(dir=home.parent, prefix=".fetch-") as scratch:
        archives = Path(scratch, "archives")
        tree = Path(scratch, "tree")
        root = tree / "root"
        root.mkdir(parents=True)
        Path(archives, "partial").mkdir(parents=True)
        _download(package, apt, archives)
        for archive in sorted(archives.glob("*.deb")):
            _run([dpkg, "-x", str(archive), str(root)], f"unpack {archive.name}")
        binaries = _binaries(root)
        if what not in binaries and not (root / what).exists():
            raise ProgramMissing(f"the Debian package {package} holds no program {what}")
        # The others as well: a server comes with its client.
        for each, binary in binaries.items():
            _write_wrapper(tree / each, home / "root", binary, root)
        tree.chmod(0o755)
        shutil.rmtree(home, ignore_errors=True)
        tree.rename(home)


def _download(package: str, apt: str, archives: Path) -> None:
    options = {
        "Debug::NoLocking": "1",
        "Dir::Cache::archives": str(archives),
        # These two would be written beside the system's own, which needs root.
        "Dir::Cache::pkgcache": "",
        "Dir::Cache::srcpkgcache": "",
        # Without it apt drops to a user that cannot read a private cache, and warns.
        "APT::Sandbox::User": "",
    }
    command = [apt, *(part for key, value in options.items() for part in ("-o", f"{key}={value}"))]
    fetch = ["--yes", "--no-install-recommends", "--download-only", "install", package]
    try:
        _run([*command, *fetch], f"download {package}")
    except ProgramMissing:
        # A fresh machine has no package lists; fetch some of our own and try again.
        lists = archives.parent / "lists"
        Path(lists, "partial").mkdir(parents=True)
        command += ["-o", f"Dir::State::lists={lists}"]
        _run([*command, "update"], "fetch the package lists")
        _run([*command, *fetch], f"download {package}")


def _run(command: Sequence[str], what: str) -> None:
    environment = {**os.environ, "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
            env=environment,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired:
        raise ProgramMissing(f"could not {what}: no end after {_SECONDS} s; try again") from None
    if done.returncode != 0:
        lines = (done.stderr or done.stdout).strip().splitlines()
        reason = next((line for line in lines if line.startswith("E:")), "".join(lines[-1:]))
        raise ProgramMissing(
            f"could not {what}: {reason.removeprefix('E: ')}; check the network, or install the"
            " package yourself (apt-get install)"
        )


def _binaries(root: Path) -> dict[str, Path]:
    """Return what can be run, by name, as paths below the root."""
    return {
        path.name: path.relative_to(root)
        for directory in ("sbin", "bin", "usr/sbin", "usr/bin")
        for path in (root / directory).glob("*")
        if path.is_file() and os.access(path, os.X_OK)
    }


def _write_wrapper(wrapper: Path, root: Path, binary: Path, unpacked: Path) -> None:
    """Write the script that runs a binary with the libraries unpacked beside it."""
    libraries = shlex.quote(_library_path(root, unpacked))
    wrapper.write_text(
        "#!/bin/sh\n"
        f"LD_LIBRARY_PATH={libraries}${{LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}}\n"
        "export LD_LIBRARY_PATH\n"
        f'exec {shlex.quote(str(root / binary))} "$@"\n'
    )
    wrapper.chmod(0o755)


def _library_path(root: Path, unpacked: Path) -> str:
    """Give the directories with libraries of what is `unpacked`, as they lie below `root`."""
    found = {
        library.parent.relative_to(unpacked)
        for base in ("lib", "usr/lib")
        for pattern in ("*.so*", "*/*.so*")
        for library in (unpacked / base).glob(pattern)
    }
    return ":".join(str(root / path) for path in sorted(found))


def _release() -> str:
    """Name the release: a library of one does not fit the programs of another."""
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        return platform.system().lower()
    return f"{release.get('ID', 'linux')}-{release.get('VERSION_ID', 'rolling')}"


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
