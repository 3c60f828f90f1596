"""An archive is the same bytes for the same inputs, and says what runtimes read."""

import gzip
import hashlib
import io
import json
import struct
import tarfile

import pytest

from mesh_images.archive import write
from mesh_images.capability import PAX_RECORD
from mesh_images.errors import ImagesError, LayerError
from mesh_images.image import Config, Image, architecture
from mesh_images.layer import Entry, file, folder, link, pack


def _image(*entries, names=("localhost/tool:1",), **said):
    return Image(names, (pack(entries, note="tool"),), Config(entrypoint=["/tool"]), **said)


def _members(path):
    with tarfile.open(path) as archive:
        return {one.name: archive.extractfile(one).read() for one in archive}


def _layer(image):
    return tarfile.open(fileobj=io.BytesIO(gzip.decompress(image.layers[0].blob)))


def test_the_same_entries_in_any_order_give_the_same_archive(tmp_path):
    entries = [
        file("b/tool", b"tool", 0o755),
        file("a", b"x"),
        link("z", "a"),
        folder("tmp", 0o1777),
    ]
    write(tmp_path / "one.tar", [_image(*entries)])
    write(tmp_path / "two.tar", [_image(*reversed(entries))])
    assert (tmp_path / "one.tar").read_bytes() == (tmp_path / "two.tar").read_bytes()


def test_another_time_another_layer():
    entries = [file("a", b"x")]
    assert pack(entries, epoch=1).diff_id != pack(entries).diff_id == pack(entries).diff_id


def test_the_one_time_of_a_build_is_in_the_configuration():
    config = json.loads(_image(file("a", b"x"), epoch=86400).configuration())
    assert config["created"] == config["history"][0]["created"] == "1970-01-02T00:00:00Z"


def test_what_a_file_on_disk_carries_besides_its_bytes_does_not_count(tmp_path):
    source = tmp_path / "tool"
    source.write_bytes(b"tool")
    source.chmod(0o750)
    before = pack([file("tool", source)])
    source.touch()
    source.chmod(0o700)
    assert pack([file("tool", source)]) == before
    assert _layer(_image(file("tool", source))).getmember("tool").mode == 0o755


def test_blobs_are_named_by_their_digests_and_found_from_the_index(tmp_path):
    write(tmp_path / "a.tar", [_image(file("tool", b"tool"))])
    members = _members(tmp_path / "a.tar")
    for name, content in members.items():
        if name.startswith("blobs/"):
            assert name == "blobs/sha256/" + hashlib.sha256(content).hexdigest()
    described = json.loads(members["index.json"])["manifests"][0]
    assert described["annotations"]["io.containerd.image.name"] == "localhost/tool:1"
    manifest = json.loads(members["blobs/" + described["digest"].replace(":", "/")])
    config = json.loads(members["blobs/" + manifest["config"]["digest"].replace(":", "/")])
    layer = members["blobs/" + manifest["layers"][0]["digest"].replace(":", "/")]
    unpacked = hashlib.sha256(gzip.decompress(layer)).hexdigest()
    assert config["rootfs"]["diff_ids"] == [f"sha256:{unpacked}"]
    assert config["config"]["Entrypoint"] == ["/tool"]
    docker = json.loads(members["manifest.json"])
    assert docker[0]["RepoTags"] == ["localhost/tool:1"]
    assert {docker[0]["Config"], *docker[0]["Layers"]} <= members.keys()


def test_images_in_one_archive_share_a_layer(tmp_path):
    base = pack([file("lib", b"base" * 1000)])
    images = [
        Image((f"localhost/{name}:1",), (base, pack([file(name, name.encode())])), Config())
        for name in ("one", "two")
    ]
    write(tmp_path / "both.tar", images)
    blobs = [name for name in _members(tmp_path / "both.tar") if name.startswith("blobs/")]
    assert len(blobs) == 3 + 2 * 2


def test_a_capability_travels_as_the_kernel_keeps_it():
    capped = Entry("bin/init", b"\x7fELF", mode=0o755, capabilities=("cap_net_admin",))
    member = _layer(_image(capped)).getmember("bin/init")
    assert member.pax_headers[PAX_RECORD].encode() == struct.pack(
        "<5I", 0x02000001, 1 << 12, 0, 0, 0
    )


def test_folders_above_come_by_themselves_and_given_ones_keep_their_mode():
    layer = _layer(_image(file("var/tmp/x", b""), folder("var/tmp", 0o1777)))
    assert [(one.name, oct(one.mode)) for one in layer] == [
        ("var", "0o755"),
        ("var/tmp", "0o1777"),
        ("var/tmp/x", "0o644"),
    ]


@pytest.mark.parametrize(
    ("entries", "complaint"),
    [
        ([file("a", b"1"), file("a", b"2")], "two different things"),
        ([file("a", b"1"), file("a/b", b"2")], "/a is no folder"),
        ([link("a", "b"), file("a/b", b"2")], "/a is no folder"),
        ([file("../a", b"1")], "no path inside"),
        ([file("a//b", b"1")], "no path inside"),
        ([file("/", b"1")], "no path inside"),
    ],
)
def test_contradictions_are_refused_by_path(entries, complaint):
    with pytest.raises(LayerError, match=complaint):
        pack(entries)


def test_a_file_that_is_gone_is_named(tmp_path):
    entry = Entry("tool", tmp_path / "gone")
    with pytest.raises(LayerError, match=r"gone: cannot be read for /tool"):
        pack([entry])


def test_an_archive_that_cannot_be_finished_leaves_the_old_one(tmp_path, monkeypatch):
    path = tmp_path / "a.tar"
    write(path, [_image(file("a", b"old"))])
    before = path.read_bytes()
    monkeypatch.setattr(
        tarfile.TarFile, "addfile", lambda *_: (_ for _ in ()).throw(OSError(28, "full"))
    )
    with pytest.raises(OSError, match="full"):
        write(path, [_image(file("a", b"new"))])
    assert path.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == ["a.tar"]


def test_machines_that_images_are_made_for():
    assert (architecture("x86_64"), architecture("aarch64")) == ("amd64", "arm64")
    with pytest.raises(ImagesError, match="riscv64: images are made for amd64 and arm64 only"):
        architecture("riscv64")
