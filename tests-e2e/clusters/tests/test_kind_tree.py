"""A root filesystem put together from packages, without running any of it."""

import io
import tarfile
from pathlib import Path

import pytest

from mesh_clusters.kind.tree import Tree


def _package(path: Path, *members: tuple[str, bytes | str, int]) -> Path:
    """A tar as packages hold it: `./bin/x` with bytes, `./bin/y` as a link to a string."""
    with tarfile.open(path, "w") as tar:
        for name, content, mode in members:
            header = tarfile.TarInfo(f"./{name}")
            header.mode, header.mtime, header.uname = mode, 1_700_000_000, "builder"
            if isinstance(content, str):
                header.type, header.linkname = tarfile.SYMTYPE, content
                tar.addfile(header)
            else:
                header.size = len(content)
                tar.addfile(header, io.BytesIO(content))
    return path


def _written(tree: Tree, path: Path) -> dict[str, tarfile.TarInfo]:
    tree.write(path)
    with tarfile.open(path) as tar:
        return {member.name: member for member in tar}


def test_what_packages_name_by_old_paths_lies_below_usr(tmp_path: Path) -> None:
    tree = Tree()
    tree.unpack(
        _package(
            tmp_path / "a.tar",
            ("bin/tool", b"\x7fELF", 0o4755),
            ("sbin/alias", "/bin/tool", 0o777),
            ("usr/sbin/other", b"#!", 0o755),
        )
    )
    found = _written(tree, tmp_path / "root.tar")
    assert {"usr/bin/tool", "usr/sbin/alias", "usr/sbin/other"} <= set(found)
    assert found["bin"].linkname == "usr/bin"
    assert found["usr/bin/tool"].mode == 0o4755
    assert tree.read("usr/sbin/alias") == b"\x7fELF"


def test_unwanted_folders_stay_out_and_later_files_win(tmp_path: Path) -> None:
    tree = Tree()
    documents = ("usr/share/doc/tool/copyright", b"free", 0o644)
    alike = ("usr/share/docker", b"", 0o644)
    tree.unpack(
        _package(tmp_path / "a.tar", documents, alike, ("etc/x", b"package's", 0o600)),
        ["usr/share/doc"],
    )
    tree.file("etc/x", b"ours")
    tree.file("usr/lib/a.service", b"")
    tree.file("usr/lib/b.service", b"")
    tree.remove("usr/*/a.service")
    assert "usr/share/doc/tool/copyright" not in tree
    assert "usr/share/docker" in tree
    assert [path for path in tree if path.startswith("usr/lib/")] == ["usr/lib/b.service"]
    assert tree.read("etc/x") == b"ours"
    assert _written(tree, tmp_path / "root.tar")["etc/x"].mode == 0o644


def test_a_hard_link_comes_after_its_file(tmp_path: Path) -> None:
    package = tmp_path / "a.tar"
    with tarfile.open(package, "w") as tar:
        file = tarfile.TarInfo("./bin/z")
        file.size = 1
        tar.addfile(file, io.BytesIO(b"z"))
        link = tarfile.TarInfo("./bin/a")
        link.type, link.linkname = tarfile.LNKTYPE, "./bin/z"
        tar.addfile(link)
    tree = Tree()
    tree.unpack(package)
    names = list(_written(tree, tmp_path / "root.tar"))
    assert names.index("usr/bin/a") > names.index("usr/bin/z")
    with tarfile.open(tmp_path / "root.tar") as tar:
        file_of_link = tar.extractfile("usr/bin/a")
        assert file_of_link is not None
        assert file_of_link.read() == b"z"


def test_the_same_tree_is_the_same_bytes(tmp_path: Path) -> None:
    package = _package(tmp_path / "a.tar", ("b", b"1", 0o644), ("a", "b", 0o777))
    for name in ("one", "two"):
        tree = Tree()
        tree.unpack(package)
        tree.folder("tmp", 0o1777)
        tree.write(tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_a_tree_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    missing = tmp_path / "program"
    missing.write_bytes(b"x")
    tree = Tree()
    tree.file("usr/bin/program", missing)
    missing.unlink()
    root = tmp_path / "root.tar"
    root.write_text("old")
    with pytest.raises(FileNotFoundError):
        tree.write(root)
    assert root.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["root.tar"]
