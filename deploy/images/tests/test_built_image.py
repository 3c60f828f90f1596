"""Images that are built here, offline: what is in them, and that they are the same again."""

import gzip
import io
import json
import os
import re
import tarfile

import pytest

from mesh_images import base
from mesh_images.age import forget
from mesh_images.build import Settings, build
from mesh_images.capability import PAX_RECORD
from mesh_images.component import COMPONENTS, component, names
from mesh_images.errors import ImagesError
from mesh_images.image import architecture
from mesh_images.places import ROOT, images
from mesh_images.remembered import Remembered

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="session")
def bookshop(built):
    return built("bookshop")


def _files(image):
    """The members of all layers by path, later layers over earlier ones."""
    found = {}
    for layer in image.layers:
        with tarfile.open(fileobj=io.BytesIO(gzip.decompress(layer.blob))) as files:
            for member in files:
                content = files.extractfile(member).read() if member.isfile() else b""
                found[member.name] = (member, content)
    return found


@pytest.fixture(scope="session")
def files(bookshop):
    return _files(bookshop.image)


def test_the_user_is_nobody_and_every_path_is_known(bookshop):
    config = json.loads(bookshop.image.configuration())["config"]
    assert config["User"] == "65534:65534"
    assert config["Env"][0].startswith("PATH=/opt/mesh/bin:")
    assert config["Labels"]["org.opencontainers.image.version"] == "0.1.0"


def test_every_image_that_our_manifests_name_is_built():
    manifests = [*ROOT.glob("examples/*/*.yaml"), *ROOT.glob("tests-e2e/workloads/*.yaml")]
    named = {
        name for path in manifests for name in re.findall(r"image: ([^\s,}]+)", path.read_text())
    }
    assert named
    assert named <= {name for one in COMPONENTS for name in one.called("localhost")}


def test_there_is_no_shell_and_nothing_that_only_root_can_read(files):
    assert not {"usr/bin/sh", "bin/sh", "usr/bin/bash"} & files.keys()
    for member, _ in files.values():
        assert member.uid == member.gid == member.mtime == 0
        assert member.mode & 0o444 == 0o444, member.name
        # Set-user-id would be a way up.
        assert not member.mode & 0o6000, member.name


def test_only_temporary_folders_can_be_written(files):
    writable = {name for name, (one, _) in files.items() if one.mode & 0o002 and not one.issym()}
    assert writable == {"tmp", "var/tmp"}


def test_every_module_has_bytecode_that_is_never_checked(files):
    ours = [name for name in files if "/site-packages/bookshop/" in name]
    assert any(name.endswith(".pyc") for name in ours)
    for name, (_, content) in files.items():
        if name.endswith(".pyc"):
            # PEP 552: flag 1 is "by hash", without flag 2 "checked".
            assert content[4:8] == b"\x01\0\0\0", name


def test_nothing_tells_of_this_machine(files):
    for name, (_, content) in files.items():
        if "/site-packages/bookshop" in name or name.startswith(("etc/", "usr/local/bin/mesh")):
            assert str(images().parent).encode() not in content, name
    assert b"nobody:x:65534" in files["etc/passwd"][1]


def test_the_bill_of_materials_names_every_part(bookshop, files):
    bill = json.loads(bookshop.sbom.read_text())
    assert bill["spdxVersion"] == "SPDX-2.3"
    assert files["usr/share/sbom/mesh-bookshop.spdx.json"][1] == bookshop.sbom.read_bytes()
    named = {package["name"] for package in bill["packages"]}
    assert {"mesh-bookshop", "grpcio", "websockets", "python"} <= named
    references = [package["SPDXID"] for package in bill["packages"]]
    assert len(references) == len(set(references))
    related = {one["relatedSpdxElement"] for one in bill["relationships"]}
    assert related == set(references)


