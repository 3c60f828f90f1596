"""Whatever is in a review, it is answered or refused: nothing else ever comes out."""

import asyncio
import contextlib
import copy
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from memory_store import Answers, MemoryStore
from prometheus_client import CollectorRegistry
from reviews import INJECT, VALUES, body, namespace, pod, response, review, service

from mesh_core import annotations
from mesh_injector.webhook.admission import Admission
from mesh_injector.webhook.errors import BadReview, LookupFailed
from mesh_injector.webhook.live_installation import TRUST_ANCHORS, LiveInstallation
from mesh_injector.webhook.lookup import Lookup
from mesh_injector.webhook.metrics import WebhookMetrics

ROOT = b"-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n"
OWNER = {"apiVersion": "batch/v1", "kind": "Job", "name": "backup-1", "uid": "j"}
FULL_POD = pod(
    owner=OWNER,
    annotations={"config.linkerd.io/skip-outbound-ports": "25"},
    initContainers=[{"name": "prepare", "image": "x"}],
    volumes=[{"name": "tmp", "emptyDir": {}}],
    securityContext={"runAsUser": 1000},
    terminationGracePeriodSeconds=5,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=5,
)
NAMES = [name for annotation in annotations.ALL for name in annotation.names]


@pytest.fixture(scope="module")
def admit():
    live = LiveInstallation("linkerd")
    live.load({"values": VALUES.encode(), TRUST_ANCHORS: ROOT})
    store = MemoryStore(namespace("shop", **{INJECT: "enabled"}))
    metrics = WebhookMetrics(CollectorRegistry())
    admission = Admission(Lookup(store, Answers()), live, lambda *_: None, metrics)
    with asyncio.Runner() as runner:
        yield lambda data: runner.run(admission.answer(data))


def places(value, path=()):
    """All places in a document."""
    yield path
    items = value.items() if isinstance(value, dict) else ()
    items = enumerate(value) if isinstance(value, list) else items
    for key, item in items:
        yield from places(item, (*path, key))


def replaced(document, path, value):
    if not path:
        return value
    changed = copy.deepcopy(document)
    inner = changed
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    return changed


def judged(admit, data: bytes) -> None:
    with contextlib.suppress(BadReview, LookupFailed):
        said = json.loads(admit(data))["response"]
        assert said["allowed"] or said["status"]["message"]


@pytest.mark.fault(67)
@settings(deadline=None)
@given(data=st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
def test_anything_at_all(admit, data):
    judged(admit, data)


@pytest.mark.fault(67)
@settings(deadline=None, max_examples=200)
@given(choice=st.data())
def test_anything_in_any_place_of_a_review(admit, choice):
    whole = review(choice.draw(st.sampled_from([FULL_POD, service(80)])))
    path = choice.draw(st.sampled_from(sorted(places(whole), key=str)))
    judged(admit, json.dumps(replaced(whole, path, choice.draw(JSON))).encode())


@settings(deadline=None, max_examples=200)
@given(name=st.sampled_from(NAMES), text=st.text(max_size=40))
def test_anything_in_any_annotation(admit, name, text):
    """Denied with its name, or in force: never a failure."""
    said = response(admit(body(pod(annotations={name: text}))))
    assert said["allowed"] or name in said["status"]["message"]
