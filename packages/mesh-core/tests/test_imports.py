"""What importing costs: every sidecar-near process pays for it."""

import subprocess
import sys

import pytest

LIGHT = (
    "mesh_core",
    "mesh_core.annotations",
    "mesh_core.authority",
    "mesh_core.durations",
    "mesh_core.kubernetes",
    "mesh_core.names",
    "mesh_core.ports",
    "mesh_core.resources",
    "mesh_core.store",
    "mesh_core.store.manifests",
)
HEAVY = ("asyncio", "grpc", "prometheus_client", "ssl")


@pytest.mark.parametrize("module", LIGHT)
def test_the_shared_vocabulary_is_light(module):
    code = f"import sys, {module}; print(*({HEAVY!r} & sys.modules.keys()))"
    code = code.replace(repr(HEAVY), repr(set(HEAVY)))
    result = subprocess.run(
        [sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.split() == []


def test_the_store_loads_its_directory_backend_when_asked():
    import mesh_core.store
    from mesh_core.store.directory_store import DirectoryStore

    assert mesh_core.store.DirectoryStore is DirectoryStore
    with pytest.raises(AttributeError, match="no attribute 'Other'"):
        _ = mesh_core.store.Other