def test_dist_info_says_what_is_installed_and_records_no_path(files):
    assert any(
        name.endswith("/grpcio-1.85.1.dist-info/METADATA") or "grpcio-" in name for name in files
    )
    assert not any(name.endswith(("/RECORD", "direct_url.json", "/INSTALLER")) for name in files)


def test_built_again_without_any_layer_kept_it_is_the_same(bookshop, tmp_path):
    # Wheels and bytecode come from the cache; every layer is packed anew.
    cache = tmp_path / "cache"
    cache.mkdir()
    for kept in ("bytecode", "wheels", "projects"):
        (cache / kept).symlink_to(images() / kept)
    settings = Settings(tmp_path / "archives", profile="mesh", cache=cache)
    stands_on = base.offline(architecture(), cache, 0)
    (again,) = build([component("bookshop")], stands_on, settings, print)
    assert again.archive.read_bytes() == bookshop.archive.read_bytes()


def test_a_damaged_layer_in_the_cache_is_made_again(tmp_path):
    from mesh_images.layer import file, pack

    remembered = Remembered(tmp_path)
    first = remembered.layer(["a"], lambda: pack([file("a", b"a")]))
    (kept,) = tmp_path.iterdir()
    kept.write_bytes(kept.read_bytes()[:-4] + b"\0\0\0\0")
    made = []
    again = remembered.layer(["a"], lambda: made.append(1) or pack([file("a", b"a")]))
    assert (again, made) == (first, [1])
    assert remembered.layer(["a"], lambda: pytest.fail("packed again")) == first


def test_what_was_not_used_for_two_weeks_is_forgotten(tmp_path):
    old, new = tmp_path / "projects" / "old", tmp_path / "layers" / "new"
    for path in (old, new.parent):
        path.mkdir(parents=True)
    (old / "tool.whl").write_bytes(b"")
    new.write_bytes(b"")
    (tmp_path / "archives").mkdir()
    os.utime(old, (0, 0))
    forget(tmp_path, now=new.stat().st_mtime + 1)
    assert (old.exists(), new.exists(), (tmp_path / "archives").exists()) == (False, True, True)


def test_another_architecture_is_refused_with_the_way_out():
    other = {"amd64": "arm64", "arm64": "amd64"}[architecture()]
    with pytest.raises(ImagesError, match=f"{other}: what is made offline.*--base"):
        base.offline(other, images(), 0)


def test_an_unknown_image_is_refused_with_those_that_there_are():
    with pytest.raises(ImagesError, match="no such image; there are identity, destination"):
        component("indentity")
    assert len(names()) == len(set(names()))


def test_a_capability_stands_on_the_copy_of_the_interpreter_and_nowhere_else():
    from mesh_images.bytecode import Bytecode
    from mesh_images.environment import Environment

    environment = Environment("/usr/local/bin/python3.11", "3.11.7", Bytecode("", images()))
    aliases = component("proxy").aliases
    wheel = _Scripts(b"[console_scripts]\nmesh-proxy=mesh_proxy.__main__:main\n")
    entries = {one.path: one for one in environment.aliases(wheel, aliases, b"\x7fELF")}
    capped = [path for path, one in entries.items() if one.capabilities]
    assert capped == ["opt/mesh-init/bin/python"]
    init = entries["usr/lib/linkerd/linkerd2-proxy-init"].read().decode()
    assert init.startswith("#!/opt/mesh-init/bin/python -IB\n")
    assert "main(['init', *sys.argv[1:]])" in init
    for name in ("linkerd-await", "linkerd2-network-validator"):
        assert entries[f"usr/lib/linkerd/{name}"].read().startswith(b"#!/opt/mesh/bin/python -IB\n")


class _Scripts:
    """A wheel that declares scripts."""

    def __init__(self, content):
        self._content = content

    def described(self, _what):
        return self._content


def test_pax_record_name_is_what_runtimes_read():
    assert PAX_RECORD == "SCHILY.xattr.security.capability"
