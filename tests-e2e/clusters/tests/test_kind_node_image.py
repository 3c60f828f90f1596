"""The node image: what it is made of, and when it is made again; scripts play apt and dpkg."""

import io
import os
import tarfile
from pathlib import Path

import pytest

from mesh_clusters.errors import BuildFailed, Unsupported
from mesh_clusters.kind import debian, node_image, node_images, node_root
from mesh_clusters.kind.tree import Tree

_APT = """#!/bin/sh
echo "$*" >> "{folder}/log"
for word in "$@"; do
    case $word in
    Dir::Cache::archives=*) archives=${{word#*=}} ;;
    Dir::State::lists=*) fresh=1 ;;
    Dir::State::status=*) [ -s "${{word#*=}}" ] && exit 3 ;;
    update) exit 0 ;;
    esac
done
if [ -n "$FAILS" ] || [ -n "$OLD" -a -z "$fresh" ]; then
    echo 'W: something' >&2; echo 'E: Unable to locate package tool' >&2; exit 100
fi
touch "$archives/tool_1.0_all.deb"
"""
_KINDS = ("usr/local/bin/entrypoint", "etc/systemd/system/kubelet.service", "LICENSES/README.txt")


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, text in {"apt-get": _APT, "dpkg-deb": '#!/bin/sh\necho "files of $2"\n'}.items():
        program = tmp_path / name
        program.write_text(text.format(folder=tmp_path) if name == "apt-get" else text)
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    for name in ("FAILS", "OLD"):
        monkeypatch.setenv(name, "")
    return tmp_path


def test_packages_come_as_if_nothing_was_installed(machine: Path) -> None:
    with debian.packages(["tool"], print) as found:
        assert found["tool"].read_text().endswith("tool_1.0_all.deb\n")
    assert not found["tool"].exists()
    (line,) = (machine / "log").read_text().splitlines()
    assert line.endswith("--yes --no-install-recommends --download-only install tool")


def test_old_package_lists_are_fetched_anew(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OLD", "1")
    with debian.packages(["tool"], print) as found:
        assert list(found) == ["tool"]
    assert len((machine / "log").read_text().splitlines()) == 3


def test_packages_that_cannot_be_had(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAILS", "1")
    with (
        pytest.raises(BuildFailed, match="download the packages: Unable to locate package tool;"),
        debian.packages(["tool"], print),
    ):
        pass
    monkeypatch.setenv("PATH", str(machine / "nothing"))
    with pytest.raises(Unsupported, match="needs Debian or Ubuntu"), debian.packages([], print):
        pass


def _empty(path: Path, *names: str) -> Path:
    with tarfile.open(path, "w") as tar:
        for name in names:
            header = tarfile.TarInfo(f"./{name}")
            header.size, header.mode = len(name), 0o755
            tar.addfile(header, io.BytesIO(name.encode()))
    return path


def _root(folder: Path) -> Tree:
    packages = {
        "base-passwd": _empty(
            folder / "1", *(f"usr/share/base-passwd/{name}.master" for name in ("passwd", "group"))
        ),
        "containernetworking-plugins": _empty(
            folder / "2", *(f"usr/lib/cni/{name}" for name in (*node_root.CNI_PLUGINS, "vlan"))
        ),
        "systemd": _empty(
            folder / "3",
            "lib/systemd/systemd",
            "lib/systemd/system/multi-user.target.wants/getty.target",
            "usr/lib/sysctl.d/50-default.conf",
        ),
        "perl-base": _empty(folder / "4", "usr/bin/perl"),
    }
    kind = folder / "kind"
    for name in _KINDS:
        path = kind / "images/base/files" / name
        path.parent.mkdir(parents=True)
        path.write_text(f"kind's {name}")
    return node_root.system(packages, kind, "v1.34.4", "registry.example/pause:1")


def test_a_node_is_made_of_debian_kind_and_ours(tmp_path: Path) -> None:
    tree = _root(tmp_path)
    assert tree.read("etc/passwd") == b"usr/share/base-passwd/passwd.master"
    assert tree.read("usr/local/bin/entrypoint") == b"kind's usr/local/bin/entrypoint"
    assert tree.read("kind/version") == b"v1.34.4\n"
    assert b'sandbox_image = "registry.example/pause:1"' in tree.read("etc/containerd/config.toml")
    plugins = [path for path in tree if path.startswith("opt/cni/bin/")]
    assert plugins == [f"opt/cni/bin/{name}" for name in node_root.CNI_PLUGINS]
    assert not {"usr/bin/perl", "LICENSES/README.txt", "usr/lib/cni/vlan"} & set(tree)
    # Nothing that would set the machine's kernel, and no login.
    assert "usr/lib/sysctl.d/50-default.conf" not in tree
    assert "usr/lib/systemd/system/multi-user.target.wants/getty.target" not in tree


def test_every_service_that_is_wanted_is_there(tmp_path: Path) -> None:
    tree = _root(tmp_path)
    tree.write(tmp_path / "root.tar")
    with tarfile.open(tmp_path / "root.tar") as tar:
        members = {member.name: member for member in tar}
    wanted = [path for path in members if ".target.wants/" in path]
    assert len(wanted) == len(node_images.ARCHIVES) + 3
    units = {members[path].linkname.removeprefix("../") for path in wanted}
    ours = {"kubelet.service", "preloaded-images@.service"}
    assert {unit for unit in units if f"etc/systemd/system/{unit}" in tree} == ours
    for path in ("usr/local/bin/update-alternatives", "kind/bin/keep-kernel-settings"):
        assert members[path].mode == 0o755


def test_the_image_is_another_when_a_program_or_the_recipe_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "stamps").mkdir()
    for name in ("kubernetes", "coredns", "pause"):
        (tmp_path / f"stamps/{name}.json").write_text("{}")
    before = node_image._key(tmp_path)
    assert node_image._key(tmp_path) == before
    (tmp_path / "stamps/pause.json").write_text('{"go": "newer"}')
    other = node_image._key(tmp_path)
    monkeypatch.setattr(node_image, "_recipe", lambda: b"changed")
    assert len({before, other, node_image._key(tmp_path)}) == 3
