"""Runs the program that was held back: in place of this process, or as its child."""

import os
import signal

from mesh_proxy.errors import CommandNotExecutable, CommandNotFound, MeshProxyError

# Python ignores these; a program that inherits that would see EPIPE instead of an end.
_IGNORED_BY_PYTHON = (signal.SIGPIPE, signal.SIGXFSZ)
# What somebody may send on purpose. The terminal's stop signals stop parent and child alike.
_FORWARDED = frozenset(
    {
        signal.SIGTERM,
        signal.SIGINT,
        signal.SIGHUP,
        signal.SIGQUIT,
        signal.SIGUSR1,
        signal.SIGUSR2,
        signal.SIGALRM,
        signal.SIGWINCH,
        signal.SIGCONT,
    }
)


def become(command: list[str]) -> MeshProxyError:
    """Replace this process by the program. It returns only if that fails, with the reason."""
    for number in _IGNORED_BY_PYTHON:
        signal.signal(number, signal.SIG_DFL)
    try:
        os.execvp(command[0], command)  # noqa: S606 - the user's command, and never a shell
    except OSError as error:
        return _explained(command[0], error)


def run(command: list[str]) -> int:
    """Run the program as a child and return its exit code; 128 + n when signal n ended it.

    Signals that are sent to this process go on to the child. As a container's first process
    it also reaps what the child has left behind. They stay blocked afterwards: this process
    is about to end with the child's code. Raises CommandNotFound, CommandNotExecutable.
    """
    # An ignored SIGCHLD, inherited, would let children vanish without their status.
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    awaited = _FORWARDED | {signal.SIGCHLD}
    # Blocked before the child exists: a signal that comes too early waits for it.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, awaited)
    child = _spawn(command, before)
    while (status := _reap(child)) is None:
        _forward(signal.sigwaitinfo(awaited), child)
    return status


def _spawn(command: list[str], mask: set[int | signal.Signals]) -> int:
    try:
        return os.posix_spawnp(
            command[0],
            command,
            os.environ,
            setsigmask=mask,
            setsigdef=_IGNORED_BY_PYTHON,
        )
    except OSError as error:
        raise _explained(command[0], error) from error


def _reap(child: int) -> int | None:
    """Collect every child that has ended; return the exit code of the one that matters."""
    found = None
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return found
        if pid == 0:
            return found
        if pid == child:
            code = os.waitstatus_to_exitcode(status)
            found = code if code >= 0 else 128 - code


def _forward(received: signal.struct_siginfo, child: int) -> None:
    # A code above zero: the kernel's own, such as Ctrl-C, which the terminal has sent to the
    # child as well (they share a process group).
    if received.si_signo != signal.SIGCHLD and received.si_code <= 0:
        os.kill(child, received.si_signo)


def _explained(program: str, error: OSError) -> MeshProxyError:
    if isinstance(error, FileNotFoundError):
        return CommandNotFound(f"{program}: no such program; give its path, or set PATH")
    return CommandNotExecutable(f"{program}: cannot be executed: {error.strerror}")
