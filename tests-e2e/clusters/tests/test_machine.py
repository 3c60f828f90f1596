"""Control groups of both versions, played by folders, and the address families."""

from pathlib import Path

import pytest

from mesh_clusters.errors import Unsupported
from mesh_clusters.node import machine, settings
from mesh_clusters.node.settings import Settings

_CLUSTER = Settings("east")
_GROUP = "mesh-cluster-east"


@pytest.fixture
def groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(settings, "STATES", tmp_path / "states")
    monkeypatch.setattr(machine, "HIERARCHIES", tmp_path / "groups")
    monkeypatch.setattr(machine, "_PATIENCE_SECONDS", 0.2)
    _CLUSTER.state.mkdir(parents=True)
    (tmp_path / "groups").mkdir()
    return tmp_path / "groups"


def test_version_1_has_a_group_in_every_hierarchy_that_may_use_everything(groups: Path) -> None:
    for name in ("cpu,cpuacct", "cpuset", "memory"):
        (groups / name).mkdir()
    (groups / "cpu").symlink_to("cpu,cpuacct")
    (groups / "cpuset/cpuset.cpus").write_text("0-3\n")
    (groups / "cpuset/cpuset.mems").write_text("0\n")

    machine.make_control_groups(_CLUSTER)

    assert (groups / "cpuset" / _GROUP / "cpuset.cpus").read_text() == "0-3\n"
    assert (groups / "cpuset" / _GROUP / "cpuset.mems").read_text() == "0\n"
    assert sorted(path.parent.name for path in groups.glob(f"*/{_GROUP}")) == [
        *("cpu", "cpu,cpuacct", "cpuset", "memory")
    ]


def test_version_2_has_one_group_with_the_controllers_that_a_kubelet_wants(groups: Path) -> None:
    (groups / "cgroup.controllers").write_text("cpuset cpu io memory pids\n")
    control = groups / "cgroup.subtree_control"
    control.write_text("cpu memory pids\n")

    machine.make_control_groups(_CLUSTER)
    assert (groups / _GROUP).is_dir()
    assert control.read_text() == "+cpuset"
    machine.remove_control_groups(_CLUSTER)
    assert not (groups / _GROUP).exists()
    assert control.read_text() == "-cpuset"


def test_groups_below_groups_go_first(groups: Path) -> None:
    (groups / "memory" / _GROUP / "kubepods/pod1/container").mkdir(parents=True)
    machine.remove_control_groups(_CLUSTER)
    assert list((groups / "memory").iterdir()) == []
    machine.remove_control_groups(_CLUSTER)


def test_control_groups_that_cannot_be_divided(groups: Path) -> None:
    (groups / "cgroup.controllers").write_text("cpu\n")
    (groups / "cgroup.subtree_control").mkdir()
    with pytest.raises(Unsupported, match="--privileged --cgroupns=host"):
        machine.make_control_groups(_CLUSTER)


def test_what_stays_busy_is_an_error_in_the_end(groups: Path) -> None:
    def busy() -> None:
        raise OSError(16, "busy")

    with pytest.raises(OSError, match="busy"):
        machine.patiently(busy)
