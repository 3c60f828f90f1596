"""Which pods get the sidecar, and that every kind of pod works with it."""

import json
from collections.abc import Iterator
from typing import Any

import pod_documents as documents
import pytest
from kubectl import Kubectl
from kubernetes_provider import KubernetesMesh
from scenario import wait_for

pytestmark = pytest.mark.cluster

SPACE = "injection"
INJECT = "linkerd.io/inject"
CONFIG = "config.linkerd.io/"
LOCAL_WEB = ("python", "-m", "e2e_apps.client", "get", "http://web.injection:8080/whoami")


@pytest.fixture(scope="module")
def kubectl(cluster: KubernetesMesh) -> Iterator[Kubectl]:
    """A namespace that asks for injection, with one server of every kind that runs on."""
    server = documents.web_server()
    items = [
        documents.namespace(SPACE, **{INJECT: "enabled"}),
        documents.namespace("plain"),
        documents.service("web", SPACE),
        documents.workload("Deployment", "web", SPACE, server),
        documents.workload("DaemonSet", "each", SPACE, server),
        documents.workload("StatefulSet", "ordered", SPACE, server),
        documents.pod("bare", SPACE, server),
        documents.pod("opted-out", SPACE, server, **{INJECT: "disabled"}),
        documents.pod("asked", "plain", server, **{INJECT: "enabled"}),
        documents.pod("unasked", "plain", server),
        documents.pod("ingress", SPACE, server, **{INJECT: "ingress"}),
        documents.pod(
            "classic", SPACE, server, **{f"{CONFIG}proxy-enable-native-sidecar": "false"}
        ),
    ]
    apply(cluster.kubectl, *items)
    for each in (SPACE, "plain"):
        cluster.kubectl(
            *("wait", "--for=condition=Ready", "pod", "--all", "--namespace", each),
            *("--timeout=90s",),
            timeout=100,
        )
    yield cluster.kubectl
    cluster.kubectl("delete", "namespace", SPACE, "plain", "--wait=false")


def apply(kubectl: Kubectl, *items: documents.Document) -> None:
    """Apply documents."""
    kubectl("apply", "--filename", "-", stdin=json.dumps(documents.together(*items)))


def pod_of(kubectl: Kubectl, app: str, space: str = SPACE) -> dict[str, Any]:
    """The one pod with the label `app`."""
    (found,) = kubectl.get("pods", space, f"--selector=app={app}")
    return found


def names(pod: dict[str, Any], which: str) -> list[str]:
    """The names of a pod's containers or initContainers."""
    return [each["name"] for each in pod["spec"].get(which, [])]


@pytest.mark.parametrize(
    ("app", "owner"),
    [
        ("web", "deployment"),
        ("each", "daemonset"),
        ("ordered", "statefulset"),
        ("bare", None),
        ("ingress", None),
    ],
)
def test_every_kind_of_server_gets_a_native_sidecar(
    kubectl: Kubectl, app: str, owner: str | None
) -> None:
    pod = pod_of(kubectl, app)
    assert names(pod, "initContainers") == ["linkerd-init", "linkerd-proxy"]
    assert names(pod, "containers") == ["web"]
    labels = pod["metadata"]["labels"]
    assert labels["linkerd.io/control-plane-ns"] == "linkerd"
    if owner is not None:
        assert labels[f"linkerd.io/proxy-{owner}"] == app


def test_a_classic_sidecar_is_there_before_the_application(kubectl: Kubectl) -> None:
    pod = pod_of(kubectl, "classic")
    assert names(pod, "initContainers") == ["linkerd-init"]
    assert names(pod, "containers") == ["linkerd-proxy", "web"]
    started = {
        each["name"]: each["state"]["running"]["startedAt"]
        for each in pod["status"]["containerStatuses"]
    }
    assert started["linkerd-proxy"] <= started["web"]


@pytest.mark.parametrize(("app", "space"), [("opted-out", SPACE), ("unasked", "plain")])
def test_who_did_not_ask_is_left_alone(kubectl: Kubectl, app: str, space: str) -> None:
    pod = pod_of(kubectl, app, space)
    assert names(pod, "initContainers") == []
    assert names(pod, "containers") == ["web"]


