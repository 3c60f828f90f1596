"""Events as the users of a cluster see them."""

import json
import logging

import pytest
from prometheus_client import CollectorRegistry
from store_transcript import until

from mesh_core.kubernetes import EVENT_ACCESS, EventRecorder, KubernetesClient
from mesh_core.kubernetes import event_recorder as module
from mesh_core.resources import Event, Namespace, ObjectMeta, ObjectReference, Pod

pytest_plugins = ["mesh_clusters.fixtures"]

SPACE = "event-tests"


@pytest.fixture(scope="session")
def space(api_server):
    api_server.token(SPACE, "speaker")  # makes both
    return SPACE


@pytest.fixture
async def client(api_server):
    connecting = KubernetesClient.connect(api_server.kubeconfig, user_agent="mesh-tests")
    async with await connecting as client:
        yield client


class Recorder:
    """A recorder and its counters."""

    def __init__(self, client):
        self.registry = CollectorRegistry()
        self.events = EventRecorder(client, component="mesh-tests", registry=self.registry)

    def count(self, outcome):
        name = "mesh_kubernetes_events_total"
        return self.registry.get_sample_value(name, {"outcome": outcome})


@pytest.fixture
async def recorder(client, space):
    recorder = Recorder(client)
    yield recorder
    await recorder.events.close()


def pod(name):
    return Pod(ObjectMeta(name=name, namespace=SPACE, uid=f"uid-of-{name}"))


async def events_of(client, name, namespace=SPACE):
    return await client.list(Event, namespace, field_selector=f"involvedObject.name={name}")


async def test_an_event_is_beside_its_object_and_repeats_count_it_up(client, recorder):
    await recorder.events.start()
    for _ in range(3):
        recorder.events.record(pod("web"), "Warning", "Skipped", "no sidecar: a reason")
    await until(lambda: recorder.count("sent") == 1)
    recorder.events.record(pod("web"), "Warning", "Skipped", "no sidecar: a reason")
    recorder.events.record(pod("web"), "Normal", "Injected", "x" * 5000)
    await recorder.events.close()
    skipped, injected = sorted(await events_of(client, "web"), key=lambda e: e.type, reverse=True)
    assert (skipped.type, skipped.reason, skipped.count) == ("Warning", "Skipped", 4)
    assert skipped.involved_object.uid == "uid-of-web"
    assert skipped.source.component == skipped.reporting_component == "mesh-tests"
    assert injected.count == 1
    assert len(injected.message) == 1024


async def test_an_event_that_the_server_forgot_is_made_anew(client, recorder):
    await recorder.events.start()
    recorder.events.record(pod("old"), "Normal", "Injected", "sidecar added")
    await until(lambda: recorder.count("sent") == 1)
    (event,) = await events_of(client, "old")
    await client.delete(Event, SPACE, event.name)
    recorder.events.record(pod("old"), "Normal", "Injected", "sidecar added")
    await until(lambda: recorder.count("sent") == 2)
    (again,) = await events_of(client, "old")
    assert again.name != event.name


async def test_objects_without_a_namespace_have_their_events_in_default(client, recorder):
    await recorder.events.start()
    recorder.events.record(Namespace(ObjectMeta(name=SPACE)), "Normal", "Seen", "hello")
    reference = ObjectReference(kind="Node", name="node-of-events", resource_version="7")
    recorder.events.record(reference, "Normal", "Seen", "hello")
    await until(lambda: recorder.count("sent") == 2)
    assert len(await events_of(client, SPACE, "default")) == 1
    (event,) = await events_of(client, "node-of-events", "default")
    assert event.involved_object.resource_version == ""


async def test_too_many_are_dropped_and_counted_and_nothing_waits(recorder, monkeypatch):
    monkeypatch.setattr(module, "MAX_WAITING", 5)
    for number in range(8):
        recorder.events.record(pod(f"p{number}"), "Normal", "Seen", "hello")
    recorder.events.record(pod("p0"), "Normal", "Seen", "hello")  # only counts up
    assert recorder.count("dropped") == 3


async def test_a_missing_permission_is_said_once(api_server, space, caplog):
    caplog.set_level(logging.WARNING)
    config = api_server.service_account_kubeconfig(SPACE, "mute")
    async with await KubernetesClient.connect(config, user_agent="mesh-tests") as mute:
        recorder = Recorder(mute)
        await recorder.events.start()
        for number in range(3):
            recorder.events.record(pod(f"p{number}"), "Normal", "Seen", "hello")
        await until(lambda: recorder.count("failed") == 3)
        await recorder.events.close()
    (said,) = (record.message for record in caplog.records if "lost" in record.message)
    assert "lacks the permission to create events" in said


async def test_the_declared_access_is_enough(api_server, client, space):
    rules = json.dumps([EVENT_ACCESS.rule])
    role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role"}
    role |= {"metadata": {"name": "events"}, "rules": json.loads(rules)}
    api_server.kubectl("apply", f"-n{space}", "-f", "-", stdin=json.dumps(role))
    account = f"--serviceaccount={space}:speaker"
    config = api_server.service_account_kubeconfig(space, "speaker")
    api_server.kubectl("create", "rolebinding", "events", f"-n{space}", "--role=events", account)
    async with await KubernetesClient.connect(config, user_agent="mesh-tests") as speaker:
        recorder = Recorder(speaker)
        await recorder.events.start()
        recorder.events.record(pod("said"), "Normal", "Seen", "hello")
        await until(lambda: recorder.count("sent") == 1)
        recorder.events.record(pod("said"), "Normal", "Seen", "hello")
        await recorder.events.close()
    (event,) = await events_of(client, "said")
    assert event.count == 2


async def test_without_a_server_closing_is_quick(tmp_path):
    document = {
        "current-context": "x",
        "clusters": [{"name": "x", "cluster": {"server": "http://127.0.0.1:1"}}],
        "contexts": [{"name": "x", "context": {"cluster": "x", "user": "x"}}],
        "users": [],
    }
    config = tmp_path / "config"
    config.write_text(json.dumps(document))
    async with await KubernetesClient.connect(config, user_agent="mesh-tests") as client:
        recorder = Recorder(client)
        await recorder.events.start()
        for number in range(200):
            recorder.events.record(pod(f"p{number}"), "Normal", "Seen", "hello")
        await recorder.events.close()
        await recorder.events.close()
    assert recorder.count("failed") + recorder.count("dropped") == 200
