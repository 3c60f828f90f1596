"""The state directory, as several processes use it at once."""

import datetime as dt
import multiprocessing
import stat
from pathlib import Path

import pytest
from msgspec.structs import replace

from mesh_core.resources import (
    ConfigMap,
    Deployment,
    Namespace,
    ObjectMeta,
    Pod,
    PodStatus,
    Secret,
    Service,
    decode_as,
)
from mesh_core.store import (
    AlreadyExistsError,
    ConflictError,
    NotFoundError,
    ObjectDirectory,
    StoreError,
)

NOW = dt.datetime(2026, 11, 23, 5, tzinfo=dt.UTC)


@pytest.fixture
def objects(tmp_path):
    return ObjectDirectory(tmp_path / "objects", now=lambda: NOW)


def pod(name: str = "web", **metadata: object) -> Pod:
    return Pod(ObjectMeta(name=name, namespace="shop", **metadata))


def test_creation_assigns_what_an_api_server_would(objects):
    first, second = objects.create(pod("a")), objects.create(pod("b"))
    assert first.metadata.creation_timestamp == NOW
    assert len(first.metadata.uid) == 36
    assert first.metadata.uid != second.metadata.uid
    assert [p.metadata.resource_version for p in (first, second)] == ["1", "2"]
    assert objects.get(Pod, "shop", "a") == first


def test_files_lie_where_readers_expect_them(objects):
    objects.create(pod())
    objects.create(Namespace(ObjectMeta(name="shop")))
    objects.create(decode_as(Deployment, {"metadata": {"name": "web", "namespace": "shop"}}))
    files = {str(path.relative_to(objects.root)) for path in objects.root.rglob("*.json")}
    assert files == {
        "pod/shop/web.json",
        "namespace/_/shop.json",
        "deployment.apps/shop/web.json",
    }


def test_secrets_are_for_their_owner_only(objects):
    objects.create(Secret(ObjectMeta(name="s", namespace="shop")))
    objects.create(ConfigMap(ObjectMeta(name="c", namespace="shop")))
    modes = {
        kind: stat.S_IMODE(objects.path(kind, "shop", name).stat().st_mode)
        for kind, name in ((Secret, "s"), (ConfigMap, "c"))
    }
    assert modes == {Secret: 0o600, ConfigMap: 0o644}


def test_no_temporary_file_stays(objects):
    stored = objects.create(pod())
    objects.replace_status(replace(stored, status=PodStatus(phase="Running")))
    names = {path.name for path in objects.root.rglob("*") if path.is_file()}
    assert names == {".lock", ".revision", "web.json"}


def test_a_second_creation_is_refused(objects):
    objects.create(pod())
    with pytest.raises(AlreadyExistsError, match="Pod shop/web already exists"):
        objects.create(pod())


def test_a_stale_write_is_refused_and_changes_nothing(objects):
    stale = objects.create(pod())
    current = objects.replace_status(replace(stale, status=PodStatus(phase="Running")))
    with pytest.raises(ConflictError, match="at version 2, not 1"):
        objects.replace(stale)
    with pytest.raises(ConflictError):
        objects.replace_status(stale)
    with pytest.raises(ConflictError):
        objects.delete(Pod, "shop", "web", resource_version="1")
    assert objects.get(Pod, "shop", "web") == current


def test_a_write_without_a_version_wins(objects):
    objects.create(pod())
    assert objects.replace(pod(labels={"a": "b"})).metadata.labels == {"a": "b"}


def test_an_object_of_the_same_name_is_another_object(objects):
    old = objects.create(pod())
    objects.delete(Pod, "shop", "web")
    objects.create(pod())
    metadata = replace(old.metadata, resource_version="")
    with pytest.raises(ConflictError, match="deleted and created anew"):
        objects.replace(replace(old, metadata=metadata))


