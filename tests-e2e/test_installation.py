"""The mesh installed twice, its parts replaced or away, and gone again."""

import json
import time
from typing import Any

import pod_documents as documents
import pytest
from helm import NAMESPACE, RELEASE
from kubernetes_provider import KubernetesMesh
from scenario import Note, wait_for

pytestmark = pytest.mark.cluster

GARBAGE_SECONDS = 30
"""What pods and Services leave behind is collected a moment later."""
DEFINITIONS = [
    "CustomResourceDefinition/servers.policy.linkerd.io",
    "CustomResourceDefinition/serviceprofiles.linkerd.io",
    "Namespace/linkerd",
]
OF_EVERY_NAMESPACE = {("ServiceAccount", "default"), ("ConfigMap", "kube-root-ca.crt")}
INJECTOR = ("deployment/linkerd-proxy-injector", "--namespace", "linkerd")


def running(cluster: KubernetesMesh) -> dict[str, str]:
    """The control plane's pods and when each began."""
    return {
        pod["metadata"]["name"]: pod["metadata"]["creationTimestamp"]
        for pod in cluster.kubectl.get("pods", "linkerd")
        if "linkerd.io/control-plane-component" in pod["metadata"]["labels"]
    }


def certificates(cluster: KubernetesMesh) -> dict[str, Any]:
    """Every certificate and key that the installation holds."""
    found = {
        each["metadata"]["name"]: each["data"]
        for each in cluster.kubectl.get("secrets", "linkerd")
        if not each["type"].startswith("helm.sh/")
    }
    assert "linkerd-identity-issuer" in found
    roots = cluster.kubectl.get("configmap/linkerd-identity-trust-roots", "linkerd")
    return {**found, "roots": roots[0]["data"]}


@pytest.mark.install
def test_the_chart_tests_itself(cluster: KubernetesMesh) -> None:
    assert "Succeeded" in cluster.helm.test()


def test_a_second_upgrade_with_the_same_values_changes_nothing(cluster: KubernetesMesh) -> None:
    before = running(cluster), certificates(cluster)
    cluster.helm.upgrade()
    assert (running(cluster), certificates(cluster)) == before


@pytest.mark.fault(70)
def test_pods_made_while_the_injector_is_down_are_reported(
    cluster: KubernetesMesh, note: Note
) -> None:
    kubectl = cluster.kubectl
    kubectl("scale", *INJECTOR, "--replicas=0")

    def gone() -> bool | None:
        return not any("injector" in name for name in running(cluster)) or None

    wait_for("the injector's end", gone, 60)
    items = (
        documents.namespace("unseen", **{"linkerd.io/inject": "enabled"}),
        documents.pod("missed", "unseen", documents.web_server()),
    )
    kubectl("apply", "--filename", "-", stdin=json.dumps(documents.together(*items)))
    kubectl("scale", *INJECTOR, "--replicas=1")
    kubectl("rollout", "status", *INJECTOR, "--timeout=90s", timeout=100)
    back = time.monotonic()

    def reported() -> str | None:
        about = "--field-selector=reason=NotInjected,involvedObject.name=missed"
        events = kubectl.get("events", "unseen", about)
        return str(events[0]["message"]) if events else None

    message = wait_for("a warning about the pod that was missed", reported, 30)
    note(f"{time.monotonic() - back:.1f} s after the injector's return: {message}")
    kubectl("delete", "namespace", "unseen", "--wait=false")


@pytest.mark.last
def test_uninstalling_leaves_nothing_but_the_definitions(cluster: KubernetesMesh) -> None:
    cluster.helm.uninstall()
    deadline = time.monotonic() + GARBAGE_SECONDS
    while (left := leftovers(cluster)) != DEFINITIONS and time.monotonic() < deadline:
        time.sleep(0.5)
    assert left == DEFINITIONS


def leftovers(cluster: KubernetesMesh) -> list[str]:
    """What of ours is there and not about to go."""
    return sorted(
        f"{each['kind']}/{each['metadata']['name']}"
        for each in everything(cluster)
        if each["metadata"].get("annotations", {}).get("meta.helm.sh/release-name") == RELEASE
        or "linkerd" in each["metadata"]["name"]
        or each["metadata"].get("namespace") == NAMESPACE
    )


def everything(cluster: KubernetesMesh) -> list[dict[str, Any]]:
    """Every object of every kind that the API server lists."""
    kinds = cluster.kubectl("api-resources", "--verbs=list", "--output=name").split()
    lasting = [kind for kind in kinds if not kind.startswith(("events", "componentstatuses"))]
    return [
        each
        for each in cluster.kubectl.get(",".join(lasting), "", "--all-namespaces")
        if "deletionTimestamp" not in each["metadata"]
        # The definitions make those; every namespace has these.
        and each["kind"] != "APIService"
        and (each["kind"], each["metadata"]["name"]) not in OF_EVERY_NAMESPACE
    ]
