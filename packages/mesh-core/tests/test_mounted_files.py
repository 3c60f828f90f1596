"""Mounted Secrets and ConfigMaps: swapped like the kubelet does it, torn, missing, unusable."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from mesh_core.errors import CoreError
from mesh_core.service import MountedFiles, MountError, ReloadMetrics, mounted_files, read_mounted


class Mount:
    """A directory as the kubelet keeps it: files are links through `..data` to one version."""

    def __init__(self, directory: Path, **files: str) -> None:
        self.directory = directory
        self._version = 0
        directory.mkdir()
        self.swap(**files)

    def swap(self, **files: str) -> None:
        self._version += 1
        old = self.directory / f"..version{self._version - 1}"
        new = self.directory / f"..version{self._version}"
        new.mkdir()
        for name, text in files.items():
            (new / name).write_text(text)
            link = self.directory / name
            if not link.is_symlink():
                link.symlink_to(f"..data/{name}")
        (self.directory / "..data_tmp").symlink_to(new.name)
        (self.directory / "..data_tmp").rename(self.directory / "..data")
        if old.is_dir():
            for file in old.iterdir():
                file.unlink()
            old.rmdir()

    def paths(self, *names: str) -> dict[str, Path]:
        return {name: self.directory / name for name in names}


class Pair:
    """Takes contents whose `crt` and `key` belong together."""

    def __init__(self) -> None:
        self.taken: list[Mapping[str, bytes]] = []
        self.refusal: Exception | None = None

    def __call__(self, contents: Mapping[str, bytes]) -> None:
        if self.refusal is not None:
            raise self.refusal
        if contents["crt"] != contents["key"]:
            raise CoreError(f"{contents['key']!r} is not the key of {contents['crt']!r}")
        self.taken.append(contents)


async def until(condition: Callable[[], object], seconds: float = 5.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - the condition is not ours to signal
            await asyncio.sleep(0.01)


@pytest.fixture
def mount(tmp_path):
    return Mount(tmp_path / "mount", crt="1", key="1")


@pytest.fixture
def registry():
    return CollectorRegistry()


@pytest.fixture
async def follow(mount, registry):
    """Start to follow `crt` and `key` of the mount."""
    started = []

    async def start(apply, **options):
        files = MountedFiles(
            "pair", mount.paths("crt", "key"), apply, metrics=ReloadMetrics(registry), **options
        )
        started.append(files)
        await files.start()
        return files

    yield start
    for files in started:
        await files.close()
        await files.close()


def value(registry: CollectorRegistry, name: str, **labels: str) -> float | None:
    return registry.get_sample_value(f"mesh_mounted_files_{name}", {"files": "pair", **labels})


async def test_a_swapped_mount_is_read_at_once(mount, follow, registry):
    pair = Pair()
    files = await follow(pair, seconds=60)
    assert files.problem is None
    mount.swap(crt="2", key="2")
    await until(lambda: len(pair.taken) == 2)
    assert pair.taken == [{"crt": b"1", "key": b"1"}, {"crt": b"2", "key": b"2"}]
    assert value(registry, "loads_total", result="used") == 2
    assert value(registry, "loads_total", result="refused") == 0
    assert value(registry, "loaded_timestamp_seconds") > 0


async def test_the_timer_finds_what_the_kernel_did_not_tell(mount, follow, monkeypatch):
    def no_inotify():
        raise OSError("too many instances")

    monkeypatch.setattr(mounted_files, "Inotify", no_inotify)
    pair = Pair()
    await follow(pair, seconds=0.05)
    mount.swap(crt="2", key="2")
    await until(lambda: len(pair.taken) == 2)


async def test_the_same_contents_change_nothing(mount, follow):
    pair = Pair()
    files = await follow(pair, seconds=60)
    mount.swap(crt="1", key="1")
    await files.look()
    assert len(pair.taken) == 1


async def test_a_torn_update_keeps_the_old_until_it_is_whole(mount, follow, registry, caplog):
    pair = Pair()
    files = await follow(pair, seconds=60)
    mount.swap(crt="2", key="1")
    await until(lambda: files.problem)
    assert str(files.problem) == "b'1' is not the key of b'2'"
    assert value(registry, "refused") == 1
    await files.look()
    await files.look()
    assert value(registry, "loads_total", result="refused") == 1, "the same refusal counts once"
    lines = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert lines == ["pair: b'1' is not the key of b'2'; what was in use stays"]
    mount.swap(crt="2", key="2")
    await until(lambda: files.problem is None)
    assert pair.taken[-1] == {"crt": b"2", "key": b"2"}
    assert value(registry, "refused") == 0


async def test_an_update_taken_back_is_no_problem_any_more(mount, follow, registry):
    pair = Pair()
    files = await follow(pair, seconds=60)
    mount.swap(crt="2", key="1")
    await until(lambda: files.problem)
    mount.swap(crt="1", key="1")
    await until(lambda: files.problem is None)
    assert len(pair.taken) == 1
    assert value(registry, "refused") == 0


async def test_what_was_refused_is_offered_again_by_the_timer(follow):
    pair = Pair()
    pair.refusal = CoreError("not valid before tomorrow")
    files = await follow(pair, seconds=0.05)
    assert str(files.problem) == "not valid before tomorrow"
    pair.refusal = None
    await until(lambda: pair.taken)
    assert files.problem is None


async def test_a_fault_of_ours_is_logged_with_its_traceback(follow, caplog):
    pair = Pair()
    pair.refusal = ZeroDivisionError("oh")
    files = await follow(pair, seconds=60)
    assert isinstance(files.problem, ZeroDivisionError)
    assert any(record.exc_info for record in caplog.records)


async def test_a_mount_that_comes_later_is_found(tmp_path, follow):
    pair = Pair()
    later = tmp_path / "later"
    files = MountedFiles("pair", {"crt": later / "crt", "key": later / "key"}, pair, seconds=0.05)
    await files.start()
    assert isinstance(files.problem, MountError)
    assert str(files.problem) == (
        f"{later}/crt does not exist; is its Secret or ConfigMap mounted, and does it have that "
        "key?"
    )
    Mount(later, crt="1", key="1")
    await until(lambda: pair.taken)
    await files.close()


async def test_plain_files_are_followed_too(tmp_path):
    pair = Pair()
    paths = {name: tmp_path / name for name in ("crt", "key")}
    for path in paths.values():
        path.write_text("1")
    files = MountedFiles("pair", paths, pair, seconds=60)
    await files.start()
    for path in paths.values():
        path.write_text("2")
    await until(lambda: len(pair.taken) == 2)
    await files.close()
    await files.close()


def test_optional_files_may_be_absent(mount):
    paths = mount.paths("crt", "key", "ca")
    assert read_mounted(paths, optional=["ca"]) == {"crt": b"1", "key": b"1"}
    mount.swap(crt="1", key="1", ca="3")
    assert read_mounted(paths, optional=["ca"])["ca"] == b"3"
    with pytest.raises(MountError, match="extra does not exist"):
        read_mounted(mount.paths("crt", "extra"))


def test_what_cannot_be_read_or_is_too_large_is_named(tmp_path):
    with pytest.raises(MountError, match=f"cannot read {tmp_path}: Is a directory"):
        read_mounted({"x": tmp_path})
    (tmp_path / "large").write_bytes(b"x" * (mounted_files.MAX_BYTES + 1))
    with pytest.raises(MountError, match="larger than 1048576 bytes"):
        read_mounted({"x": tmp_path / "large"})
    (tmp_path / "large").write_bytes(b"x" * mounted_files.MAX_BYTES)
    assert len(read_mounted({"x": tmp_path / "large"})["x"]) == mounted_files.MAX_BYTES


def test_a_swap_between_two_files_is_read_again(mount, monkeypatch):
    """The kubelet may swap, and remove what was, between our reading of two files."""
    read = mounted_files._read_file
    calls = []

    def read_then_swap(path):
        data = read(path)
        calls.append(path)
        if len(calls) == 1:
            mount.swap(crt="2", key="2")
        return data

    monkeypatch.setattr(mounted_files, "_read_file", read_then_swap)
    assert read_mounted(mount.paths("crt", "key")) == {"crt": b"2", "key": b"2"}
