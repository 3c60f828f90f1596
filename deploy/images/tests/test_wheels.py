"""Wheels are fetched by checksum, built from sources, and unpacked without a trace."""

import hashlib
import socket
import zipfile
from pathlib import Path

import pytest

from mesh_images import pool, projects
from mesh_images.bytecode import Bytecode, compiled
from mesh_images.component import Alias
from mesh_images.environment import Environment
from mesh_images.errors import ImagesError
from mesh_images.lock import Pinned
from mesh_images.pool import FetchError, Pool
from mesh_images.projects import Builder, ProjectError
from mesh_images.target import Target
from mesh_images.wheel import Wheel, WheelError

METADATA = "Metadata-Version: 2.1\nName: tool\nVersion: 1.0\nLicense-Expression: MIT\n"


def _wheel(folder, name="tool", version="1.0", **more):
    path = folder / f"{name}-{version}-py3-none-any.whl"
    info = f"{name}-{version}.dist-info"
    members = {
        f"{name}/__init__.py": "VALUE = 1\n",
        f"{name}/__pycache__/__init__.cpython-311.pyc": "stale",
        f"{name}-{version}.data/purelib/{name}/more.py": "MORE = 2\n",
        f"{name}-{version}.data/scripts/{name}": "#!/home/builder/python\n",
        f"{info}/METADATA": METADATA.replace("tool", name).replace("1.0", version),
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\n"
        "Tag: py3-none-any\n",
        f"{info}/entry_points.txt": f"[console_scripts]\n{name} = {name}.more:main\n",
        f"{info}/RECORD": "",
        **more,
    }
    with zipfile.ZipFile(path, "w") as archive:
        for member, content in members.items():
            archive.writestr(member, content)
    return Wheel(path)


def _pinned(wheel):
    return Pinned("tool", "1.0", wheel.path.name, wheel.sha256)


@pytest.fixture
def environment(tmp_path):
    return Environment("/usr/local/bin/python3.11", "3.11.7", Bytecode("", tmp_path))


@pytest.fixture
def index(tmp_path, monkeypatch):
    """What pip gets its wheels from: a folder."""
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def test_what_lies_below_site_packages_and_nothing_else(tmp_path, environment):
    paths = {
        entry.path.rpartition("site-packages/")[2] for entry in environment.wheel(_wheel(tmp_path))
    }
    assert {"tool/__init__.py", "tool/more.py", "tool-1.0.dist-info/METADATA"} <= paths
    assert not any(path.endswith((".pyc", "/RECORD")) or "scripts" in path for path in paths)


def test_programs_come_from_what_the_wheel_declares(tmp_path, environment):
    (launcher,) = environment.launchers(_wheel(tmp_path))
    assert (launcher.path, launcher.mode) == ("usr/local/bin/tool", 0o755)
    assert launcher.read().decode() == (
        "#!/opt/mesh/bin/python -IB\nimport sys\n\nfrom tool.more import main\n\nsys.exit(main())\n"
    )


def test_an_alias_puts_its_command_before_the_callers_arguments(tmp_path, environment):
    entries = environment.aliases(_wheel(tmp_path), [Alias("usr/lib/x", "init")], b"")
    (alias,) = entries
    assert alias.read().decode().endswith("sys.exit(main(['init', *sys.argv[1:]]))\n")


def test_a_file_that_is_no_wheel_is_named(tmp_path):
    path = tmp_path / "tool-1.0-py3-none-any.whl"
    path.write_bytes(b"nothing")
    with pytest.raises(WheelError, match=r"tool-1\.0-py3-none-any\.whl.*delete it"):
        Wheel(path).metadata  # noqa: B018 (reading is what is tested)


def test_a_wheel_is_fetched_once(tmp_path, index):
    wheel = _wheel(index)
    said = []
    kept = Pool(tmp_path / "pool", said.append)
    for _ in range(2):
        kept.ensure([_pinned(wheel)], Target())
    assert said == ["fetching 1 wheels"]
    assert kept.path(_pinned(wheel)).read_bytes() == wheel.path.read_bytes()


