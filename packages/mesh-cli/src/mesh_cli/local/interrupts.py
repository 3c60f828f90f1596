"""Ctrl-C while a mesh is made or taken away: it must neither be lost nor leave half of it."""

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType

_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_Handler = Callable[[int, FrameType | None], None]


@contextlib.contextmanager
def only_once() -> Iterator[None]:
    """Let the first ending signal be a KeyboardInterrupt and the following ones nothing.

    So an `except BaseException` inside can clean up without being interrupted itself.
    """
    seen = False

    def handle(_number: int, _frame: FrameType | None) -> None:
        nonlocal seen
        if not seen:
            seen = True
            raise KeyboardInterrupt

    with _handled(handle):
        yield


@contextlib.contextmanager
def deferred() -> Iterator[None]:
    """Let an ending signal through only afterwards: for what must not be left half done."""
    seen: list[int] = []
    with _handled(lambda number, _frame: seen.append(number)):
        yield
    if seen:
        signal.raise_signal(seen[0])


@contextlib.contextmanager
def ignored() -> Iterator[None]:
    """Let no ending signal through; only for what takes a moment."""
    with _handled(lambda _number, _frame: None):
        yield


@contextlib.contextmanager
def _handled(handler: _Handler) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        # Python delivers signals to the main thread only.
        yield
        return
    before = {number: signal.getsignal(number) for number in _ENDING}
    for number, previous in before.items():
        # What the parent asked to be ignored (nohup, a script's background job) stays ignored.
        if previous is not signal.SIG_IGN:
            signal.signal(number, handler)
    try:
        yield
    finally:
        for number, previous in before.items():
            signal.signal(number, previous)
