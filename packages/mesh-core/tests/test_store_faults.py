"""Fault 52: what an API server and the network before it do to a watch; nothing is ever lost."""

import asyncio
import contextlib
import dataclasses
import gc
import json
import logging
import time

import pytest
from aiohttp import web
from fault_proxy import LoopWatch, fault_proxy
from prometheus_client import CollectorRegistry
from store_transcript import Transcript, until

from mesh_core.kubernetes import (
    ForbiddenError,
    KubernetesClient,
    KubernetesStore,
    Pace,
    StoreMetrics,
    reflector,
)
from mesh_core.kubernetes.troubles import Troubles
from mesh_core.resources import ConfigMap, EndpointSlice, Namespace, ObjectMeta, Pod, Secret

pytest_plugins = ["mesh_clusters.fixtures"]

PACE = Pace(watch=60, first_wait=0.02, longest_wait=0.1, healthy=0.2, write=5)
IMPATIENT = dataclasses.replace(PACE, request=0.5, silence=0.6)
"""For tests of silence; on a busy machine it finds silence where there is only slowness."""
CLUSTER_ADMIN = "mesh-core-tests-admin"


class Bench:
    """A store behind a fault proxy, and a client that goes around it."""

    def __init__(self, proxy, client, namespace, tmp_path):
        self.proxy = proxy
        self.client = client
        self.namespace = namespace
        self.seen = Transcript()
        self.registry = CollectorRegistry()
        self._config = proxy.kubeconfig(tmp_path / "proxy.kubeconfig")
        self._stack = contextlib.AsyncExitStack()

    async def open(self, kinds=(ConfigMap,), *, optional=(), pace=PACE, started=True):
        through = await KubernetesClient.connect(self._config, user_agent="mesh-tests")
        self._stack.push_async_callback(through.close)
        store = KubernetesStore(
            through,
            kinds,
            optional=optional,
            namespace=self.namespace,
            metrics=StoreMetrics(self.registry),
            pace=pace,
        )
        self._stack.push_async_callback(store.close)
        store.subscribe(kinds[0], self.seen)
        if started:
            await store.start()
            await until(lambda: self.proxy.watch(kinds[0].plural) is not None)
        self.store = store
        return store

    async def close(self):
        await self._stack.aclose()

    def config(self, name, **data):
        return ConfigMap(ObjectMeta(name=name, namespace=self.namespace), data=data)

    async def write(self, name, **data):
        return await self.client.create(self.config(name, **data))

    async def follows(self, name):
        """A new object arrives: the store follows."""
        await self.write(name)
        await until(lambda: self.store.get(ConfigMap, self.namespace, name) is not None)

    def metric(self, name, kind="ConfigMap", **labels):
        return self.registry.get_sample_value(f"mesh_store_{name}", {"kind": kind, **labels}) or 0

    def errors(self, reason, kind="ConfigMap"):
        return self.metric("watch_errors_total", kind, reason=reason)


@pytest.fixture(scope="session")
def admin_token(api_server):
    token = api_server.token(CLUSTER_ADMIN, "admin")
    account = f"--serviceaccount={CLUSTER_ADMIN}:admin"
    role = "--clusterrole=cluster-admin"
    api_server.kubectl("create", "clusterrolebinding", CLUSTER_ADMIN, role, account)
    return token


@pytest.fixture
async def bench(request, api_server, admin_token, tmp_path):
    namespace = request.node.name.translate({ord(c): "-" for c in "_[]. "})[:60].strip("-").lower()
    async with (
        fault_proxy(api_server.url, api_server.ca_file, admin_token) as proxy,
        await KubernetesClient.connect(api_server.kubeconfig, user_agent="mesh-tests") as client,
    ):
        await client.create(Namespace(ObjectMeta(name=namespace)))
        for name in ("a", "b"):
            await client.create(ConfigMap(ObjectMeta(name=name, namespace=namespace)))
        bench = Bench(proxy, client, namespace, tmp_path)
        yield bench
        await bench.close()


def status(code, reason="", message="made up by the test", **details):
    document = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "metadata": {}}
    return {**document, "message": message, "reason": reason, "code": code, "details": details}


def line(kind, document):
    return json.dumps({"type": kind, "object": document}).encode() + b"\n"


