from pathlib import Path

import pytest

from mesh_cli.local.mounts import Bind, Link, Tmpfs, plan


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A home directory outside of /tmp's own cover."""
    monkeypatch.setattr("mesh_cli.local.mounts._OWN", {Path("/run"): 0o755})
    tmp_path.chmod(0o755)
    for parent in tmp_path.parents:
        if str(parent).startswith("/tmp/"):
            parent.chmod(0o755)
    home = tmp_path / "home"
    (home / "cache" / "venv" / "bin").mkdir(parents=True)
    (home / "secret").mkdir()
    home.chmod(0o700)
    return home


def test_a_closed_home_holds_only_the_way_to_what_is_needed(home):
    steps = plan([home / "cache" / "venv"])
    assert Tmpfs(home) in steps
    assert Bind(home / "cache/venv", home / "cache/venv") in steps
    assert steps.index(Tmpfs(home)) < steps.index(Bind(home / "cache/venv", home / "cache/venv"))
    assert not any("secret" in str(step.target) for step in steps)


def test_what_lies_within_another_needed_path_is_not_bound_twice(home):
    steps = plan([home / "cache" / "venv", home / "cache" / "venv" / "bin"])
    assert [s.target for s in steps if isinstance(s, Bind) and s.read_only] == [home / "cache/venv"]


def test_an_open_path_needs_nothing(home):
    home.chmod(0o755)
    assert not any(isinstance(step, Bind) and step.read_only for step in plan([home / "cache"]))


def test_a_needed_directory_that_is_closed_itself_is_replaced_by_its_contents(home):
    steps = plan([home])
    assert Tmpfs(home) in steps
    targets = {step.target for step in steps if isinstance(step, Bind) and step.read_only}
    assert targets == {home / "cache", home / "secret"}


def test_the_top_level_is_shown_again_and_own_directories_are_empty():
    steps = plan([])
    targets = {step.target: step for step in steps}
    assert isinstance(targets[Path("/tmp")], Tmpfs)
    assert isinstance(targets[Path("/run")], Tmpfs)
    assert isinstance(targets[Path("/usr")], Bind)
    links = [path for path in Path("/").iterdir() if path.is_symlink()]
    assert all(isinstance(targets[path], Link) for path in links)


def test_a_volume_where_nothing_is_mirrors_its_nearest_directory(tmp_path):
    steps = plan([], [Bind(tmp_path, Path("/etc/nowhere/deep"))])
    assert Tmpfs(Path("/etc")) in steps
    mirrored = [step.target for step in steps if step.target.parent == Path("/etc")]
    assert Path("/etc/passwd") in mirrored
    assert steps[-1].target == Path("/etc/nowhere/deep")


def test_a_volume_at_the_top_needs_no_mirror(tmp_path):
    steps = plan([], [Bind(tmp_path, Path("/data-of-mine/x"))])
    assert steps[-1].target == Path("/data-of-mine/x")
    assert not any(
        isinstance(s, Tmpfs) and s.target not in (Path("/tmp"), Path("/run")) for s in steps
    )


def test_links_on_the_way_are_followed(tmp_path):
    steps = plan([], [Bind(tmp_path, Path("/var/run/app"))])
    assert steps[-1].target == Path("/var/run/app").resolve()
