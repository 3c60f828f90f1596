"""Fixtures for tests: a module uses them with `pytest_plugins = ["mesh_clusters.fixtures"]`."""

from collections.abc import Iterator

import pytest

from mesh_clusters.apiserver import ApiServer
from mesh_clusters.binaries import ensure


@pytest.fixture(scope="session")
def api_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    """A real etcd and kube-apiserver with RBAC; one for all tests of a run.

    So name what you create uniquely. See `mesh_clusters.apiserver` for what does not happen
    without controllers. Its programs are built at first use, which may take minutes: `./dev`
    builds them before.
    """
    with ApiServer(ensure("apiserver"), tmp_path_factory.mktemp("api-server")) as server:
        server.start()
        yield server
