"""Which pods are reported as unmeshed, when, and with which advice."""

import asyncio
import json
import logging
from collections.abc import Callable

import pytest
from memory_store import Answers, MemoryStore
from prometheus_client import CollectorRegistry, generate_latest
from reviews import INJECT, namespace, pod
from test_webhook_admission import JOB, OF_DEPLOYMENT, REPLICA_SET

from mesh_core.resources import LabelSelector, Namespace, ObjectMeta, Pod, decode_as
from mesh_injector import Installation, ReviewScope
from mesh_injector.expectation import is_unmeshed
from mesh_injector.webhook import reconciler as reconciler_module
from mesh_injector.webhook import unmeshed_report
from mesh_injector.webhook.lookup import Lookup
from mesh_injector.webhook.reconciler import Reconciler
from mesh_injector.webhook.unmeshed_pods import UnmeshedPods
from mesh_injector.webhook.unmeshed_report import MAX_PODS, UnmeshedReport

MESHED = namespace(**{INJECT: "enabled"})
SIDECAR = {"name": "linkerd-proxy", "image": "localhost/mesh-proxy:1"}


def existing(name="web-1", uid="1", *, meta=None, phase="Running", in_namespace="shop", **options):
    document = pod(name, **options)
    document["metadata"] |= {"namespace": in_namespace, "uid": uid, **(meta or {})}
    document["status"] = {"phase": phase}
    return decode_as(Pod, document)


@pytest.mark.parametrize(
    ("of_pod", "of_namespace", "unmeshed"),
    [
        (existing(), MESHED, True),
        (existing(), namespace(), False),
        (existing(annotations={INJECT: "enabled"}), namespace(), True),
        (existing(annotations={INJECT: "disabled"}), MESHED, False),
        (existing(annotations={INJECT: "typo"}), MESHED, False),
        (existing(hostNetwork=True), MESHED, False),
        (existing(initContainers=[SIDECAR]), MESHED, False),
        (existing(containers=[SIDECAR]), MESHED, False),
        (existing(phase="Pending"), MESHED, True),
        (existing(phase="Succeeded"), MESHED, False),
        (existing(phase="Failed"), MESHED, False),
        (existing(meta={"deletionTimestamp": "2026-01-01T00:00:00Z"}), MESHED, False),
        (existing(meta={"annotations": {"kubernetes.io/config.mirror": "x"}}), MESHED, False),
        (existing(meta={"labels": {"linkerd.io/control-plane-component": "x"}}), MESHED, False),
        (existing(meta={"labels": {"linkerd.io/cni-resource": "true"}}), MESHED, False),
        (existing(), namespace("kube-system", **{INJECT: "enabled"}), False),
        (existing(), namespace("linkerd", **{INJECT: "enabled"}), False),
        (
            existing(),
            Namespace(
                ObjectMeta(
                    name="shop",
                    labels={"config.linkerd.io/admission-webhooks": "disabled"},
                    annotations={INJECT: "enabled"},
                )
            ),
            False,
        ),
    ],
    ids=range(18),
)
def test_only_what_the_webhook_would_have_changed_is_unmeshed(of_pod, of_namespace, unmeshed):
    assert is_unmeshed(of_pod, of_namespace, Installation()) is unmeshed


def test_the_selectors_are_the_installations():
    selector = LabelSelector(match_labels={"team": "shop"})
    mine = Installation(review_scope=ReviewScope(namespaces=selector))
    assert not is_unmeshed(existing(), MESHED, mine)
    labels = {"team": "shop"}
    asked = Namespace(ObjectMeta(name="x", labels=labels, annotations={INJECT: "enabled"}))
    assert is_unmeshed(existing(), asked, mine)


class TestTheList:
    def test_a_pod_is_news_once_its_grace_has_passed(self):
        pods = UnmeshedPods(grace=3)
        pods.observe(existing(), unmeshed=True, now=10)
        assert pods.next_due() == 13
        assert pods.due(12.9) == ()
        assert pods.all(12.9) == ()
        [news] = pods.due(13)
        assert news.pod.name == "web-1"
        assert pods.due(14) == ()
        assert pods.next_due() is None
        assert [each.pod.name for each in pods.all(14)] == ["web-1"]

    def test_what_changes_about_a_pod_does_not_begin_its_grace_anew(self):
        pods = UnmeshedPods(grace=3)
        pods.observe(existing(phase="Pending"), unmeshed=True, now=10)
        pods.observe(existing(), unmeshed=True, now=12)
        [news] = pods.due(13)
        assert news.pod.status.phase == "Running"
        pods.observe(existing(), unmeshed=True, now=20)
        assert pods.due(30) == ()

    def test_another_pod_of_the_same_name_is_news_again(self):
        pods = UnmeshedPods(grace=3)
        pods.observe(existing(), unmeshed=True, now=10)
        assert len(pods.due(13)) == 1
        pods.observe(existing(uid="2"), unmeshed=True, now=20)
        assert len(pods.due(23)) == 1

    def test_a_pod_that_ends_or_goes_is_no_longer_listed(self):
        pods = UnmeshedPods(grace=3)
        for name in ("a", "b"):
            pods.observe(existing(name), unmeshed=True, now=10)
        pods.observe(existing("a", phase="Succeeded"), unmeshed=False, now=11)
        pods.forget(existing("b").key)
        pods.forget(existing("c").key)
        assert pods.due(20) == ()
        assert pods.all(20) == ()


@pytest.fixture
def report():
    return UnmeshedReport()


@pytest.fixture
def problems():
    return []


