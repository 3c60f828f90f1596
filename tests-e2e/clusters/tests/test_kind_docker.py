"""Docker as kind's cluster uses it; a script plays the client."""

import json
import subprocess
from pathlib import Path

import pytest

from mesh_clusters import go
from mesh_clusters.errors import CommandFailed
from mesh_clusters.kind import docker as module
from mesh_clusters.kind import kernel_settings, official_image
from mesh_clusters.kind.docker import Docker
from mesh_clusters.kind.residence import Residence
from mesh_clusters.places import SOURCES, home

# Knows what files of the same name are there: `has.version`, `has.image.NAME`, ….
_CLIENT = """#!/bin/sh
echo "$DOCKER_HOST $*" >> "{folder}/log"
case $1 in
version) what=version ;;
pull) what=pull ;;
inspect) echo true; exit ;;
image|network) what=$1; [ "$2" = rm ] && exit 0 ;;
esac
[ -e "{folder}/has.$what" ] || {{ echo "Error response from daemon: no $what here" >&2; exit 1; }}
"""


@pytest.fixture
def client(tmp_path: Path) -> Docker:
    program = tmp_path / "docker"
    program.write_text(_CLIENT.format(folder=tmp_path))
    program.chmod(0o755)
    return Docker(program, {"DOCKER_HOST": "unix:///there"})


def _has(folder: Path, *what: str) -> None:
    for each in what:
        (folder / f"has.{each}").touch()


def _log(folder: Path) -> list[str]:
    return (folder / "log").read_text().splitlines()


def test_the_machines_docker_is_the_one_that_the_users_variables_choose(
    client: Docker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "installed", lambda _name: client.program)
    monkeypatch.setenv("DOCKER_HOST", "tcp://elsewhere")
    assert Docker.ordinary() is None
    _has(tmp_path, "version")
    found = Docker.ordinary()
    assert found is not None
    assert found.environment["DOCKER_HOST"] == "tcp://elsewhere"
    assert _log(tmp_path)[-1] == "tcp://elsewhere version"
    monkeypatch.setattr(module, "installed", lambda _name: None)
    assert Docker.ordinary() is None


def test_our_own_docker_has_none_of_the_users_settings(
    client: Docker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_CONTEXT", "production")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    private = Docker.private(client.program, tmp_path / "docker.sock")
    assert "DOCKER_CONTEXT" not in private.environment
    assert "HTTPS_PROXY" not in private.environment
    assert private.environment["PATH"].startswith(f"{tmp_path}:")
    with pytest.raises(CommandFailed, match="docker version: Error response from daemon"):
        private("version")
    assert _log(tmp_path) == [f"unix://{tmp_path}/docker.sock version"]


def test_a_client_that_does_not_end_is_given_up(tmp_path: Path) -> None:
    program = tmp_path / "docker"
    program.write_text("#!/bin/sh\nexec sleep 60\n")
    program.chmod(0o755)
    with pytest.raises(CommandFailed, match=r"docker version: no end after 0\.1 s"):
        Docker(program, {})("version", seconds=0.1)


def test_the_official_image_is_taken_where_docker_has_it_or_can_pull_it(
    client: Docker, tmp_path: Path
) -> None:
    said: list[str] = []
    assert not official_image.available(client, said.append)
    assert said[-1].endswith("(no pull here)")
    _has(tmp_path, "pull")
    assert official_image.available(client, said.append)
    _has(tmp_path, "image")
    said.clear()
    assert official_image.available(client, said.append)
    assert said == []


def test_the_official_image_is_the_one_of_the_kind_that_we_build() -> None:
    compiler = go.present(home())
    if compiler is None:
        pytest.skip("there is no Go that knows where kind's module is")
    argv = [str(compiler.program), "list", "-m", "-f={{.Dir}}", "sigs.k8s.io/kind"]
    done = subprocess.run(
        argv,
        cwd=SOURCES / "kind",
        env=compiler.environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    if not done.stdout.strip():
        pytest.skip("kind's module is not downloaded")
    source = Path(done.stdout.strip(), "pkg/apis/config/defaults/image.go")
    assert f'"{official_image.NAME}"' in source.read_text()


def test_what_was_there_before_stays_and_ours_is_taken_away(client: Docker, tmp_path: Path) -> None:
    _has(tmp_path, "network")
    found = Residence.of(client, "localhost/ours:1", private=False)
    found.save(tmp_path)
    loaded = Residence.load(tmp_path)
    assert loaded == found
    assert loaded is not None
    loaded.leave()
    commands = [line.removeprefix("unix:///there ") for line in _log(tmp_path)]
    assert "image rm localhost/ours:1" in commands
    assert not any(line.startswith("network rm") for line in commands)


def test_an_image_that_was_there_stays_and_the_network_goes(client: Docker, tmp_path: Path) -> None:
    _has(tmp_path, "image")
    Residence.of(client, "kindest/node", private=False).leave()
    commands = [line.removeprefix("unix:///there ") for line in _log(tmp_path)]
    assert "network rm kind" in commands
    assert not any(line.startswith("image rm") for line in commands)


@pytest.mark.parametrize("text", ["", "{", json.dumps({"docker": 1})[:-3]])
def test_a_note_that_was_not_all_written_is_none(text: str, tmp_path: Path) -> None:
    (tmp_path / "docker.json").write_text(text)
    assert Residence.load(tmp_path) is None
    assert Residence.load(tmp_path / "nowhere") is None


def test_settings_of_the_kernel_are_put_back_where_they_changed(tmp_path: Path) -> None:
    for name, value in {"kernel/panic": "0\n", "vm/overcommit_memory": "1\n"}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(value)
    before = kernel_settings.read(tmp_path)
    assert before == {"kernel/panic": "0\n", "vm/overcommit_memory": "1\n"}
    (tmp_path / "kernel/panic").write_text("10\n")
    untouched = (tmp_path / "vm/overcommit_memory").stat().st_mtime_ns
    kernel_settings.restore(before, tmp_path)
    assert kernel_settings.read(tmp_path) == before
    assert (tmp_path / "vm/overcommit_memory").stat().st_mtime_ns == untouched
