"""Starting a process inside a pod: fork, enter its namespaces, drop privileges, exec.

A fork of the supervisor rather than nsenter, setpriv or env in a row: each of those costs
an exec, and none says which step failed. The child only makes system calls.
"""

import asyncio
import contextlib
import os
import resource
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from mesh_cli.local import kernel
from mesh_cli.local.errors import StartError
from mesh_cli.local.kernel import Namespace
from mesh_cli.local.reaper import Reaper

# Order matters: paths change their meaning only after the mount namespace.
_ENTER_ORDER = (Namespace.NET, Namespace.UTS, Namespace.IPC, Namespace.MOUNT)
_CORE_LIMIT = 0


@dataclass(frozen=True, slots=True)
class Command:
    """What to run, as whom, where."""

    argv: Sequence[str]
    environment: Mapping[str, str]
    uid: int
    gid: int
    working_directory: str = "/"
    # Standard input, output and error; None is /dev/null.
    stdin: int | None = None
    stdout: int | None = None
    stderr: int | None = None


@dataclass(slots=True)
class Process:
    """A running child, leader of its own session."""

    pid: int
    exited: "asyncio.Future[int]" = field(repr=False)

    def signal(self, number: int) -> None:
        """Signal the process; one that has ended already is fine."""
        if not self.exited.done():
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill_session(self) -> None:
        """Kill what is left of its process group."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)


async def start(command: Command, namespaces: Mapping[Namespace, int], reaper: Reaper) -> Process:
    """Start the command in the namespaces; returns once exec succeeded.

    Raises StartError that names the step and the reason (a command that does not exist…).
    """
    reader, writer = os.pipe2(os.O_CLOEXEC)
    try:
        pid = os.fork()
    except OSError as problem:
        os.close(reader)
        os.close(writer)
        raise StartError(f"cannot make a process: {problem.strerror}") from problem
    if pid == 0:
        _become(command, namespaces, writer)
    os.close(writer)
    exited = reaper.register(pid)
    try:
        complaint = await read_until_closed(reader)
    except asyncio.CancelledError:
        # Whoever asked for it has gone, and nobody else knows of it.
        os.kill(pid, signal.SIGKILL)
        raise
    finally:
        os.close(reader)
    if complaint:
        await exited
        raise StartError(complaint)
    return Process(pid, exited)


async def read_until_closed(descriptor: int) -> str:
    """What a child writes to a pipe until it closes its end (by exec or exit)."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[str] = loop.create_future()
    parts: list[bytes] = []

    def readable() -> None:
        data = os.read(descriptor, 4096)
        parts.append(data)
        if not data and not done.done():
            done.set_result(b"".join(parts).decode(errors="replace"))

    loop.add_reader(descriptor, readable)
    try:
        return await done
    finally:
        loop.remove_reader(descriptor)


def _become(command: Command, namespaces: Mapping[Namespace, int], complaints: int) -> None:
    """The child's part: never returns."""
    step = "prepare"
    try:
        signal.set_wakeup_fd(-1)
        for number in (
            signal.SIGCHLD,
            signal.SIGINT,
            signal.SIGTERM,
            signal.SIGHUP,
            signal.SIGPIPE,
        ):
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, [])
        os.setsid()
        step = "redirect standard streams"
        _redirect(command)
        step = "enter the pod's namespaces"
        for kind in _ENTER_ORDER:
            if kind in namespaces:
                kernel.enter(namespaces[kind], kind)
        step = f"become uid {command.uid}"
        resource.setrlimit(resource.RLIMIT_CORE, (_CORE_LIMIT, _CORE_LIMIT))
        os.setgroups([])
        os.setresgid(command.gid, command.gid, command.gid)
        os.setresuid(command.uid, command.uid, command.uid)
        kernel.forbid_new_privileges()
        step = f"enter the working directory {command.working_directory}"
        os.chdir(command.working_directory)
        step = f"run {command.argv[0]!r}"
        os.execvpe(  # noqa: S606
            command.argv[0], list(command.argv), dict(command.environment)
        )
    except BaseException as problem:  # noqa: BLE001 - the child must never return to the loop
        os.write(complaints, _explain(step, problem, command).encode())
    finally:
        os._exit(127)


def _explain(step: str, problem: BaseException, command: Command) -> str:
    if isinstance(problem, FileNotFoundError) and step.startswith("run "):
        path = command.environment.get("PATH", "")
        return f"command {command.argv[0]!r} does not exist; it was looked for in PATH={path}"
    if isinstance(problem, OSError) and problem.errno:
        return f"cannot {step}: {os.strerror(problem.errno)}"
    return f"cannot {step}: {problem!r}"


def _redirect(command: Command) -> None:
    # Copies above 2 first: a stream given as 0, 1 or 2 must not be overwritten before use.
    null = os.open("/dev/null", os.O_RDWR)
    wanted = [null if fd is None else fd for fd in (command.stdin, command.stdout, command.stderr)]
    copies = [os.dup(fd) for fd in wanted]
    for number, copy in enumerate(copies):
        os.dup2(copy, number, inheritable=True)
