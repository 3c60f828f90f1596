"""What the chart's tests share."""

from pathlib import Path

import pytest
from helm import Helm

from mesh_clusters.binaries import ensure

pytest_plugins = ["mesh_clusters.fixtures"]


@pytest.fixture(scope="session")
def helm_program() -> Path:
    return ensure("helm").path("helm")


@pytest.fixture
def helm(helm_program: Path, tmp_path: Path) -> Helm:
    """Helm without a cluster."""
    return Helm(helm_program, tmp_path)
