"""Images come from registries and go there, over real connections."""

import gzip
import io
import json
import socket
import tarfile
from dataclasses import replace

import pytest
from registry_server import LOGIN, registry

from mesh_images import base, elf
from mesh_images.archive import write
from mesh_images.build import Built, Settings, build
from mesh_images.component import component
from mesh_images.errors import ImagesError
from mesh_images.foreign import foreign
from mesh_images.image import Config, Image, architecture
from mesh_images.layer import file, pack
from mesh_images.libraries import Libraries
from mesh_images.places import images
from mesh_images.publish import publish
from mesh_images.reference import parse

HERE = architecture()
THERE = {"amd64": "arm64", "arm64": "amd64"}[HERE]


@pytest.fixture
def server():
    with registry() as running:
        yield running


@pytest.fixture
def built(tmp_path):
    """Says that an image was built; a small one."""

    def one(name, machine=HERE, content=b"tool"):
        image = Image((name,), (pack([file("tool", content)]),), Config(), machine)
        bill = tmp_path / "bill.json"
        bill.write_text("{}")
        return Built(component("redis"), image, tmp_path / "unused.tar", bill, 0)

    return one


def _silent(_text):
    pass


def _index(server, tag):
    return json.loads(server.manifests[tag])["manifests"]


@pytest.mark.parametrize(
    ("text", "whole", "url"),
    [
        ("python:3.12-slim", "docker.io/library/python:3.12-slim", "https://registry-1.docker.io/v2/library/python"),
        ("me/app", "docker.io/me/app:latest", "https://registry-1.docker.io/v2/me/app"),
        ("gcr.io/distroless/python3-debian12", "gcr.io/distroless/python3-debian12:latest", "https://gcr.io/v2/distroless/python3-debian12"),
        ("localhost:5000/a:b", "localhost:5000/a:b", "http://localhost:5000/v2/a"),
        (f"r.example/a:b@sha256:{'0' * 64}", f"r.example/a@sha256:{'0' * 64}", "https://r.example/v2/a"),
    ],
)  # fmt: skip
def test_names_as_docker_reads_them(text, whole, url):
    assert (str(parse(text)), parse(text).url) == (whole, url)


@pytest.mark.parametrize("text", ["", "A", "a:b c", "a@sha256:12", "a//b", "a:", "a/../b", "-a"])
def test_what_is_no_name_is_refused(text):
    with pytest.raises(ImagesError, match="is no name of an image"):
        parse(text)


def test_both_architectures_share_a_name(server, built):
    name = f"{server.name}/mesh-tool:1"
    publish(built(name, THERE), _silent)
    publish(built(name, HERE), _silent)
    publish(built(name, HERE, b"newer"), _silent)
    platforms = [one["platform"]["architecture"] for one in _index(server, "1")]
    assert platforms == ["amd64", "arm64"]
    newest = built(name, HERE, b"newer").image.digest
    assert newest in {one["digest"] for one in _index(server, "1")}


def test_the_bill_of_materials_refers_to_the_image(server, built):
    one = built(f"{server.name}/mesh-tool:1")
    publish(one, _silent)
    bills = [json.loads(body) for body in server.manifests.values() if b"subject" in body]
    assert {bill["subject"]["digest"] for bill in bills} == {one.image.digest}
    assert bills[0]["artifactType"] == "application/spdx+json"


def test_a_registry_without_referrers_gets_a_tag_instead(built):
    with registry(referrers=False) as server:
        one = built(f"{server.name}/mesh-tool:1")
        publish(one, _silent)
        (listed,) = _index(server, one.image.digest.replace(":", "-"))
        assert listed["artifactType"] == "application/spdx+json"


def test_what_the_registry_has_is_not_sent_again(server, built):
    one = built(f"{server.name}/mesh-tool:1")
    publish(one, _silent)
    server.received.clear()
    publish(one, _silent)
    assert not [path for method, path in server.received if method == "POST"]


def test_a_closed_registry_opens_for_the_one_who_signed_in(built, tmp_path, monkeypatch):
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    with registry(closed=True) as server:
        one = built(f"{server.name}/mesh-tool:1")
        with pytest.raises(
            ImagesError, match=f"answered with 401; run `docker login {server.name}`"
        ):
            publish(one, _silent)
        (tmp_path / "config.json").write_text(json.dumps({"auths": {server.name: {"auth": LOGIN}}}))
        publish(one, _silent)
        assert server.blobs


@pytest.fixture
def python(server):
    """A base in a registry: this machine's Python, with the libraries that wheels expect."""
    offline = base.offline(HERE, images(), 0)
    libraries = Libraries(HERE)
    libraries.need(["libstdc++.so.6", "libpthread.so.0", "librt.so.1"], "a test")
    layers = (*offline.layers, pack(libraries.entries(offline.libraries.found)))
    config = Config(environment=("PATH=/usr/bin", "LANG=C.UTF-8"))
    return Image((f"{server.name}/python:3",), layers, config)


