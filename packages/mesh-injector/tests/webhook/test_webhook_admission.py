"""What the webhook answers, and whom it tells."""

import json

import pytest
from memory_store import Answers
from reviews import INJECT, PROXY, body, containers, namespace, patched, pod, response, service

from mesh_core.kubernetes import UnreachableError
from mesh_core.resources import ObjectMeta, ObjectReference, OwnerReference
from mesh_injector.webhook.errors import BadReview, LookupFailed
from mesh_injector.webhook.owner_kinds import OwnerJob, OwnerReplicaSet

REPLICA_SET = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web-1", "uid": "r"}
JOB = {"apiVersion": "batch/v1", "kind": "Job", "name": "backup-1", "uid": "j"}


def owned(name, uid, *by):
    owner = OwnerReference(*by, uid="d", controller=True)
    return ObjectMeta(name=name, namespace="shop", uid=uid, owner_references=(owner,))


OF_DEPLOYMENT = OwnerReplicaSet(owned("web-1", "r", "apps/v1", "Deployment", "web"))
OF_CRON_JOB = OwnerJob(owned("backup-1", "j", "batch/v1", "CronJob", "backup"))


def sample(registry, name, **labels):
    return registry.get_sample_value(name, labels)


async def test_a_pod_of_an_annotated_namespace_gets_the_proxy(admission):
    given = pod()
    result = patched(given, await admission.answer(body(given)))
    assert containers(result) == ["linkerd-init", PROXY, "app"]
    assert result["metadata"]["labels"]["linkerd.io/control-plane-ns"] == "linkerd"
    assert result["metadata"]["labels"]["linkerd.io/workload-ns"] == "shop"
    assert result["metadata"]["labels"]["app"] == "web"


async def test_what_is_injected_once_stays_as_it_is(admission):
    given = pod()
    once = patched(given, await admission.answer(body(given)))
    assert patched(once, await admission.answer(body(once))) == once


async def test_v1beta1_is_answered_in_kind(admission):
    answer = await admission.answer(body(pod(), version="v1beta1"))
    assert json.loads(answer)["apiVersion"] == "admission.k8s.io/v1beta1"
    assert containers(patched(pod(), answer)) == ["linkerd-init", PROXY, "app"]


async def test_nobody_asked_for_it(admission):
    answer = response(await admission.answer(body(pod(), "plain")))
    assert answer == {"uid": answer["uid"], "allowed": True}


@pytest.mark.parametrize(
    ("replica_set", "owner"), [(OF_DEPLOYMENT, "deployment"), (None, "replicaset")]
)
async def test_the_owner_is_the_topmost_controller(admission, store, events, replica_set, owner):
    if replica_set is not None:
        store.put(replica_set)
    given = pod(owner=REPLICA_SET)
    result = patched(given, await admission.answer(body(given)))
    names = {"deployment": "web", "replicaset": "web-1"}
    assert result["metadata"]["labels"][f"linkerd.io/proxy-{owner}"] == names[owner]
    [(regarding, type_, reason, message)] = events.recorded
    assert (regarding.kind.lower(), regarding.name) == (owner, names[owner])
    assert (type_, reason, message) == ("Normal", "Injected", "the sidecar was added")


async def test_a_cron_job_owns_the_pods_of_its_jobs(admission, answers, events):
    answers.resources = Answers(OF_CRON_JOB).resources
    given = pod(owner=JOB)
    result = patched(given, await admission.answer(body(given)))
    assert result["metadata"]["labels"]["linkerd.io/proxy-cronjob"] == "backup"
    assert answers.questions == ["Job shop/backup-1"]
    assert events.recorded[0][0] == ObjectReference(
        api_version="batch/v1", kind="CronJob", name="backup", namespace="shop", uid="d"
    )


async def test_a_replica_set_of_the_same_name_is_another_one(admission, store):
    store.put(OF_DEPLOYMENT)
    given = pod(owner={**REPLICA_SET, "uid": "another"})
    result = patched(given, await admission.answer(body(given)))
    assert result["metadata"]["labels"]["linkerd.io/proxy-replicaset"] == "web-1"


async def test_an_unknown_owner_is_no_reason_to_leave_a_pod_unmeshed(admission, answers, caplog):
    answers.failure = UnreachableError("the API server is away")
    given = pod(owner=REPLICA_SET)
    result = patched(given, await admission.answer(body(given)))
    assert PROXY in containers(result)
    assert "cannot read the owner of Pod shop/web-5d9f8b6c7d" in caplog.text


async def test_a_namespace_that_is_newer_than_the_caches_is_asked_for(admission, answers):
    answers.resources = Answers(namespace("fresh", **{INJECT: "enabled"})).resources
    result = patched(pod(), await admission.answer(body(pod(), "fresh")))
    assert PROXY in containers(result)
    with pytest.raises(LookupFailed, match="there is no namespace 'gone'"):
        await admission.answer(body(pod(), "gone"))
    answers.failure = UnreachableError("the API server is away")
    with pytest.raises(LookupFailed, match="cannot read the namespace gone: the API server is"):
        await admission.answer(body(pod(), "gone"))


