"""What a lock says becomes the wheels that an image gets."""

import pytest

from mesh_images.lock import LockError, needs
from mesh_images.target import Target

AMD64 = Target(python="3.11.7", architecture="amd64", glibc=36)

PROJECT = """
[project]
name = "app"
dependencies = ["sock (>=1)", 'wincolour (>=1) ; sys_platform == "win32"']
[project.optional-dependencies]
fast = ["speed[turbo]"]
"""


def _wheels(*names):
    files = ", ".join(f'{{file = "{name}", hash = "sha256:{name}"}}' for name in names)
    return f"files = [{files}]"


LOCK = f"""
[[package]]
name = "sock"
version = "1.0"
{
    _wheels(
        "sock-1.0-py3-none-any.whl",
        "sock-1.0-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
        "sock-1.0-cp311-cp311-manylinux_2_39_x86_64.whl",
        "sock-1.0-cp311-cp311-musllinux_1_2_x86_64.whl",
        "sock-1.0-cp311-cp311-manylinux_2_28_aarch64.whl",
        "sock-1.0.tar.gz",
    )
}
[package.dependencies]
shared = "*"
absent = {{version = "*", markers = "python_version < '3.11'"}}
dev = {{version = "*", optional = true}}

[[package]]
name = "shared"
version = "2.0"
{_wheels("shared-2.0-py2.py3-none-any.whl")}

[[package]]
name = "speed"
version = "3.0"
{_wheels("speed-3.0-cp39-abi3-manylinux_2_28_x86_64.whl")}
[package.extras]
turbo = ["Charger", "mac (>=1) ; sys_platform == 'darwin'"]

[[package]]
name = "charger"
version = "4.0"
{_wheels("charger-4.0-py3-none-any.whl")}

[[package]]
name = "sibling"
version = "0.1"
files = []
[package.source]
type = "directory"
url = "../sibling"
"""


@pytest.fixture
def project(tmp_path):
    folder = tmp_path / "app"
    folder.mkdir()
    (folder / "pyproject.toml").write_text(PROJECT)
    (folder / "poetry.lock").write_text(LOCK)
    return folder


def _chosen(project, extras=(), target=AMD64):
    return {one.name: one.wheel for one in needs(project, extras, project, target).libraries}


def test_what_applies_is_followed_and_nothing_else(project):
    assert set(_chosen(project)) == {"sock", "shared"}


def test_an_extra_brings_its_libraries_and_their_extras(project):
    assert set(_chosen(project, ["fast"])) == {"sock", "shared", "speed", "charger"}


@pytest.mark.parametrize(
    ("target", "wheel"),
    [
        (AMD64, "sock-1.0-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl"),
        (Target("3.11.7", "amd64", 40), "sock-1.0-cp311-cp311-manylinux_2_39_x86_64.whl"),
        (Target("3.11.7", "arm64", 28), "sock-1.0-cp311-cp311-manylinux_2_28_aarch64.whl"),
        (Target("3.11.7", "arm64", 17), "sock-1.0-py3-none-any.whl"),
        (Target("3.12.1", "amd64", 36), "sock-1.0-py3-none-any.whl"),
    ],
)
def test_the_best_wheel_for_the_target(project, target, wheel):
    assert _chosen(project, target=target)["sock"] == wheel


def test_a_library_without_a_wheel_for_the_target_is_named(project):
    with pytest.raises(LockError, match=r"speed 3\.0 has no wheel for Python 3\.11\.7 on aarch64"):
        _chosen(project, ["fast"], Target("3.11.7", "arm64", 36))


def test_an_extra_that_the_project_lacks_is_named(project):
    with pytest.raises(LockError, match="has no extra 'fats'"):
        _chosen(project, ["fats"])


def test_a_lock_that_does_not_hold_what_is_required_says_how_to_mend_it(project):
    (project / "poetry.lock").write_text(LOCK.replace('"shared"', '"share"', 1))
    with pytest.raises(LockError, match=r"holds no one shared; run `\./dev lock`"):
        _chosen(project)


def test_projects_of_the_checkout_are_told_apart_from_libraries(project):
    text = PROJECT.replace('"sock (>=1)"', '"sock (>=1)", "sibling"')
    (project / "pyproject.toml").write_text(text)
    found = needs(project, (), project, AMD64)
    assert [path.name for path in found.projects] == ["app", "sibling"]
    assert "sibling" not in {one.name for one in found.libraries}


def test_a_project_without_a_lock_uses_the_workspaces(project, tmp_path):
    (project / "poetry.lock").rename(tmp_path / "poetry.lock")
    found = needs(project, (), tmp_path, AMD64)
    assert {one.name for one in found.libraries} == {"sock", "shared"}
