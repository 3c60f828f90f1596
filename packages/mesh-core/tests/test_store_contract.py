"""What every ResourceStore promises, held by both backends."""

import contextlib

import pytest
from msgspec.structs import replace
from store_transcript import Transcript, until

from mesh_core.kubernetes import KubernetesClient, KubernetesStore
from mesh_core.resources import (
    ConfigMap,
    Container,
    Namespace,
    ObjectMeta,
    Pod,
    PodSpec,
    PodStatus,
    Secret,
)
from mesh_core.store import (
    AlreadyExistsError,
    ConflictError,
    DirectoryStore,
    NotFoundError,
    StoreError,
)

pytest_plugins = ["mesh_clusters.fixtures"]

KINDS = (ConfigMap, Pod)


class Source:
    """Opens stores over the same objects; everything lies in one namespace."""

    def __init__(self, namespace, make):
        self.namespace = namespace
        self._make = make
        self._stores = contextlib.AsyncExitStack()

    def make(self):
        store = self._make()
        self._stores.push_async_callback(store.close)
        return store

    async def open(self):
        store = self.make()
        await store.start()
        return store

    async def close(self):
        await self._stores.aclose()

    def config(self, name="web", **data):
        return ConfigMap(ObjectMeta(name=name, namespace=self.namespace), data=data)

    def pod(self, name="web"):
        container = Container(name="web", image="web")
        return Pod(ObjectMeta(name=name, namespace=self.namespace), PodSpec((container,)))


@contextlib.asynccontextmanager
async def kubernetes(server, namespace):
    client = await KubernetesClient.connect(server.kubeconfig, user_agent="mesh-tests")
    async with client:
        await client.create(Namespace(ObjectMeta(name=namespace)))
        yield Source(namespace, lambda: KubernetesStore(client, KINDS, namespace=namespace))


@pytest.fixture(params=["directory", "kubernetes"])
async def source(request, tmp_path):
    namespace = request.node.originalname.replace("_", "-")[:60].strip("-")
    async with contextlib.AsyncExitStack() as stack:
        if request.param == "kubernetes":
            server = request.getfixturevalue("api_server")
            found = await stack.enter_async_context(kubernetes(server, namespace))
        else:
            found = Source(namespace, lambda: DirectoryStore(tmp_path, KINDS))
        stack.push_async_callback(found.close)
        yield found


async def test_start_delivers_what_is_there(source):
    writer = await source.open()
    for name in ("a", "b"):
        await writer.create(source.config(name, key=name))
    store = source.make()
    seen = Transcript()
    store.subscribe(ConfigMap, seen)
    assert not store.synced
    await store.start()
    assert store.synced
    assert sorted(seen.take()) == ["+a", "+b"]
    assert store.get(ConfigMap, source.namespace, "a").data == {"key": "a"}
    assert store.get(ConfigMap, source.namespace, "c") is None
    assert store.get(ConfigMap, "elsewhere", "a") is None
    assert len(store.list(ConfigMap)) == len(store.list(ConfigMap, source.namespace)) == 2
    assert store.list(ConfigMap, "elsewhere") == []
    late = Transcript()
    store.subscribe(ConfigMap, late)
    assert sorted(late.take()) == ["+a", "+b"]


async def test_a_writer_sees_its_own_writes_when_they_return(source):
    store = await source.open()
    seen = Transcript()
    store.subscribe(ConfigMap, seen)
    created = await store.create(source.config(key="1"))
    assert created.metadata.uid
    assert created.metadata.resource_version
    assert created.metadata.creation_timestamp is not None
    assert store.get(ConfigMap, source.namespace, "web") == created
    changed = await store.update(replace(created, data={"key": "2"}))
    assert changed.metadata.resource_version != created.metadata.resource_version
    assert store.get(ConfigMap, source.namespace, "web") == changed
    await store.delete(ConfigMap, source.namespace, "web")
    assert store.get(ConfigMap, source.namespace, "web") is None
    assert seen.take() == ["+web", "~web", "-web"]


async def test_status_and_the_rest_are_written_apart(source):
    store = await source.open()
    created = await store.create(source.pod())
    running = await store.update_status(
        replace(
            created,
            metadata=replace(created.metadata, labels={"not": "written"}),
            status=PodStatus(phase="Running"),
        )
    )
    assert running.status.phase == "Running"
    assert running.metadata.labels == {}
    labelled = replace(running, metadata=replace(running.metadata, labels={"a": "b"}))
    after = await store.update(replace(labelled, status=PodStatus(phase="Failed")))
    assert after.status.phase == "Running"
    assert after.metadata.labels == {"a": "b"}
    assert store.get(Pod, source.namespace, "web") == after
    with pytest.raises(StoreError, match="has no status"):
        await store.update_status(await store.create(source.config("plain")))


