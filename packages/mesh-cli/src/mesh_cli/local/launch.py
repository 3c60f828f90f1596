"""Starting a mesh from a command: checks, sockets, the supervisor's process."""

import contextlib
import dataclasses
import errno
import fcntl
import os
import select
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from mesh_cli.local import interrupts, preconditions
from mesh_cli.local.boot import READY
from mesh_cli.local.client import LocalMesh
from mesh_cli.local.errors import AlreadyRunning, BadArgument, StartError, Unsupported
from mesh_cli.local.settings import RUN_DIRECTORY, Exposure, Settings, prefix_option

_START_SECONDS = 30.0


def launch(settings: Settings) -> LocalMesh:
    """Start a mesh and return when it answers commands; raises LocalError.

    Whatever is missing on this machine is found before anything is made.
    """
    preconditions.check()
    if settings.control_plane and (missing := missing_programs()):
        raise Unsupported(
            f"{' and '.join(missing)} is not installed beside {sys.executable}: "
            "pip install 'mesh-cli[local]'"
        )
    for directory in settings.directories:
        if not directory.exists():
            raise BadArgument(f"{directory}: there is no such file or directory")
    with _one_at_a_time(), interrupts.only_once():
        return _launch(settings)


def _launch(settings: Settings) -> LocalMesh:
    mesh = LocalMesh(settings.prefix)
    if mesh.running:
        raise AlreadyRunning(
            f"mesh {settings.prefix!r} runs already; end it with `mesh local down"
            f"{prefix_option(settings.prefix)}`, or give another --prefix"
        )
    listeners: list[socket.socket] = []
    try:
        listeners += [_listen(exposure) for exposure in settings.exposures]
        mesh.remove_state()  # what a killed supervisor may have left
        _make_state(settings)
        _start(settings, listeners)
    except BaseException:
        # At once: nothing that somebody uses runs in it yet.
        mesh.kill()
        mesh.down()
        raise
    finally:
        for listener in listeners:
            listener.close()
    return mesh


@contextlib.contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Keep a second `up` from clearing away what a first one is just making."""
    while True:
        RUN_DIRECTORY.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(RUN_DIRECTORY, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        # Meanwhile a `down` may have removed the directory, and another `up` made a new one.
        with contextlib.suppress(FileNotFoundError):
            if RUN_DIRECTORY.stat().st_ino == os.fstat(descriptor).st_ino:
                break
        os.close(descriptor)
    try:
        yield
    finally:
        os.close(descriptor)


def missing_programs() -> list[str]:
    """Programs of the mesh that this environment lacks."""
    names = ("mesh-identity", "mesh-destination", "mesh-proxy")
    return [name for name in names if not Path(sys.prefix, "bin", name).exists()]


def _listen(exposure: Exposure) -> socket.socket:
    family = socket.AF_INET6 if ":" in exposure.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((exposure.host, exposure.host_port))
        listener.listen(128)
    except OSError as problem:
        listener.close()
        hint = {
            errno.EADDRINUSE: "the port is in use; choose another",
            errno.EADDRNOTAVAIL: "this machine has no such address",
        }.get(problem.errno or 0, str(problem))
        raise BadArgument(f"--expose {exposure}: {hint}") from problem
    return listener


def _make_state(settings: Settings) -> None:
    settings.state.mkdir(parents=True, mode=0o755)
    settings.logs.mkdir(mode=0o700)
    settings.pods.mkdir(mode=0o711)
    settings.identity.mkdir(mode=0o700)


def _start(settings: Settings, listeners: Sequence[socket.socket]) -> None:
    reader, writer = os.pipe()
    numbers = tuple(listener.fileno() for listener in listeners)
    complete = dataclasses.replace(settings, listeners=numbers)
    argv = [
        sys.executable,
        "-I",
        "-B",
        "-m",
        "mesh_cli.local.boot",
        complete.to_json(),
        str(writer),
    ]
    with (settings.state / "supervisor.log").open("wb") as log, os.fdopen(reader, "rb") as report:
        boot: subprocess.Popen[bytes] | None = None
        try:
            with interrupts.deferred():
                boot = subprocess.Popen(
                    argv,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    pass_fds=(*numbers, writer),
                    start_new_session=True,
                    cwd="/",
                    umask=0o022,
                )
            boot.wait()
        except BaseException:
            # Before anybody cleans up: a supervisor that is not noted yet ends with it.
            if boot is not None:
                boot.kill()
                boot.wait()
            raise
        finally:
            os.close(writer)
        said = _read_report(report.fileno())
    if said != READY:
        raise StartError(_explain(said, settings.state / "supervisor.log"))


def _read_report(descriptor: int) -> bytes:
    """What the supervisor says first: that it is ready, or what went wrong."""
    said = b""
    while not said.endswith(b"\n"):
        readable, _, _ = select.select([descriptor], [], [], _START_SECONDS)
        data = os.read(descriptor, 65536) if readable else b""
        if not data:
            break
        said += data
    return said


def _explain(said: bytes, log: Path) -> str:
    text = said.decode(errors="replace").strip()
    if text:
        return text
    lines = log.read_text(errors="replace").strip().splitlines() if log.exists() else []
    return f"the supervisor did not start: {lines[-1] if lines else 'it said nothing'}"


def program_directories(given: Sequence[Path]) -> tuple[Path, ...]:
    """Directories for the pods' PATH; raises BadArgument for one that is not there."""
    for path in given:
        if not path.is_dir():
            raise BadArgument(f"--path {path}: there is no such directory")
    return tuple(path.resolve() for path in given)
