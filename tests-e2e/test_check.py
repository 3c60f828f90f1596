"""`mesh check` finds nothing wrong with a mesh that has just been installed and is used."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from kubernetes_provider import KubernetesMesh
from scenario import Mesh

pytestmark = [pytest.mark.cluster, pytest.mark.install]


def problems(cluster: KubernetesMesh, *arguments: str) -> list[str]:
    """What `mesh check` has to say beyond that all is well."""
    mesh = Path(sys.executable).parent / "mesh"
    done = subprocess.run(
        [str(mesh), "check", "--output", "json", "--wait", "60s", *arguments],
        capture_output=True,
        text=True,
        env=cluster.kubectl.environment,
        timeout=120,
        check=False,
    )
    assert done.returncode in (0, 1), done.stderr
    document = json.loads(done.stdout)
    made = [
        (f"{category['categoryName']}: {check['description']}", check)
        for category in document["categories"]
        for check in category["checks"]
    ]
    assert len(made) > 20, "the checks were not made"
    return [f"{name}: {check.get('error')}" for name, check in made if check["result"] != "success"]


def test_nothing_is_wrong_with_the_installation(cluster: KubernetesMesh) -> None:
    assert problems(cluster) == []


def test_nothing_is_wrong_with_the_proxies_of_an_application(
    mesh: Mesh, cluster: KubernetesMesh
) -> None:
    mesh.ready("web", 2)
    assert problems(cluster, "--proxy", "--namespace", "e2e") == []