@pytest.mark.fault(52)
async def test_after_a_restart_the_version_is_too_old_and_only_real_changes_are_told(
    bench, api_server
):
    store = await bench.open()
    bench.seen.take()
    bench.proxy.watch("configmaps").silent = True
    await bench.client.delete(ConfigMap, bench.namespace, "a")
    await bench.write("c")
    api_server.stop()
    try:
        await until(lambda: bench.errors("unreachable") > 0)
        assert len(store.list(ConfigMap)) == 2
    finally:
        await asyncio.to_thread(api_server.start)
    await until(lambda: len(bench.seen.lines) == 2)
    assert sorted(bench.seen.take()) == ["+c", "-a"]
    assert bench.errors("gone") >= 1
    await until(lambda: bench.metric("relists_total") >= 1)
    await bench.follows("d")


@pytest.mark.fault(52)
async def test_410_as_an_event_leads_to_a_list(bench):
    await bench.open()
    bench.seen.take()
    await bench.proxy.watch("configmaps").say(line("ERROR", status(410, "Expired")))
    await until(lambda: bench.metric("relists_total") == 1)
    await bench.follows("c")
    assert bench.seen.take() == ["+c"]


@pytest.mark.fault(52)
async def test_410_as_a_status_leads_to_a_list(bench):
    await bench.open()
    fault = bench.proxy.inject(
        "watch", "configmaps", status=410, body=json.dumps(status(410, "Expired")).encode()
    )
    bench.proxy.watch("configmaps").end()
    await until(lambda: fault.times == 0)
    await bench.follows("c")
    await until(lambda: bench.metric("relists_total") == 1)


@pytest.mark.fault(52)
async def test_a_version_from_the_future_as_after_a_restored_backup_leads_to_a_list(bench, caplog):
    await bench.open(pace=IMPATIENT)
    watch = bench.proxy.watch("configmaps")
    bookmark = {"kind": "ConfigMap", "metadata": {"resourceVersion": "999999999"}}
    await watch.say(line("BOOKMARK", bookmark))
    await until(lambda: bench.store._reflectors[ConfigMap].version == "999999999")
    watch.end()
    await bench.follows("c")
    await until(lambda: bench.metric("relists_total") >= 1)
    assert any("before ours, 999999999: listing again" in each.message for each in caplog.records)


@pytest.mark.fault(52)
@pytest.mark.parametrize(
    ("hurt", "reason"),
    [("eof in a line", "truncated"), ("reset", "truncated"), ("garbage", "truncated")],
)
async def test_a_watch_that_breaks_is_resumed_without_a_list(bench, hurt, reason):
    await bench.open()
    bench.seen.take()
    watch = bench.proxy.watch("configmaps")
    watch.silent = True
    await bench.write("c")  # happens while the connection is already lost
    if hurt == "eof in a line":
        await watch.say(b'{"type":"MODIFIED","object":{"metadata":{"name":"a","names')
        watch.end()
    elif hurt == "garbage":
        await watch.say(b"<html>bad gateway</html>\n")
    else:
        watch.reset()
    await until(lambda: bench.seen.lines == ["+c"])
    assert bench.errors(reason) == 1
    assert bench.metric("relists_total") == 0
    await bench.follows("d")


@pytest.mark.fault(52)
async def test_a_silent_watch_is_noticed_staleness_rises_and_falls(bench):
    store = await bench.open(pace=dataclasses.replace(PACE, silence=1.5))
    bench.proxy.watch("configmaps").silent = True
    await bench.write("c")
    await until(lambda: bench.metric("staleness_seconds") > 0.5)
    assert store.get(ConfigMap, bench.namespace, "c") is None
    await until(lambda: store.get(ConfigMap, bench.namespace, "c") is not None)
    await until(lambda: bench.metric("staleness_seconds") < 0.5)
    # Silence alone is no error, and a small request says so.
    assert bench.errors("silent") == bench.metric("relists_total") == 0
    assert [each.query["limit"] for each in bench.proxy.requests if each.verb == "list"] == [
        "500",
        "1",
    ]


@pytest.mark.fault(52)
async def test_bookmarks_alone_are_a_sign_of_life_and_the_place_to_resume(bench):
    await bench.open(pace=dataclasses.replace(PACE, silence=2))
    watch = bench.proxy.watch("configmaps")
    watch.silent = True
    newest = (await bench.write("unseen")).metadata.resource_version
    bookmark = {"kind": "ConfigMap", "metadata": {"resourceVersion": newest}}
    began = time.monotonic()
    while time.monotonic() - began < 2.5:  # longer than the silence that ends a watch
        await watch.say(line("BOOKMARK", bookmark))
        await asyncio.sleep(0.05)
        assert bench.metric("staleness_seconds") < 1.5
    assert bench.proxy.watch("configmaps") is watch
    watch.end()
    await until(lambda: bench.proxy.count("watch", "configmaps") == 2)
    assert bench.proxy.requests[-1].query["resourceVersion"] == newest


