"""What all tests share: numbered faults can be chosen, and run at full size."""

import os
import resource
import signal
from collections.abc import Callable, Iterator
from typing import TypeAlias

import pytest
from hypothesis import settings

FILES = 20_000
"""Open files that a crowd of clients in one test needs."""

Scaled: TypeAlias = Callable[[int, int], int]

# gRPC's handlers around a fork start its threads in the child too, where they can end it before
# its exec. Only what is read before the first import of grpc counts.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")

# How long one example takes says more about the machine than about the code.
settings.register_profile("mesh", deadline=None)
settings.load_profile("mesh")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options for the tests of numbered faults."""
    group = parser.getgroup("faults")
    group.addoption("--fault", type=int, action="append", help="only the tests of this fault")
    group.addoption("--full", action="store_true", help="faults at full size, without time limits")


def pytest_configure() -> None:
    """What tests start finds signals and limits as a service does, whoever runs the tests."""
    few, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    enough = FILES if most == resource.RLIM_INFINITY else min(FILES, most)
    if few != resource.RLIM_INFINITY:
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(few, enough), most))
    # In the background of a script Ctrl-C is ignored, and so it would be by all that is started.
    for number, usual in ((signal.SIGINT, signal.default_int_handler), (signal.SIGQUIT, None)):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, usual or signal.SIG_DFL)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep what was chosen; at full size nothing has a time limit."""
    chosen = set(config.getoption("--fault") or ())
    if chosen:
        others = [item for item in items if not chosen & set(_faults(item))]
        config.hook.pytest_deselected(items=others)
        items[:] = [item for item in items if item not in others]
    if config.getoption("--full"):
        for item in items:
            item.add_marker(pytest.mark.timeout(0), append=False)


@pytest.fixture
def scaled(request: pytest.FixtureRequest) -> Scaled:
    """Gives the first of two sizes, the second when faults run at full size."""
    full = bool(request.config.getoption("--full"))
    return lambda small, whole: whole if full else small


def _faults(item: pytest.Item) -> Iterator[int]:
    for mark in item.iter_markers("fault"):
        yield from mark.args
