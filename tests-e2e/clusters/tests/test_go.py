"""Finding a compiler, and fetching one from a module proxy."""

import io
import zipfile
from pathlib import Path

import pytest

from mesh_clusters import go, go_module
from mesh_clusters.errors import GoMissing
from mesh_clusters.go_module import ModuleUnavailable

_MODULE = "golang.org/toolchain@v0.0.1-go1.26.8.linux-amd64"
# Two files whose sum `go mod download` would write into go.sum.
_FILES = {"bin/go": "#!/bin/sh\necho go1.26.8\n", "src/_go.mod": "module std\n"}


@pytest.fixture
def proxy(tmp_path: Path) -> str:
    """A module proxy: a folder is one, by its URL."""
    path, version = _MODULE.split("@")
    folder = tmp_path / "proxy" / path / "@v"
    folder.mkdir(parents=True)
    (folder / f"{version}.zip").write_bytes(_archive())
    return (tmp_path / "proxy").as_uri()


def _archive() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in _FILES.items():
            archive.writestr(f"{_MODULE}/{name}", text)
    return buffer.getvalue()


def _sum() -> str:
    with zipfile.ZipFile(io.BytesIO(_archive())) as archive:
        return go_module.module_sum(archive)


def test_the_sum_is_that_of_go() -> None:
    # Computed by hand as golang.org/x/mod/sumdb/dirhash describes it: sha256sum of each file in
    # the order of the names, sha256 of that list, base64.
    assert _sum() == "h1:VXG/7o5urOniErFlGLPL6wWemFEh244uhM9yw/S/96o="


def test_a_fetched_module_is_unpacked_and_runs(proxy: str, tmp_path: Path) -> None:
    go_module.fetch(_MODULE, _sum(), ["file:///nowhere", proxy], tmp_path / "go")
    assert (tmp_path / "go/bin/go").stat().st_mode & 0o111
    assert (tmp_path / "go/src/go.mod").read_text() == "module std\n"
    assert {path.name for path in tmp_path.iterdir()} == {"go", "proxy"}


def test_another_content_is_refused_and_leaves_nothing(proxy: str, tmp_path: Path) -> None:
    with pytest.raises(ModuleUnavailable, match="has the sum h1:"):
        go_module.fetch(_MODULE, "h1:other", [proxy], tmp_path / "go")
    assert not (tmp_path / "go").exists()


def test_an_archive_that_is_none(proxy: str, tmp_path: Path) -> None:
    archive = next((tmp_path / "proxy").rglob("*.zip"))
    archive.write_text("<html>log in first</html>")
    with pytest.raises(ModuleUnavailable, match="no zip file"):
        go_module.fetch(_MODULE, _sum(), [proxy], tmp_path / "go")


def test_every_proxy_that_failed_is_named_without_its_password(tmp_path: Path) -> None:
    sources = ["http://user:secret@127.0.0.1:9", "file:///nowhere"]
    with pytest.raises(ModuleUnavailable) as caught:
        go_module.fetch(_MODULE, _sum(), sources, tmp_path / "go")
    assert "http://127.0.0.1:9" in str(caught.value)
    assert "file:///nowhere" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_proxies_of_a_setting() -> None:
    setting = "https://one.example/|https://two.example, direct"
    assert go_module.proxies(setting) == ("https://one.example", "https://two.example")
    assert go_module.proxies("off") == ()


@pytest.mark.parametrize(
    ("version", "enough"),
    [
        *(("go1.24", True), ("go1.24.1", True), ("go1.30rc1", True), ("go2.0", True)),
        *(("go1.23.12", False), ("go1.3", False), ("devel +abc", False)),
    ],
)
def test_new_enough(version: str, enough: bool) -> None:
    assert go.new_enough(version) is enough


def test_no_compiler_and_no_proxy_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = tmp_path / "go"
    old.write_text("#!/bin/sh\necho go1.19.8\n")
    old.chmod(0o755)
    monkeypatch.setattr(go, "installed", lambda _name: old)
    monkeypatch.setattr(go, "_USUAL_PLACE", tmp_path / "none")
    monkeypatch.setenv("GOPROXY", "off")
    with pytest.raises(GoMissing) as caught:
        go.find(tmp_path / "home", lambda _: None)
    message = str(caught.value)
    assert "go1.19.8, older than 1.24" in message
    assert "install Go 1.24 or newer" in message
    assert "GOPROXY names no proxy" in message


def test_a_fetched_compiler_is_used_afterwards(
    proxy: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(go, "installed", lambda _name: None)
    monkeypatch.setattr(go, "_USUAL_PLACE", tmp_path / "none")
    monkeypatch.setattr(go, "_SUMS", {"amd64": _sum()})
    monkeypatch.setattr(go, "architecture", lambda: "amd64")
    monkeypatch.setenv("GOPROXY", proxy)
    said: list[str] = []
    first = go.find(tmp_path / "home", said.append)
    assert go.find(tmp_path / "home", said.append) == first
    assert first.version == "go1.26.8"
    assert len(said) == 1
    assert "because Go is not installed" in said[0]


def test_another_architecture_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    with pytest.raises(GoMissing, match="riscv64: use a cluster of your own"):
        go.architecture()


def test_a_build_sees_nothing_of_the_users_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOFLAGS", "-mod=vendor")
    monkeypatch.setenv("GOOS", "windows")
    environment = go.Go(Path("/go"), "go1.26.8").environment()
    assert environment["GOFLAGS"] == "-mod=readonly"
    assert environment["GOOS"] == "linux"
    assert environment["GOTOOLCHAIN"] == "local"