@pytest.mark.fault(52)
async def test_429_is_obeyed(bench):
    await bench.open()
    refusal = {"status": 429, "headers": {"Retry-After": "1"}, "body": b"slow down"}
    fault = bench.proxy.inject("watch", "configmaps", **refusal)
    bench.proxy.watch("configmaps").end()
    await until(lambda: fault.times == 0)
    began = time.monotonic()
    await bench.follows("c")
    assert time.monotonic() - began > 0.9
    assert bench.errors("overloaded") == 1


@pytest.mark.fault(52)
@pytest.mark.parametrize("verb", ["list", "watch"])
async def test_500_is_survived(bench, verb):
    fault = bench.proxy.inject(verb, "configmaps", status=500, body=b"etcd leader changed", times=4)
    if verb == "list":
        await bench.open()
    else:
        await bench.open(started=False)
        await bench.store.start()
    await until(lambda: fault.times == 0)
    await bench.follows("c")
    assert sorted(bench.seen.take()) == ["+a", "+b", "+c"]
    assert bench.errors("server_error") == 4


@pytest.mark.fault(52)
async def test_a_list_that_hangs_or_is_cut_is_asked_for_again_and_empties_nothing(bench):
    store = await bench.open(pace=dataclasses.replace(PACE, request=1))
    bench.proxy.inject("list", "configmaps", hang=True)
    bench.proxy.inject("list", "configmaps", cut=True)
    bench.proxy.inject("list", "configmaps", status=200, body=b'{"items": [')
    bench.proxy.inject("list", "configmaps", status=200, body=b'{"kind": "ConfigMapList"}')
    await bench.proxy.watch("configmaps").say(line("ERROR", status(410, "Expired")))
    bench.seen.take()
    await until(lambda: bench.metric("relists_total") == 1)
    assert bench.errors("silent") >= 1
    assert bench.errors("truncated") == 3
    assert bench.seen.take() == []
    assert len(store.list(ConfigMap)) == 2
    await bench.follows("c")


@pytest.mark.fault(52)
async def test_a_server_that_is_away_costs_little_and_is_followed_again(bench, caplog):
    caplog.set_level(logging.INFO, logger="mesh_core")
    store = await bench.open((ConfigMap, Pod, EndpointSlice))
    await bench.proxy.stop()
    await until(lambda: bench.errors("unreachable") > 0)
    failures = bench.errors("unreachable")
    began, used = time.monotonic(), time.process_time()
    await until(lambda: bench.metric("staleness_seconds") > 1.5)
    away = time.monotonic() - began
    attempts = bench.errors("unreachable") - failures
    # Each attempt waits at least half of the longest wait, once the back-off has grown.
    assert attempts <= away / (PACE.longest_wait / 2) + 6
    assert time.process_time() - used < away / 4
    assert len(store.list(ConfigMap)) == 2
    await bench.write("c")
    bench.seen.take()
    await bench.proxy.start()
    await until(lambda: bench.seen.lines == ["+c"])
    assert bench.metric("staleness_seconds") < 1
    assert bench.metric("relists_total") == 0
    await until(lambda: store.problems == ())
    said = [record for record in caplog.records if record.name.endswith(".troubles")]
    assert [record.levelname for record in said] == ["WARNING", "INFO"]
    assert said[1].message.startswith("solved: ")


@pytest.mark.fault(52)
async def test_a_frozen_server_is_waited_for(bench, api_server):
    store = await bench.open(pace=IMPATIENT)
    api_server.pause()
    try:
        await until(lambda: bench.errors("silent") >= 1)
        assert len(store.list(ConfigMap)) == 2
    finally:
        api_server.resume()
    await bench.follows("c")


@pytest.mark.fault(52)
async def test_a_watch_that_ends_at_once_every_time_is_not_asked_for_without_end(bench):
    empty = {"status": 200, "body": b"", "times": 1_000_000}
    bench.proxy.inject("watch", "configmaps", **empty)
    store = await bench.open(started=False)
    await store.start()
    await bench.write("c")
    # Watches that say nothing are not trusted: a list now and then finds what they missed.
    await until(lambda: store.get(ConfigMap, bench.namespace, "c") is not None)
    asked, began = bench.proxy.count("watch", "configmaps"), time.monotonic()
    await until(lambda: time.monotonic() - began > 0.5)
    assert bench.proxy.count("watch", "configmaps") - asked <= 0.5 / (PACE.longest_wait / 2) + 2