@pytest.fixture
async def reconcile(installation, events, report, problems):
    """Follow a store with these objects."""
    started = []

    async def start(*resources):
        store = MemoryStore(*resources)
        owner = Lookup(store, Answers()).known_owner
        reconciler = Reconciler(
            store, installation, owner, events, report, problems=lambda: problems, grace=0.1
        )
        started.append(reconciler)
        await reconciler.start()
        return store

    yield start
    for reconciler in started:
        await reconciler.close()


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - the condition is not ours to signal
            await asyncio.sleep(0.01)


async def listed(report, *names) -> None:
    def are() -> bool:
        return report.current.synced and [each.name for each in report.current.pods] == [*names]

    await until(are)


async def test_pods_from_before_the_start_are_reported_once(reconcile, report, events):
    store = await reconcile(MESHED, OF_DEPLOYMENT, existing(owner=REPLICA_SET))
    await listed(report, "web-1")
    store.put(existing(owner=REPLICA_SET, phase="Pending"))
    store.put(existing("web-2", "2"))
    await listed(report, "web-1", "web-2")
    assert [(each[0].name, *each[1:3]) for each in events.recorded] == [
        ("web-1", "Warning", "NotInjected"),
        ("web-2", "Warning", "NotInjected"),
    ]
    assert events.recorded[0][3] == (
        "this pod should have a proxy and has none: it was created while no injector answered, or "
        "before linkerd.io/inject was set; kubectl rollout restart deployment/web -n shop"
    )
    assert "delete it and create it again" in events.recorded[1][3]
    store.remove(existing())
    await listed(report, "web-2")


async def test_a_namespace_that_asks_later_lists_its_pods_without_an_event(
    reconcile, report, events, caplog
):
    caplog.set_level(logging.INFO)
    store = await reconcile(namespace(), existing(owner=JOB))
    await listed(report)
    store.put(namespace("shop", unrelated="x"))
    store.put(MESHED)
    await listed(report, "web-1")
    [found] = report.current.pods
    assert found.older
    assert found.owner == "Job backup-1"
    assert "it was created before linkerd.io/inject was set" in found.message
    assert "its Job backup-1 will create it again" in found.message
    assert events.recorded == []
    store.put(namespace())
    await listed(report)
    lines = [record.getMessage() for record in caplog.records]
    assert lines == [
        "pods without their proxy in namespace shop (1), created before linkerd.io/inject was "
        "set: web-1",
        "no pod is without its proxy any more",
    ]


async def test_many_pods_are_one_line_in_the_log(reconcile, report, caplog):
    await reconcile(MESHED, *(existing(f"web-{number}", str(number)) for number in range(7)))
    await until(lambda: report.current.total == 7)
    [line] = [record.getMessage() for record in caplog.records]
    assert line.startswith("pods without their proxy in namespace shop (7), created while no ")
    assert line.endswith(": web-0, web-1, web-2, web-3, web-4, …")


async def test_a_pod_whose_namespace_comes_after_it_is_found(reconcile, report):
    store = await reconcile(existing())
    await listed(report)
    store.put(MESHED)
    await listed(report, "web-1")


async def test_a_failing_round_does_not_end_the_rounds(reconcile, report, events, caplog):
    events.failure = ZeroDivisionError("oh")
    store = await reconcile(MESHED, existing())
    await until(lambda: "looking for unmeshed pods failed" in caplog.text)
    events.failure = None
    store.put(existing("web-2", "2"))
    await listed(report, "web-1", "web-2")


async def test_the_report_is_bounded_and_counts_all(reconcile, report, monkeypatch):
    assert json.loads(report.page()) == {
        "synced": False,
        "problems": [],
        "total": 0,
        "namespaces": {},
        "pods": [],
    }
    other = namespace("other", **{INJECT: "enabled"})
    many = [existing(f"web-{number:04}", str(number)) for number in range(MAX_PODS + 5)]
    await reconcile(MESHED, other, *many, existing("x", "x", in_namespace="other"))
    await until(lambda: report.current.total)
    said = json.loads(report.page())
    assert said["total"] == MAX_PODS + 6
    assert said["namespaces"] == {"shop": MAX_PODS + 5, "other": 1}
    assert len(said["pods"]) == MAX_PODS
    assert said["pods"][1].keys() == {"namespace", "name", "owner", "created", "older", "message"}
    registry = CollectorRegistry()
    registry.register(report)
    name = "mesh_injector_unmeshed_pods"
    assert registry.get_sample_value(name, {"namespace": "other"}) == 1
    monkeypatch.setattr(unmeshed_report, "MAX_NAMESPACES", 1)
    text = generate_latest(registry).decode()
    assert 'namespace="shop"' in text
    assert 'namespace="other"' not in text


async def test_other_settings_let_all_pods_be_looked_at_again(
    reconcile, report, installation, monkeypatch
):
    await reconcile(MESHED, existing())
    await listed(report, "web-1")
    seen = []
    module = "mesh_injector.webhook.reconciler.is_unmeshed"
    monkeypatch.setattr(module, lambda pod, *_: seen.append(pod.name) or False)
    for listener in installation._listeners:
        listener()
    await listed(report)
    assert seen == ["web-1"]


async def test_the_report_says_what_keeps_it_from_being_complete(
    reconcile, report, problems, monkeypatch
):
    monkeypatch.setattr(reconciler_module, "IDLE_SECONDS", 0.1)
    problems.append("Pod: cannot list pods: forbidden")
    await reconcile(MESHED)
    await until(lambda: report.current.problems)
    assert json.loads(report.page())["synced"] is False
    problems.clear()
    await until(lambda: report.current.synced)
