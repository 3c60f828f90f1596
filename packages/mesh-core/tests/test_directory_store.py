"""The store over a directory: what its subscribers see when files change."""

import asyncio
import contextlib
import logging
import sys
import time
from pathlib import Path

import pytest
from msgspec.structs import replace
from store_transcript import Transcript, until

from mesh_core.resources import ObjectMeta, Pod, PodStatus, Resource, Service
from mesh_core.store import (
    ConflictError,
    DirectoryStore,
    Event,
    ObjectDirectory,
    ReadOnlyError,
    StoreError,
)
from mesh_core.store import directory_store as module


def service(name: str = "web", port: object = 80) -> str:
    return (
        f"apiVersion: v1\nkind: Service\nmetadata: {{name: {name}, namespace: shop}}\n"
        f"spec:\n  ports:\n  - port: {port}\n"
    )


def pod(name: str = "p") -> Pod:
    return Pod(ObjectMeta(name=name, namespace="shop"))


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@contextlib.asynccontextmanager
async def started(path: Path, rescan_seconds: float = 60):
    """A store whose re-scan is too rare to explain anything that a test sees."""
    store = DirectoryStore(path, (Service, Pod), rescan_seconds=rescan_seconds)
    await store.start()
    try:
        yield store
    finally:
        await store.close()


async def test_start_delivers_what_is_there(tmp_path):
    (tmp_path / "a.yaml").write_text(service("a") + "---\n" + service("b"))
    store = DirectoryStore(tmp_path, (Service, Pod))
    seen = Transcript()
    store.subscribe(Service, seen)
    assert not store.synced
    await store.start()
    assert store.synced
    assert sorted(seen.take()) == ["+a", "+b"]
    assert store.get(Service, "shop", "a").spec.ports[0].port == 80
    assert store.get(Service, "shop", "c") is None
    assert len(store.list(Service)) == len(store.list(Service, "shop")) == 2
    assert store.list(Service, "other") == []
    await store.close()


async def test_a_late_subscriber_first_gets_all_present_objects(tmp_path):
    (tmp_path / "a.yaml").write_text(service("a"))
    async with started(tmp_path) as store:
        seen = Transcript()
        store.subscribe(Service, seen)
        assert seen.take() == ["+a"]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the files are looked at")
async def test_an_edit_arrives_within_milliseconds(tmp_path):
    file = tmp_path / "a.yaml"
    file.write_text(service())
    async with started(tmp_path) as store:
        file.write_text(service(port=81))
        before = time.monotonic()
        await until(lambda: store.get(Service, "shop", "web").spec.ports[0].port == 81)
        assert time.monotonic() - before < 1


async def test_files_come_and_go_in_new_folders_too(tmp_path):
    seen = Transcript()
    async with started(tmp_path) as store:
        store.subscribe(Service, seen)
        folder = tmp_path / "deep" / "er"
        folder.mkdir(parents=True)
        (folder / "a.yaml").write_text(service("a"))
        await until(lambda: seen.lines == ["+a"])
        (folder / "b.yaml").write_text(service("b"))
        await until(lambda: seen.lines == ["+a", "+b"])
        (folder / "b.yaml").rename(tmp_path / "b.yaml")
        (folder / "a.yaml").unlink()
        await until(lambda: "-a" in seen.lines)
        assert store.get(Service, "shop", "b") is not None


async def test_a_mounted_config_map_is_swapped_by_symlink(tmp_path):
    for version in ("1", "2"):
        (tmp_path / f"..{version}").mkdir()
        (tmp_path / f"..{version}" / "a.yaml").write_text(service(port=version))
    (tmp_path / "..data").symlink_to("..1")
    (tmp_path / "a.yaml").symlink_to("..data/a.yaml")
    async with started(tmp_path) as store:
        assert store.get(Service, "shop", "web").spec.ports[0].port == 1
        (tmp_path / "..new").symlink_to("..2")
        (tmp_path / "..new").rename(tmp_path / "..data")
        await until(lambda: store.get(Service, "shop", "web").spec.ports[0].port == 2)


async def test_linked_folders_are_not_followed(tmp_path):
    outside, root = tmp_path / "outside", tmp_path / "root"
    outside.mkdir()
    root.mkdir()
    (root / "link").symlink_to(outside)
    (root / "loop").symlink_to(root)
    async with started(root) as store:
        (outside / "a.yaml").write_text(service("a"))
        (root / "b.yaml").write_text(service("b"))
        await until(lambda: store.get(Service, "shop", "b") is not None)
        assert [item.name for item in store.list(Service)] == ["b"]