@pytest.mark.fault(52)
async def test_a_missing_permission_and_a_missing_definition_block_nothing_else(bench, caplog):
    class Wish(ConfigMap, frozen=True):
        api_version = "wishes.example/v1"
        kind = "Wish"
        plural = "wishes"

    denied = status(
        403,
        "Forbidden",
        'secrets is forbidden: User "system:serviceaccount:linkerd:x" cannot list resource '
        f'"secrets" in API group "" in the namespace "{bench.namespace}"',
    )
    refusal = {"status": 403, "body": json.dumps(denied).encode(), "times": 3}
    fault = bench.proxy.inject("list", "secrets", **refusal)
    store = await bench.open((ConfigMap, Secret), optional=(Wish,), started=False)
    starting = asyncio.create_task(store.start())
    await bench.follows("c")
    assert not store.synced
    assert bench.metric("problems", "Wish") == bench.metric("problems", "Secret") == 1
    assert {problem.kind for problem in store.problems} == {"Secret", "Wish"}
    await asyncio.wait_for(starting, 5)
    assert fault.times == 0
    assert store.synced
    await until(lambda: [problem.kind for problem in store.problems] == ["Wish"])
    said = [record.message for record in caplog.records if record.levelname == "ERROR"]
    assert len(said) == 2
    secrets, wishes = sorted(said)
    assert "lacks the permission to list secrets in namespace" in secrets
    assert 'resources: ["secrets"], verbs: ["get","list","watch"]' in secrets
    assert "does not serve this kind" in wishes
    assert "helm upgrade" in wishes


async def test_a_kind_whose_definition_comes_later_is_followed_then(bench, api_server):
    class Comet(ConfigMap, frozen=True):
        api_version = "sky.mesh.example/v1"
        kind = "Comet"
        plural = "comets"

    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    names = {"plural": "comets", "singular": "comet", "kind": "Comet"}
    definition = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "comets.sky.mesh.example"},
        "spec": {
            "group": "sky.mesh.example",
            "scope": "Namespaced",
            "names": names,
            "versions": [version],
        },
    }
    store = await bench.open(optional=(Comet,))
    assert [problem.kind for problem in store.problems] == ["Comet"]
    await asyncio.to_thread(api_server.kubectl, "apply", "-f", "-", stdin=json.dumps(definition))
    await until(lambda: not store.problems)
    await store.create(Comet(ObjectMeta(name="halley", namespace=bench.namespace)))
    assert store.get(Comet, bench.namespace, "halley") is not None


@pytest.mark.fault(52)
async def test_a_kind_that_may_be_listed_but_not_watched_is_named_and_kept(bench, caplog):
    denied = 'User "x" cannot watch resource "configmaps" in API group "" in the namespace "y"'
    refusal = {"status": 403, "body": json.dumps(status(403, "Forbidden", denied)).encode()}
    fault = bench.proxy.inject("watch", "configmaps", times=5, **refusal)
    store = await bench.open(started=False)
    await store.start()
    await until(lambda: fault.times == 0)
    assert len(store.list(ConfigMap)) == 2
    assert bench.metric("relists_total") == 0
    await bench.follows("c")
    assert not store.problems
    said = [record.message for record in caplog.records if record.levelname == "ERROR"]
    assert len(said) == 1
    assert "lacks the permission to watch configmaps" in said[0]


@pytest.mark.fault(52)
async def test_refusals_by_a_server_that_has_just_started_are_not_said(bench, caplog):
    caplog.set_level(logging.INFO, logger="mesh_core")
    await bench.open()
    denied = 'User "x" cannot watch resource "configmaps" in API group ""'
    refusal = {"status": 403, "body": json.dumps(status(403, "Forbidden", denied)).encode()}
    bench.proxy.inject("watch", "configmaps", times=4, **refusal)
    bench.proxy.watch("configmaps").end()
    await until(lambda: bench.errors("forbidden") == 4)
    await bench.follows("c")
    assert not any("permission" in record.message for record in caplog.records)


def test_a_lasting_refusal_is_said_and_so_is_its_end(caplog):
    caplog.set_level(logging.INFO)
    troubles = Troubles()
    troubles.over("Pod")
    for now in (0, 5, 10, 15):
        troubles.met("Pod", ForbiddenError("no"), now)
        assert [problem.message for problem in troubles] == ["no"]
        assert "Pod" in troubles
    troubles.met("Job", ForbiddenError("never"), 0)
    troubles.over("Pod")
    assert [record.message for record in caplog.records] == ["no", "never", "solved: no"]