async def test_stale_writers_are_told(source):
    store = await source.open()
    created = await store.create(source.config(key="1"))
    with pytest.raises(AlreadyExistsError):
        await store.create(created)
    current = await store.update(replace(created, data={"key": "2"}))
    with pytest.raises(ConflictError, match="read it again"):
        await store.update(replace(created, data={"key": "3"}))
    with pytest.raises(ConflictError):
        await store.delete(
            ConfigMap,
            source.namespace,
            "web",
            resource_version=created.metadata.resource_version,
        )
    await store.delete(
        ConfigMap, source.namespace, "web", resource_version=current.metadata.resource_version
    )
    with pytest.raises(NotFoundError):
        await store.update(current)
    with pytest.raises(NotFoundError):
        await store.delete(ConfigMap, source.namespace, "web")
    again = await store.create(source.config(key="1"))
    other_uid = replace(current.metadata, resource_version="")
    with pytest.raises(ConflictError, match="created anew"):
        await store.update(replace(current, metadata=other_uid))
    assert store.get(ConfigMap, source.namespace, "web") == again


async def test_without_a_version_the_last_writer_wins(source):
    store = await source.open()
    await store.create(source.config(key="1"))
    await store.update(source.config(key="2", other="3"))
    assert store.get(ConfigMap, source.namespace, "web").data == {"key": "2", "other": "3"}


async def test_a_write_that_changes_nothing_is_no_event(source):
    store = await source.open()
    created = await store.create(source.config(key="1"))
    seen = Transcript()
    store.subscribe(ConfigMap, seen)
    seen.take()
    assert await store.update(created) == created
    await store.create(source.config("next"))
    assert seen.take() == ["+next"]


async def test_writes_of_others_arrive_in_their_order(source):
    writer, reader = await source.open(), await source.open()
    seen = Transcript()
    reader.subscribe(ConfigMap, seen)
    first = await writer.create(source.config("first", key="1"))
    await writer.create(source.config("second"))
    await writer.update(replace(first, data={"key": "2"}))
    await writer.delete(ConfigMap, source.namespace, "second")
    await until(lambda: len(seen.lines) == 4)
    assert seen.take() == ["+first", "+second", "~first", "-second"]


async def test_contents_agree_with_the_event_that_is_being_told(source):
    store = await source.open()
    agreed = []

    def compare(event):
        held = store.get(ConfigMap, event.resource.namespace, event.resource.name)
        agreed.append(held == event.new and (held in store.list(ConfigMap)) == (held is not None))

    store.subscribe(ConfigMap, compare)
    created = await store.create(source.config(key="1"))
    await store.update(replace(created, data={"key": "2"}))
    await store.delete(ConfigMap, source.namespace, "web")
    assert agreed == [True, True, True]


async def test_a_handler_that_fails_keeps_nobody_from_events(source, caplog):
    def broken(event):
        raise RuntimeError(event.resource.name)

    store = await source.open()
    seen = Transcript()
    store.subscribe(ConfigMap, broken)
    store.subscribe(ConfigMap, seen)
    for name in ("a", "b"):
        await store.create(source.config(name))
    assert seen.take() == ["+a", "+b"]
    assert sum("a subscriber failed" in record.message for record in caplog.records) == 2


async def test_nothing_is_delivered_after_close_and_contents_stay(source):
    writer, store = await source.open(), await source.open()
    created = await writer.create(source.config("a"))
    await until(lambda: store.get(ConfigMap, source.namespace, "a") == created)
    seen = Transcript()
    store.subscribe(ConfigMap, seen)
    await store.close()
    seen.take()
    await writer.create(source.config("b"))
    assert seen.take() == []
    assert store.get(ConfigMap, source.namespace, "a") == created
    await store.close()


async def test_wrong_use_is_told(source):
    store = await source.open()
    with pytest.raises(StoreError, match="started already"):
        await store.start()
    with pytest.raises(StoreError, match="holds ConfigMap, Pod, not Secret"):
        store.list(Secret)
    with pytest.raises(StoreError, match="holds ConfigMap, Pod, not Secret"):
        store.subscribe(Secret, Transcript())
