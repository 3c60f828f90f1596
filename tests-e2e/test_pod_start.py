"""What the sidecar adds to the start of a pod."""

import json
import statistics
import time
from collections.abc import Iterator
from datetime import datetime

import pod_documents as documents
import pytest
from kubectl import Kubectl
from kubernetes_provider import KubernetesMesh
from scenario import Note

pytestmark = pytest.mark.cluster

SPACE = "starts"
PODS = 5
MORE_SECONDS = 3.0
SLACK = 2.0
"""For a machine that has other things to do."""


@pytest.fixture
def kubectl(cluster: KubernetesMesh) -> Iterator[Kubectl]:
    """An empty namespace."""
    space = documents.namespace(SPACE)
    cluster.kubectl("apply", "--filename", "-", stdin=json.dumps(space))
    yield cluster.kubectl
    cluster.kubectl("delete", "namespace", SPACE, "--wait=false")


def seconds_to_ready(kubectl: Kubectl, name: str, **annotations: str) -> float:
    """Create a pod, wait until it is ready, delete it; how long the former took."""
    # The application is ready at once, so that only what is around it counts.
    spec = documents.web_server()
    document = documents.pod(name, SPACE, spec, **annotations)
    began = time.monotonic()
    kubectl("apply", "--filename", "-", stdin=json.dumps(document))
    where = (f"pod/{name}", "--namespace", SPACE, "--timeout=60s")
    kubectl("wait", "--for=condition=Ready", *where, timeout=70)
    return time.monotonic() - began


def test_a_pod_starts_almost_as_fast_with_the_sidecar(kubectl: Kubectl, note: Note) -> None:
    plain, meshed = [], []
    for number in range(PODS):
        plain.append(seconds_to_ready(kubectl, f"plain-{number}"))
        inject = {"linkerd.io/inject": "enabled"}
        meshed.append(seconds_to_ready(kubectl, f"meshed-{number}", **inject))
    without, with_it = statistics.median(plain), statistics.median(meshed)
    note(
        f"a pod is ready after {without:.1f} s, with the sidecar after {with_it:.1f} s"
        f" (medians of {PODS}); {breakdown(kubectl)}"
    )
    assert with_it - without < MORE_SECONDS + SLACK


def breakdown(kubectl: Kubectl) -> str:
    """When, from their proxies' first line on, proxies were certified; the median."""
    spans = []
    for number in range(PODS):
        log = kubectl(
            *("logs", f"meshed-{number}", "--namespace", SPACE, "--container", "linkerd-proxy"),
            "--timestamps",
        )
        moments = {
            what: datetime.fromisoformat(line.split()[0][:26] + "+00:00")
            for line in log.splitlines()
            for what in ("starting", "certified")
            if what in line
        }
        spans.append((moments["certified"] - moments["starting"]).total_seconds())
    return f"the proxy was certified {statistics.median(spans):.2f} s after its start"