def test_two_versions_of_one_library_can_be_wanted(tmp_path, index):
    first, second = _wheel(index), _wheel(index, version="2.0")
    wanted = [_pinned(first), Pinned("tool", "2.0", second.path.name, second.sha256)]
    kept = Pool(tmp_path / "pool", print)
    kept.ensure(wanted, Target())
    assert all(kept.path(one).is_file() for one in wanted)


def test_a_wheel_that_is_not_the_locked_one_is_refused(tmp_path, index):
    locked = _pinned(_wheel(index))
    _wheel(index, **{"tool/evil.py": "steal()"})
    with pytest.raises(FetchError, match="pip could not fetch the locked wheels"):
        Pool(tmp_path / "pool", print).ensure([locked], Target())


def test_an_index_that_never_answers_is_named(tmp_path, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{silent.getsockname()[1]}/simple")
        monkeypatch.setattr(pool, "_SECONDS", 0.5)
        with pytest.raises(FetchError, match="check the network and pip's index"):
            Pool(tmp_path / "pool", print).ensure([_pinned(_wheel(tmp_path))], Target())


def test_given_wheels_are_taken_instead_of_built(tmp_path):
    project = _project(tmp_path)
    _wheel(tmp_path)
    builder = Builder(tmp_path / "cache", "mesh", pytest.fail, given=tmp_path)
    assert builder.wheels([project])[project].metadata["Name"] == "tool"


def test_given_wheels_that_lack_one_are_refused(tmp_path):
    project = _project(tmp_path)
    with pytest.raises(ProjectError, match=r"--wheels: .*holds 0 wheels of tool"):
        Builder(tmp_path / "cache", "mesh", pytest.fail, given=tmp_path).wheels([project])


def test_a_project_is_built_again_when_a_source_changes_and_only_then(tmp_path, monkeypatch):
    project = _project(tmp_path)
    calls = []

    def pip(command, **_):
        calls.append(command)
        _wheel(Path(command[command.index("--wheel-dir") + 1]))

    monkeypatch.setattr(projects, "_run", pip)
    builder = Builder(tmp_path / "cache", "mesh", print)
    builder.wheels([project])
    (project / "tool" / "__pycache__").mkdir()
    (project / "tool" / "__pycache__" / "x.pyc").write_bytes(b"")
    builder.wheels([project])
    assert len(calls) == 1
    (project / "tool" / "__init__.py").write_text("VALUE = 2\n")
    builder.wheels([project])
    assert len(calls) == 2


def test_a_build_that_fails_shows_what_the_tool_said(tmp_path):
    with pytest.raises(ProjectError, match=r"ended with 3:\nno compiler"):
        projects._run(["sh", "-c", "echo no compiler; exit 3"])


def test_bytecode_is_the_same_whatever_was_compiled_before():
    sources = {f"m{number}.py": f"A = {{'x', 'y', 'z{number}'}}\n".encode() for number in range(20)}
    first, second = (compiled(sources, "opt/x") for _ in range(2))
    assert first == second
    assert len(first) == 20
    assert all(b"/opt/x/m" in content for content in first.values())


def test_a_template_with_the_name_of_a_module_gets_no_bytecode():
    both = {"good.py": b"1", "bad.py": b"{{ name }} ="}
    assert compiled(both, "x") == compiled({"good.py": b"1"}, "x")


def test_the_checksum_is_of_the_file(tmp_path):
    wheel = _wheel(tmp_path)
    assert wheel.sha256 == hashlib.sha256(wheel.path.read_bytes()).hexdigest()
    assert issubclass(WheelError, ImagesError)


def _project(folder):
    project = folder / "project"
    (project / "tool").mkdir(parents=True)
    (project / "tool" / "__init__.py").write_text("VALUE = 1\n")
    (project / "pyproject.toml").write_text(
        '[project]\nname = "tool"\n[build-system]\nbuild-backend = "poetry.core.masonry.api"\n'
    )
    return project
