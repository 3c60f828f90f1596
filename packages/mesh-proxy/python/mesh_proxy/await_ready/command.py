"""`mesh-proxy await`: waits for the proxy, then runs a program and may end the proxy."""

import os
import signal
import sys
from collections.abc import Sequence
from types import FrameType

from mesh_proxy.errors import Interrupted, MeshProxyError, ProxyNotReady

from .admin import NoAnswer, ask
from .flags import HELP, Options, disabled, parse
from .program import become, run
from .readiness import wait_ready

_SHUTDOWN_SECONDS = 5.0


def main(arguments: Sequence[str]) -> int:
    """Run the command and return its exit code, or become the program it was given."""
    try:
        options = parse(arguments)
        if options.show == "help":
            print(HELP, end="")
            return 0
        if options.show == "version":
            from mesh_proxy.version import main as version  # noqa: PLC0415

            return version()
        return _run(options)
    except MeshProxyError as error:
        _say(f"error: {error}")
        return error.exit_code


def _run(options: Options) -> int:
    disabling = disabled(os.environ)
    if disabling is None:
        _wait(options)
    elif options.verbose or os.environ.get("LINKERD_AWAIT_VERBOSE"):
        _say(f"disabled by {disabling}")
    if not options.command:
        return 0
    if disabling is not None or not options.shutdown:
        raise become(options.command)
    try:
        return run(options.command)
    finally:
        _shut_down(options.port)


def _wait(options: Options) -> None:
    # A container's first process ignores what it does not handle, and would wait on.
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _interrupted)
    try:
        wait_ready(options.port, options.timeout, options.backoff)
    except ProxyNotReady as error:
        if options.timeout_fatal:
            raise
        _say(f"going on nevertheless (--timeout-fatal=false): {error}")


def _interrupted(number: int, _: FrameType | None) -> None:
    name = signal.Signals(number).name
    raise Interrupted(f"{name} came while the proxy was not ready", number)


def _shut_down(port: int) -> None:
    """Ask the proxy to end, so that the pod can. The program's own result stays the result."""
    try:
        status = ask(port, "POST", "/shutdown", _SHUTDOWN_SECONDS)
    except NoAnswer as error:
        _say(f"the proxy was not shut down: {error}")
        return
    if status == 404:
        _say(
            "the proxy was not shut down, because it does not allow it; annotate the pod with"
            " config.linkerd.io/proxy-admin-shutdown: enabled"
        )
    elif not 200 <= status < 300:
        _say(f"the proxy was not shut down: it answered {status} to POST /shutdown")


def _say(message: str) -> None:
    print(f"mesh-proxy await: {message}", file=sys.stderr, flush=True)
