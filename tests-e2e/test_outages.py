"""Traffic goes on while Kubernetes does not answer, and changes are followed again afterwards."""

import json
import time
from functools import partial

import pod_documents as documents
import pytest
from kubernetes_provider import KubernetesMesh
from scenario import Mesh, Note, wait_for

pytestmark = pytest.mark.cluster

OUTAGE = 60
AROUND = 10
"""Seconds of load before and after the outage."""
KUBERNETES_RECOVERS = 180
"""Its controllers and its scheduler wait for their leases to expire, and back off before that."""


def test_a_minute_without_the_api_server(mesh: Mesh, cluster: KubernetesMesh, note: Note) -> None:
    mesh.ready("web", 2)
    seconds = str(OUTAGE + 2 * AROUND)
    # As a pod of its own: what kubectl starts ends with the API server.
    load = ("load", "http://web/whoami", "--rate", "200", "--threads", "8", "--seconds", seconds)
    asker = documents.pod("asker", "e2e", documents.once("python", "-m", "e2e_apps.client", *load))
    cluster.kubectl("apply", "--filename", "-", stdin=json.dumps(asker))
    where = ("pod/asker", "--namespace", "e2e", "--timeout=60s")
    cluster.kubectl("wait", "--for=condition=Ready", *where, timeout=70)
    time.sleep(AROUND / 2)
    cluster.place.stop_api_server()
    try:
        time.sleep(OUTAGE)
    finally:
        cluster.place.start_api_server()
    wait_for("the API server", lambda: answers(cluster), 60)
    cluster.kubectl("wait", "--for=jsonpath={.status.phase}=Succeeded", *where, timeout=70)
    logs = cluster.kubectl("logs", "asker", "--namespace", "e2e", "--container", "once")
    result = json.loads(logs.splitlines()[-1])
    note(f"{OUTAGE} s without the API server: {result['outcomes']}")
    assert set(result["outcomes"]) == {"200"}, result
    cluster.kubectl("delete", "pod", "asker", "--namespace", "e2e", "--wait=false")


def answers(cluster: KubernetesMesh) -> bool | None:
    """Whether the API server does; None while not."""
    return cluster.kubectl.attempt("get", "--raw", "/readyz").returncode == 0 or None


def test_changes_are_followed_after_the_outage(mesh: Mesh) -> None:
    head = "name: web, namespace: e2e}\nspec:\n  replicas:"
    for before, after in ((2, 3), (3, 2)):
        mesh.edit(f"{head} {before}", f"{head} {after}")
        names = {pod.name for pod in mesh.ready("web", after, KUBERNETES_RECOVERS)}
        wait_for(f"traffic to {names}", partial(only_these_answer, mesh, names), 20)


def only_these_answer(mesh: Mesh, names: set[str]) -> bool | None:
    """Whether exactly these pods answer; None while not."""
    load = ("load", "http://web/whoami", "--seconds", "0.5", "--rate", "200")
    return set(mesh.run("client", *load)["pods"]) == names or None