def test_a_pod_may_ask_in_a_namespace_that_does_not(kubectl: Kubectl) -> None:
    assert "linkerd-proxy" in names(pod_of(kubectl, "asked", "plain"), "initContainers")


def test_a_job_with_a_sidecar_finishes(kubectl: Kubectl) -> None:
    apply(kubectl, documents.job("finishing", SPACE, documents.once(*LOCAL_WEB)))
    complete(kubectl, "finishing", "job")


def test_a_cron_jobs_pod_names_it(kubectl: Kubectl) -> None:
    apply(kubectl, documents.cron_job("nightly", SPACE, documents.once(*LOCAL_WEB)))
    kubectl("create", "job", "tonight", "--from=cronjob/nightly", "--namespace", SPACE)
    complete(kubectl, "tonight", "cronjob", "nightly")


def complete(kubectl: Kubectl, job: str, kind: str, owner: str = "") -> None:
    """Wait for the end of a Job whose pod is meshed, and look at the owner's label."""
    done = ("--for=condition=complete", f"job/{job}", "--namespace", SPACE, "--timeout=60s")
    kubectl("wait", *done, timeout=70)
    (pod,) = kubectl.get("pods", SPACE, f"--selector=batch.kubernetes.io/job-name={job}")
    assert "linkerd-proxy" in names(pod, "initContainers")
    assert pod["metadata"]["labels"][f"linkerd.io/proxy-{kind}"] == (owner or job)
    assert "default.injection.serviceaccount.identity.linkerd.cluster.local" in kubectl(
        "logs", pod["metadata"]["name"], "--namespace", SPACE, "--container", "once"
    )


def test_a_pod_that_was_injected_before_stays_as_it_is(kubectl: Kubectl) -> None:
    pod = pod_of(kubectl, "bare")
    again = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": "again",
            "namespace": SPACE,
            "labels": {"app": "again"},
            "annotations": pod["metadata"]["annotations"],
        },
        "spec": {key: value for key, value in pod["spec"].items() if key != "nodeName"},
    }
    apply(kubectl, again)
    created = pod_of(kubectl, "again")
    for which in ("initContainers", "containers"):
        assert names(created, which) == names(pod, which)


def event(kubectl: Kubectl, reason: str, name: str) -> str:
    """The message of an event about an object."""
    chosen = f"--field-selector=reason={reason},involvedObject.name={name}"

    def found() -> str | None:
        events = kubectl.get("events", SPACE, chosen)
        return str(events[0]["message"]) if events else None

    return wait_for(f"the event {reason} on {name}", found, 20)


def test_the_owner_is_told(kubectl: Kubectl) -> None:
    assert event(kubectl, "Injected", "web")


def test_a_wrong_setting_stops_the_pod_and_is_named(kubectl: Kubectl) -> None:
    wrong = documents.pod(
        "wrong", SPACE, documents.web_server(), **{f"{CONFIG}proxy-cpu-request": "much; rm -rf /"}
    )
    done = kubectl.attempt("apply", "--filename", "-", stdin=json.dumps(wrong))
    assert done.returncode != 0
    assert f"{CONFIG}proxy-cpu-request" in done.stderr


@pytest.mark.parametrize("annotation", ["skip-outbound-ports", "opaque-ports", ""])
def test_skipped_and_opaque_ports(kubectl: Kubectl, annotation: str) -> None:
    name = f"caller-{annotation or 'default'}"
    settings = {f"{CONFIG}{annotation}": "8080"} if annotation else {}
    spec = documents.once(*LOCAL_WEB)
    apply(kubectl, documents.pod(name, SPACE, spec, **settings))
    where = (f"pod/{name}", "--namespace", SPACE, "--timeout=60s")
    kubectl("wait", "--for=jsonpath={.status.phase}=Succeeded", *where, timeout=70)
    seen = kubectl("logs", name, "--namespace", SPACE, "--container", "once")
    identified = "default.injection.serviceaccount.identity.linkerd.cluster.local" in seen
    assert identified == (annotation != "skip-outbound-ports"), seen