async def test_a_skipped_pod_is_told_to_its_owner(admission, events, registry):
    given = pod(owner=REPLICA_SET, hostNetwork=True)
    assert patched(given, await admission.answer(body(given))) == given
    [(_, type_, reason, message)] = events.recorded
    assert (type_, reason) == ("Normal", "InjectionSkipped")
    assert "uses the host's network" in message
    labels = {"owner_kind": "replicaset", "namespace": "shop", "annotation_at": "namespace"}
    skipped = {"skip": "true", "skip_reason": "host_network_enabled"}
    assert sample(registry, "proxy_inject_admission_requests_total", **labels) == 1
    assert sample(registry, "proxy_inject_admission_responses_total", **labels, **skipped) == 1


async def test_a_typo_in_the_inject_annotation_warns_whoever_creates_the_pod(admission):
    given = pod(annotations={INJECT: "enbaled"})
    answer = response(await admission.answer(body(given)))
    assert answer["allowed"]
    assert "patch" not in answer
    [warning] = answer["warnings"]
    assert "linkerd.io/inject" in warning
    assert "'enbaled'" in warning


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("config.linkerd.io/skip-outbound-ports", "80; rm -rf /"),
        ("config.linkerd.io/proxy-log-level", "info\n--evil"),
        ("config.linkerd.io/proxy-uid", "0x0"),
        ("config.linkerd.io/proxy-cpu-request", "a lot"),
        ("config.linkerd.io/skip-subnets", "10.0.0.0/8 --privileged"),
        ("config.linkerd.io/proxy-additional-env", "[{]"),
    ],
)
async def test_a_hostile_annotation_denies_its_pod_and_names_itself(
    admission, events, registry, name, text
):
    given = pod(annotations={name: text}, owner=REPLICA_SET)
    answer = response(await admission.answer(body(given)))
    assert not answer["allowed"]
    assert answer["status"]["code"] == 422
    assert name in answer["status"]["message"]
    assert "Pod shop/web-5d9f8b6c7d" in answer["status"]["message"]
    [(regarding, type_, reason, _)] = events.recorded
    assert (regarding.name, type_, reason) == ("web-1", "Warning", "InjectionDenied")
    label = name.removeprefix("config.linkerd.io/").replace("-", "_")
    labels = {"owner_kind": "replicaset", "namespace": "shop", "annotation_at": "namespace"}
    denied = {label: "true", "skip": "true", "skip_reason": "denied"}
    assert sample(registry, "proxy_inject_admission_responses_total", **labels, **denied) == 1


async def test_a_dry_run_tells_nobody(admission, events):
    given = pod(owner=REPLICA_SET)
    assert PROXY in containers(patched(given, await admission.answer(body(given, dryRun=True))))
    assert events.recorded == []


async def test_services_get_their_opaque_ports(admission):
    given = service(3306, 80)
    result = patched(given, await admission.answer(body(given)))
    assert result["metadata"]["annotations"] == {"config.linkerd.io/opaque-ports": "3306"}
    assert patched(service(80), await admission.answer(body(service(80)))) == service(80)


async def test_a_service_whose_namespace_says_nonsense_is_denied(admission, store):
    store.put(namespace("odd", **{"config.linkerd.io/opaque-ports": "80-70"}))
    answer = response(await admission.answer(body(service(80), "odd")))
    assert not answer["allowed"]
    assert "Namespace odd" in answer["status"]["message"]


@pytest.mark.fault(67)
@pytest.mark.parametrize(
    "request_",
    [
        {"kind": {"group": "apps", "version": "v1", "kind": "Deployment"}},
        {"kind": {"group": "example.com", "version": "v9", "kind": "Whatever"}},
        {"operation": "DELETE", "object": None},
        {"subResource": "ephemeralcontainers"},
    ],
)
async def test_what_is_not_ours_to_judge_is_allowed_as_it_is(admission, registry, request_):
    answer = response(await admission.answer(body(pod(), **request_)))
    assert answer == {"uid": answer["uid"], "allowed": True}
    labels = {"owner_kind": "other", "skip": "true", "skip_reason": "unsupported_resource"}
    assert sample(registry, "proxy_inject_admission_responses_total", **labels) == 1


@pytest.mark.fault(67)
@pytest.mark.parametrize(
    ("resource", "complaint"),
    [
        (None, "the AdmissionReview's request has no object"),
        ([], "the AdmissionReview's request has no object"),
        ("text", "the AdmissionReview's request has no object"),
        ({"metadata": ["x"], "spec": {}, "kind": "Pod"}, "metadata: expected an object"),
        ({"metadata": {"generateName": 5}, "spec": {}, "kind": "Pod"}, "metadata.generateName"),
        ({"metadata": {}, "spec": [], "kind": "Pod"}, "spec: expected object"),
        ({"metadata": {"name": "../x"}, "spec": {}, "kind": "Pod"}, "metadata.name"),
        ({"metadata": {}, "spec": {"containers": [{"name": 1}]}, "kind": "Pod"}, "containers[0]"),
    ],
)
async def test_an_object_that_is_none_is_refused(admission, resource, complaint):
    kind = {"group": "", "version": "v1", "kind": "Pod"}
    with pytest.raises(BadReview) as refused:
        await admission.answer(body(resource, kind=kind))
    assert complaint in str(refused.value)