def test_status_and_the_rest_are_written_apart(objects):
    stored = objects.create(pod())
    running = objects.replace_status(
        replace(stored, status=PodStatus(phase="Running"), metadata=pod(labels={"x": "y"}).metadata)
    )
    assert running.status.phase == "Running"
    assert running.metadata.labels == {}
    labelled = objects.replace(
        replace(running, status=PodStatus(), metadata=replace(running.metadata, labels={"x": "y"}))
    )
    assert labelled.status.phase == "Running"
    assert labelled.metadata.labels == {"x": "y"}


def test_only_a_wish_raises_the_generation(objects):
    web = {"metadata": {"name": "web", "namespace": "shop"}}
    first = objects.create(decode_as(Deployment, web))
    counted = objects.replace_status(replace(first, status=replace(first.status, replicas=1)))
    scaled = objects.replace(replace(counted, spec=replace(counted.spec, replicas=5)))
    generations = [d.metadata.generation for d in (first, counted, scaled)]
    assert generations == [1, 1, 2]


def test_a_write_that_changes_nothing_is_none(objects):
    stored = objects.create(pod())
    assert objects.replace(stored) == stored
    assert objects.replace_status(stored).metadata.resource_version == "1"


def test_what_the_directory_assigned_cannot_be_changed(objects):
    stored = objects.create(pod())
    forged = replace(stored.metadata, generation=99, creation_timestamp=None, labels={"a": "b"})
    kept = objects.replace(replace(stored, metadata=forged))
    assert kept.metadata.creation_timestamp == NOW
    assert kept.metadata.generation == 1


def test_what_is_not_there(objects):
    assert objects.get(Pod, "shop", "web") is None
    assert objects.list(Pod) == []
    for write in (objects.replace, objects.replace_status):
        with pytest.raises(NotFoundError):
            write(pod())
    with pytest.raises(NotFoundError, match="Pod shop/web does not exist"):
        objects.delete(Pod, "shop", "web")


def test_kinds_without_status_have_none_to_write(objects):
    stored = objects.create(ConfigMap(ObjectMeta(name="c", namespace="shop")))
    with pytest.raises(StoreError, match="has no status"):
        objects.replace_status(stored)


def test_lists_are_of_one_namespace_or_of_all(objects):
    for namespace, name in (("b", "x"), ("a", "z"), ("a", "y")):
        objects.create(Service(ObjectMeta(name=name, namespace=namespace)))
    assert [str(s.key) for s in objects.list(Service)] == ["a/y", "a/z", "b/x"]
    assert [s.name for s in objects.list(Service, "a")] == ["y", "z"]
    assert objects.list(Service, "none") == []


@pytest.mark.parametrize("name", ["../x", ".lock", "", "a/b"])
def test_no_name_leaves_the_folder(objects, name):
    with pytest.raises(StoreError, match="cannot be the name"):
        objects.get(Pod, "shop", name)
    with pytest.raises(StoreError, match="cannot be the name"):
        objects.delete(Pod, name, "web")


def test_a_damaged_file_is_named(objects):
    objects.create(pod())
    objects.path(Pod, "shop", "web").write_text("{")
    with pytest.raises(StoreError, match="does not hold a Pod"):
        objects.get(Pod, "shop", "web")


def _append(root: Path, writer: int, count: int) -> None:
    objects = ObjectDirectory(root)
    done = 0
    while done < count:
        current = objects.get(ConfigMap, "shop", "log")
        data = {**current.data, f"{writer}-{done}": ""}
        try:
            objects.replace(replace(current, data=data))
        except ConflictError:
            continue
        done += 1


def test_no_write_of_several_processes_is_lost(objects):
    objects.create(ConfigMap(ObjectMeta(name="log", namespace="shop")))
    context = multiprocessing.get_context("fork")
    writers = [
        context.Process(target=_append, args=(objects.root, writer, 20)) for writer in range(3)
    ]
    for process in writers:
        process.start()
    for process in writers:
        process.join()
    assert [process.exitcode for process in writers] == [0, 0, 0]
    log = objects.get(ConfigMap, "shop", "log")
    assert len(log.data) == 60
    assert log.metadata.resource_version == "61"