async def test_a_broken_file_keeps_what_it_held_and_hurts_nothing_else(tmp_path, caplog):
    (tmp_path / "a.yaml").write_text(service("a") + "---\n" + service("b"))
    (tmp_path / "c.yaml").write_text(service("c"))
    async with started(tmp_path) as store:
        (tmp_path / "a.yaml").write_text(service("a", 81) + "---\n" + service("b", "http"))
        await until(lambda: bool(store.problems))
        assert [str(problem) for problem in store.problems] == [
            f"{tmp_path}/a.yaml:13: spec.ports[0].port: expected int, got str"
        ]
        assert store.get(Service, "shop", "a").spec.ports[0].port == 81
        assert store.get(Service, "shop", "b").spec.ports[0].port == 80
        (tmp_path / "a.yaml").write_text("kind: [")
        await until(lambda: "http" not in str(store.problems) and bool(store.problems))
        assert len(store.list(Service)) == 3
        (tmp_path / "c.yaml").write_text(service("c", 82))
        await until(lambda: store.get(Service, "shop", "c").spec.ports[0].port == 82)
        caplog.set_level(logging.INFO)
        (tmp_path / "a.yaml").write_text(service("a"))
        await until(lambda: not store.problems)
        assert store.get(Service, "shop", "b") is None
    assert sum("expected int" in record.message for record in caplog.records) == 1
    assert any(record.message.startswith("solved: ") for record in caplog.records)


async def test_a_problem_is_logged_once(tmp_path, caplog):
    (tmp_path / "a.yaml").write_text("kind: [")
    async with started(tmp_path, rescan_seconds=0.01) as store:
        (tmp_path / "b.yaml").write_text(service("b"))
        await until(lambda: store.get(Service, "shop", "b") is not None)
    assert len([r for r in caplog.records if r.levelno == logging.ERROR]) == 1


async def test_of_two_files_with_one_object_the_first_path_wins(tmp_path):
    (tmp_path / "b.yaml").write_text(service(port=2))
    async with started(tmp_path) as store:
        (tmp_path / "a.yaml").write_text(service(port=1))
        await until(lambda: store.get(Service, "shop", "web").spec.ports[0].port == 1)
        (problem,) = store.problems
        assert problem.file.name == "b.yaml"
        assert f"{tmp_path}/a.yaml:1" in problem.message
        (tmp_path / "a.yaml").unlink()
        await until(lambda: store.get(Service, "shop", "web").spec.ports[0].port == 2)
        assert store.problems == ()


async def test_other_kinds_are_passed_over_and_unknown_ones_reported(tmp_path):
    (tmp_path / "a.yaml").write_text("apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n")
    (tmp_path / "b.yaml").write_text("apiVersion: v1\nkind: Secrets\nmetadata: {name: s}\n")
    async with started(tmp_path) as store:
        assert [problem.file.name for problem in store.problems] == ["b.yaml"]


async def test_a_handler_that_fails_keeps_nobody_from_events(tmp_path, caplog):
    seen = Transcript()

    def broken(event: Event[Service]) -> None:
        raise RuntimeError(event.resource.name)

    async with started(tmp_path) as store:
        store.subscribe(Service, broken)
        store.subscribe(Service, seen)
        (tmp_path / "a.yaml").write_text(service("a"))
        await until(lambda: seen.lines == ["+a"])
    assert any("a subscriber failed" in record.message for record in caplog.records)


async def test_writes_are_seen_when_they_return(tmp_path):
    async with started(tmp_path) as store:
        created = await store.create(pod())
        assert store.get(Pod, "shop", "p") == created
        running = await store.update_status(replace(created, status=PodStatus(phase="Running")))
        assert store.get(Pod, "shop", "p") == running
        with pytest.raises(ConflictError):
            await store.update(created)
        labelled = replace(running, metadata=replace(running.metadata, labels={"a": "b"}))
        assert (await store.update(labelled)).status.phase == "Running"
        await store.delete(Pod, "shop", "p")
        assert store.get(Pod, "shop", "p") is None


async def test_writes_of_other_processes_arrive_in_their_order(tmp_path):
    seen = Transcript()
    objects = ObjectDirectory(tmp_path)
    objects.create(pod("first"))  # so that the folder is there and watched
    async with started(tmp_path) as store:
        store.subscribe(Pod, seen)
        seen.take()
        names = [f"p{number}" for number in (5, 3, 9, 1)]
        for name in names:
            objects.create(pod(name))
        await until(lambda: len(seen.lines) == 4)
        assert seen.take() == [f"+{name}" for name in names]


async def test_a_users_file_is_never_written(tmp_path):
    (tmp_path / "a.yaml").write_text(service())
    async with started(tmp_path) as store:
        web = store.get(Service, "shop", "web")
        for write in (store.create, store.update, store.update_status):
            with pytest.raises(ReadOnlyError, match=r"a\.yaml; change it there"):
                await write(web)
        with pytest.raises(ReadOnlyError):
            await store.delete(Service, "shop", "web")
        assert (tmp_path / "a.yaml").read_text() == service()


async def test_a_state_file_under_a_wrong_name_is_read_as_any_other(tmp_path):
    objects = ObjectDirectory(tmp_path)
    objects.create(pod())
    objects.path(Pod, "shop", "p").rename(objects.path(Pod, "shop", "q"))
    async with started(tmp_path) as store:
        assert store.get(Pod, "shop", "p") is not None
        with pytest.raises(ReadOnlyError):
            await store.delete(Pod, "shop", "p")


