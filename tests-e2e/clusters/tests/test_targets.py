"""What is built, and what it says of itself."""

import pytest

from mesh_clusters import linker
from mesh_clusters.errors import NotBuilt
from mesh_clusters.targets import PARTS, TARGETS, target_of

_GO_MOD = "require (\n\tk8s.io/kubernetes v1.34.4\n\tk8s.io/api v0.34.4 // indirect\n)\n"


def test_every_part_names_targets_whose_modules_are_pinned() -> None:
    for part, names in PARTS.items():
        for name in names:
            assert (TARGETS[name].folder / "go.mod").is_file(), part
    assert set(PARTS["all"]) == set(TARGETS)
    pinned = [target for target in TARGETS.values() if target.name != "pause"]
    assert all((target.folder / "go.sum").is_file() for target in pinned)


def test_a_cluster_comes_with_helm() -> None:
    assert {"kubernetes", "helm"} <= set(PARTS["node"]) <= set(PARTS["kind"])


def test_every_link_is_a_component_of_its_program() -> None:
    source = (TARGETS["kubernetes"].folder / "main.go").read_text()
    for link in TARGETS["kubernetes"].links:
        assert f'"{link}"' in source


def test_a_program_is_found_by_each_of_its_names() -> None:
    assert target_of("kubelet").name == "kubernetes"
    assert target_of("helm").name == "helm"
    with pytest.raises(NotBuilt, match="there is no program 'minikube' here; there are: coredns"):
        target_of("minikube")


def test_kubernetes_reports_the_release_that_is_pinned() -> None:
    flags = TARGETS["kubernetes"].linker_flags
    assert flags.startswith("-s -w -X k8s.io/component-base/version.gitVersion=v1.34.4 ")
    assert " -X k8s.io/component-base/version.gitMinor=34 " in flags


def test_helm_takes_its_own_kubernetes_for_the_cluster_when_it_only_renders() -> None:
    flags = TARGETS["helm"].linker_flags
    assert "internal/version.version=v3.19.5" in flags
    assert "chartutil.k8sVersionMinor=34" in flags


def test_programs_without_a_version_get_none() -> None:
    assert TARGETS["pause"].linker_flags == "-s -w"


def test_version_of_a_module() -> None:
    found = linker.module_version("k8s.io/api", _GO_MOD)
    assert found == {"major": "0", "minor": "34", "patch": "4"}
    with pytest.raises(ValueError, match=r"does not require a release of k8s\.io/apimachinery"):
        linker.module_version("k8s.io/apimachinery", _GO_MOD)
