"""Asks the proxy whether it is ready until it is, or the time is over."""

import sys
import time
from collections.abc import Iterator

from mesh_proxy.errors import ProxyNotReady

from .admin import NoAnswer, ask

# A pod's start waits for this, so the first answers are soon; a question costs the proxy
# some 50 µs.
_FIRST_PAUSE, _LONGEST_PAUSE = 0.01, 0.2
_ANSWER_SECONDS = 2.0
_REMINDER_SECONDS = 10.0


def wait_ready(port: int, timeout: float | None, backoff: float | None) -> None:
    """Return when the proxy is ready; ProxyNotReady after `timeout` seconds."""
    started = time.monotonic()
    remind = started + _REMINDER_SECONDS
    for pause in pauses(backoff):
        remaining = None if timeout is None else started + timeout - time.monotonic()
        reason = _missing(port, remaining)
        if reason is None:
            return
        now = time.monotonic()
        if timeout is not None:
            remaining = started + timeout - now
            if remaining <= 0:
                raise ProxyNotReady(
                    f"the proxy was not ready within {timeout:g} s: {reason}; see its log"
                    " (kubectl logs POD -c linkerd-proxy)"
                )
            pause = min(pause, remaining)  # noqa: PLW2901
        if now >= remind:
            remind = now + _REMINDER_SECONDS
            print(f"mesh-proxy await: still waiting: {reason}", file=sys.stderr, flush=True)
        time.sleep(pause)


def pauses(backoff: float | None) -> Iterator[float]:
    """Yield the seconds between two questions, without end."""
    pause = _FIRST_PAUSE if backoff is None else backoff
    while True:
        yield pause
        if backoff is None:
            pause = min(2 * pause, _LONGEST_PAUSE)


def _missing(port: int, remaining: float | None) -> str | None:
    """Say why the proxy is not ready; None when it is."""
    # At least once, and long enough for an answer, even when no time was given.
    seconds = _ANSWER_SECONDS if remaining is None else min(max(remaining, 0.1), _ANSWER_SECONDS)
    try:
        status = ask(port, "GET", "/ready", seconds)
    except NoAnswer as error:
        return str(error)
    if 200 <= status < 300:
        return None
    if status == 503:
        return "it runs but has no certificate yet (503)"
    return f"127.0.0.1:{port} answers {status} to GET /ready, as no proxy does"