async def test_a_users_folder_may_look_like_a_state_directory(tmp_path):
    folder = tmp_path / "pod" / "shop"
    folder.mkdir(parents=True)
    document = '{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "x", "namespace": '
    (folder / "x.json").write_text(document + '"shop"}}')
    async with started(tmp_path) as store:
        assert store.get(Service, "shop", "x") is not None
        assert store.list(Pod) == []


async def test_a_damaged_state_file_is_reported(tmp_path):
    objects = ObjectDirectory(tmp_path)
    objects.create(pod())
    async with started(tmp_path) as store:
        objects.path(Pod, "shop", "p").write_text('{"kind":')
        await until(lambda: bool(store.problems))
        assert store.get(Pod, "shop", "p") is not None


async def test_a_directory_that_appears_later(tmp_path):
    root = tmp_path / "objects"
    async with started(root, rescan_seconds=0.02) as store:
        assert "no such directory" in str(store.problems)
        ObjectDirectory(root).create(pod())
        await until(lambda: store.get(Pod, "shop", "p") is not None)
        assert store.problems == ()


async def test_a_directory_that_vanishes_takes_nothing_away(tmp_path):
    root = tmp_path / "objects"
    ObjectDirectory(root).create(pod())
    async with started(root, rescan_seconds=0.02) as store:
        root.rename(tmp_path / "elsewhere")
        await until(lambda: bool(store.problems))
        assert store.get(Pod, "shop", "p") is not None


async def test_without_change_notification_the_files_are_looked_at(tmp_path, monkeypatch, caplog):
    def refuse() -> None:
        raise OSError(24, "too many inotify instances")

    monkeypatch.setattr(module, "Inotify", refuse)
    monkeypatch.setattr(module, "POLL_SECONDS", 0.02)
    async with started(tmp_path) as store:
        (tmp_path / "a.yaml").write_text(service("a"))
        await until(lambda: store.get(Service, "shop", "a") is not None)
        file = tmp_path / "a.yaml"
        file.write_text(service("a", 8080))
        await until(lambda: store.get(Service, "shop", "a").spec.ports[0].port == 8080)
    assert any("too many inotify instances" in record.message for record in caplog.records)


async def test_a_cancelled_writer_loses_no_event(tmp_path):
    seen = Transcript()
    async with started(tmp_path) as store:
        store.subscribe(Pod, seen)
        for number in range(5):
            writing = asyncio.create_task(store.create(pod(f"p{number}")))
            await asyncio.sleep(0.001 * number)
            writing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await writing
        files = len(list(tmp_path.glob("pod/shop/*.json")))
        await until(lambda: len(seen.lines) >= files)


async def test_nothing_is_delivered_after_close(tmp_path):
    seen = Transcript()
    async with started(tmp_path) as store:
        store.subscribe(Service, seen)
        (tmp_path / "a.yaml").write_text(service("a"))
    seen.take()
    (tmp_path / "b.yaml").write_text(service("b"))
    await asyncio.sleep(0)
    assert seen.take() == []
    await store.close()


@pytest.mark.parametrize("steps", range(5))
async def test_closing_in_the_very_moment_of_a_change_ends(tmp_path, steps):
    async with started(tmp_path) as store:
        store._wake.set()
        for _ in range(steps):
            await asyncio.sleep(0)
        done, _ = await asyncio.wait({asyncio.create_task(store.close())}, timeout=5)
        assert done


@pytest.mark.skipif(sys.platform != "linux", reason="counts descriptors in /proc")
async def test_closing_leaves_no_descriptor_and_no_task(tmp_path):
    before = descriptors()
    async with started(tmp_path):
        pass
    assert descriptors() == before
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_wrong_use_is_told(tmp_path):
    async with started(tmp_path) as store:
        with pytest.raises(StoreError, match="started already"):
            await store.start()
        with pytest.raises(StoreError, match="holds Service, Pod, not Resource"):
            store.list(type("Other", (Resource,), {"kind": "Resource"}))
    with pytest.raises(ValueError, match="an event without an object"):
        _ = Event(None, None).resource


async def test_a_burst_ends_in_the_newest_state(tmp_path):
    async with started(tmp_path) as store:
        objects = ObjectDirectory(tmp_path)
        await asyncio.to_thread(_churn, objects)
        last = max(int(p.metadata.resource_version) for p in objects.list(Pod))
        await until(lambda: store.list(Pod) != [])
        await until(
            lambda: max(int(p.metadata.resource_version) for p in store.list(Pod)) == last
            and {p.name for p in store.list(Pod)} == {p.name for p in objects.list(Pod)}
        )


def _churn(objects: ObjectDirectory) -> None:
    for number in range(150):
        objects.create(pod(f"p{number}"))
        if number % 3 == 0:
            objects.delete(Pod, "shop", f"p{number}")
