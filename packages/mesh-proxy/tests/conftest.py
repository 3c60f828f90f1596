"""Markers of this package's tests."""

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from meshed import Mesh, Way
    from network import Pair


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "netns: needs root and makes network namespaces of its own")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if os.geteuid() == 0:
        return
    for item in items:
        if item.get_closest_marker("netns"):
            item.add_marker(pytest.mark.skip(reason="needs root (network namespaces)"))


@pytest.fixture(scope="module")
def spaces() -> "Iterator[Pair]":
    """Two pods whose connections go through a proxy; the test starts the proxies."""
    # Not for tests that make no namespaces: this imports grpc.
    import engine
    from network import pair

    with pair() as spaces:
        for space in (spaces.app, spaces.peer):
            engine.redirect(space)
        yield spaces


@pytest.fixture(params=["through", "stranger", "outside"])
def way(request: pytest.FixtureRequest, mesh: "Mesh") -> "Way":
    """Each way to the servers of the test's `mesh` but the direct one."""
    way: Way = getattr(mesh, request.param)
    return way