@pytest.mark.fault(52)
async def test_an_object_that_cannot_be_decoded_hurts_no_other(bench, caplog):
    caplog.set_level(logging.INFO, logger="mesh_core")
    store = await bench.open()
    watch = bench.proxy.watch("configmaps")
    watch.silent = True
    a = store.get(ConfigMap, bench.namespace, "a")
    metadata = {"name": "a", "namespace": bench.namespace, "resourceVersion": "7"}
    await watch.say(line("MODIFIED", {"metadata": metadata, "data": {"key": 1}}))
    await until(lambda: bool(store.problems))
    (problem,) = store.problems
    assert str(problem).startswith(
        f"ConfigMap {bench.namespace}/a: data.key: expected str, got int"
    )
    assert store.get(ConfigMap, bench.namespace, "a") == a
    assert bench.metric("problems") == 1
    good = {**metadata, "resourceVersion": "8"}
    await watch.say(line("MODIFIED", {"metadata": good, "data": {"key": "1"}}))
    await until(lambda: not store.problems)
    assert store.get(ConfigMap, bench.namespace, "a").data == {"key": "1"}
    said = [record for record in caplog.records if "expected str" in record.message]
    assert len(said) == 1


@pytest.mark.fault(52)
async def test_an_object_of_a_list_that_cannot_be_decoded_keeps_its_last_state(bench):
    store = await bench.open()
    body = await bench.client.request("GET", f"/api/v1/namespaces/{bench.namespace}/configmaps")
    document = json.loads(body)
    document["items"][0]["data"] = ["wrong"]
    fault = bench.proxy.inject("list", "configmaps", status=200, body=json.dumps(document).encode())
    await bench.proxy.watch("configmaps").say(line("ERROR", status(410, "Expired")))
    await until(lambda: fault.times == 0)
    await until(lambda: [str(p.key) for p in store.problems] == [f"{bench.namespace}/a"])
    assert len(store.list(ConfigMap)) == 2
    await bench.client.delete(ConfigMap, bench.namespace, "a")
    await until(lambda: not store.problems)
    assert [item.name for item in store.list(ConfigMap)] == ["b"]


@pytest.mark.fault(52)
async def test_pages_that_expire_are_followed_by_one_whole_list(bench, monkeypatch):
    monkeypatch.setattr(reflector, "PAGE_ITEMS", 2)
    for name in ("c", "d", "e"):
        await bench.write(name)
    page = {"status": 410, "body": json.dumps(status(410, "Expired")).encode()}
    bench.proxy.inject("list", "configmaps", only_with="continue", **page)
    store = await bench.open()
    assert len(store.list(ConfigMap)) == 5
    lists = [each.query for each in bench.proxy.requests if each.verb == "list"]
    assert [sorted(query) for query in lists] == [["limit"], ["continue", "limit"], []]
    assert sorted(bench.seen.take()) == ["+a", "+b", "+c", "+d", "+e"]
    await bench.proxy.watch("configmaps").say(line("ERROR", status(410, "Expired")))
    await until(lambda: bench.metric("relists_total") == 1)
    lists = [each.query for each in bench.proxy.requests if each.verb == "list"]
    assert [sorted(query) for query in lists[3:]] == [["limit"]] + [["continue", "limit"]] * 2
    assert bench.seen.take() == []


def pages(count, size):
    """The bodies of a list of many slices, made beforehand: making them takes long."""

    def item(number):
        metadata = {"name": f"s{number}", "namespace": "x", "resourceVersion": "5"}
        endpoint = {"addresses": [f"10.0.{number // 250 % 250}.{number % 250}"], "nodeName": "n"}
        ports = [{"port": 8080, "name": "http"}]
        return {"metadata": metadata, "endpoints": [endpoint] * 5, "ports": ports}

    bodies = {}
    for start in range(0, count, size):
        end = min(count, start + size)
        metadata = {"resourceVersion": "5", "continue": str(end) if end < count else ""}
        document = {"metadata": metadata, "items": [item(number) for number in range(start, end)]}
        bodies[str(start)] = json.dumps(document).encode()
    return lambda query: web.Response(body=bodies[query.get("continue", "0")])


@pytest.mark.fault(52)
@pytest.mark.parametrize("size", [500, 20_000], ids=["pages", "at-once"])
async def test_a_huge_list_does_not_hold_up_the_loop(bench, size):
    count = 20_000
    bench.proxy.inject("list", "endpointslices", items=pages(count, size), times=100)
    store = await bench.open((EndpointSlice,), started=False, pace=Pace())
    gc.collect()
    gc.freeze()  # else the garbage of all tests before this one is looked through meanwhile
    watch = LoopWatch()
    watching = asyncio.create_task(watch.run())
    await store.start()
    watching.cancel()
    gc.unfreeze()
    assert len(bench.seen.lines) == len(store.list(EndpointSlice)) == count
    assert watch.longest < 0.2
