"""A start that succeeds leaves a mark, any other leaves nothing."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def all_or_nothing(
    mark: Path, keep_logs: Callable[[], None], remove: Callable[[], None]
) -> Iterator[None]:
    """Make `mark` at the end; after an error `remove`, and before that `keep_logs`.

    Logs are not kept of what somebody has interrupted. A mark that is missing tells the next start
    of one that was killed.
    """
    try:
        yield
        mark.touch()
    except BaseException as problem:
        if isinstance(problem, Exception):  # and not somebody's Ctrl-C
            keep_logs()
        remove()
        raise