@pytest.mark.timeout(300)
def test_an_image_on_a_base_of_others(server, python, built, tmp_path):
    publish(Built(component("redis"), python, tmp_path, built("x:1").sbom, 0), _silent)
    stands_on = foreign(python.names[0], HERE, tmp_path)
    settings = Settings(tmp_path / "archives", profile="mesh")
    (made,) = build([component("bookshop")], stands_on, settings, _silent)
    assert [one.digest for one in made.image.layers[:2]] == [one.digest for one in python.layers]
    said = json.loads(made.image.manifest())["annotations"]
    assert said["org.opencontainers.image.base.name"] == python.names[0]
    environment = json.loads(made.image.configuration())["config"]["Env"]
    assert environment[0].startswith("PATH=/opt/mesh/bin:")
    assert "LANG=C.UTF-8" in environment


@pytest.mark.timeout(300)
def test_an_image_for_the_other_architecture_gets_its_libraries(tmp_path):
    libraries = ["libpthread.so.0", "librt.so.1", "libstdc++.so.6", "libm.so.6", "libgcc_s.so.1"]
    loaders = ["ld-linux-aarch64.so.1", "ld-linux-x86-64.so.2", "libdl.so.2"]
    layer = pack(
        [
            file("usr/local/bin/python3.11", b"\x7fELF of the other", 0o755),
            file("usr/lib/libc.so.6", b"GNU C Library (Debian) stable release version 2.36\n"),
            *(file(f"usr/lib/{name}", b"") for name in [*libraries, *loaders]),
        ]
    )
    archive = tmp_path / "base.tar"
    write(archive, [Image(("python:3.11",), (layer,), Config(), THERE)])
    stands_on = foreign(str(archive), THERE, images())
    (made,) = build([component("bookshop")], stands_on, Settings(tmp_path), _silent)
    assert json.loads(made.image.configuration())["architecture"] == THERE
    found = {
        binary.architecture
        for packed in made.image.layers[1:]
        for content in _contents(packed)
        if (binary := elf.read(content)) is not None
    }
    assert found == {THERE}


def _contents(layer):
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(layer.blob))) as files:
        for member in files:
            if member.isfile():
                yield files.extractfile(member).read()


def test_a_base_that_lacks_a_library_is_refused_with_what_it_lacks(python, tmp_path):
    write(tmp_path / "bare.tar", [Image(("bare:1",), python.layers[:1], python.config)])
    stands_on = foreign(str(tmp_path / "bare.tar"), HERE, tmp_path)
    settings = Settings(tmp_path / "archives", profile="mesh")
    with pytest.raises(ImagesError, match=r"the base image lacks .*libstdc\+\+\.so\.6"):
        build([component("bookshop")], stands_on, settings, _silent)


def test_a_wheel_of_ours_that_the_base_cannot_load_is_refused(python, tmp_path):
    write(tmp_path / "bare.tar", [python])
    stands_on = foreign(str(tmp_path / "bare.tar"), HERE, tmp_path)
    old = replace(stands_on, target=replace(stands_on.target, glibc=17))
    (tmp_path / "mesh_proxy-0.1.0-cp311-abi3-manylinux_2_34_x86_64.whl").write_bytes(b"")
    settings = Settings(tmp_path / "archives", wheels=tmp_path)
    with pytest.raises(ImagesError, match=r"mesh_proxy.*does not run on.* glibc 2\.17"):
        build([component("proxy")], old, settings, _silent)


def test_a_base_for_another_architecture_is_refused(python, tmp_path):
    write(tmp_path / "bare.tar", [python])
    with pytest.raises(ImagesError, match=f"is for {HERE}, not for {THERE}"):
        foreign(str(tmp_path / "bare.tar"), THERE, tmp_path)


def test_a_base_without_python_is_refused(built, tmp_path):
    write(tmp_path / "a.tar", [built("tool:1").image])
    with pytest.raises(ImagesError, match="holds no Python 3"):
        foreign(str(tmp_path / "a.tar"), HERE, tmp_path)


def test_a_damaged_blob_is_noticed(server, python, built, tmp_path):
    publish(Built(component("redis"), python, tmp_path, built("x:1").sbom, 0), _silent)
    server.blobs[python.layers[0].digest] = b"\x1f\x8bdamaged"
    with pytest.raises(ImagesError, match="is damaged; try again"):
        foreign(python.names[0], HERE, tmp_path)


def test_a_name_that_the_registry_does_not_know(server, tmp_path):
    with pytest.raises(ImagesError, match="is not in the registry"):
        foreign(f"{server.name}/nothing:1", HERE, tmp_path)


@pytest.mark.parametrize("page", [b"<html>please sign in</html>", b"[]", b"\xff"])
def test_a_page_in_place_of_a_manifest_is_named(server, tmp_path, page):
    server.manifests["1"] = page
    with pytest.raises(ImagesError, match=r"expected a JSON object and got .*no proxy in between"):
        foreign(f"{server.name}/base:1", HERE, tmp_path)


def test_a_registry_that_is_away_leaves_the_offline_way(tmp_path):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        name = f"127.0.0.1:{unused.getsockname()[1]}/python:3"
        with pytest.raises(ImagesError, match=r"cannot be reached.*--base offline"):
            foreign(name, HERE, tmp_path)


def test_a_file_that_is_no_archive(tmp_path):
    (tmp_path / "a.tar").write_bytes(b"nothing")
    with pytest.raises(ImagesError, match="is no archive of one image"):
        foreign(str(tmp_path / "a.tar"), HERE, tmp_path)
