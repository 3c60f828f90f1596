"""What is built from Go modules: which sources, which package, under which names."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from mesh_clusters import linker
from mesh_clusters.errors import NotBuilt
from mesh_clusters.places import SOURCES


@dataclass(frozen=True, slots=True)
class Target:
    """One program: the folder of its module, the package in it, and its other names."""

    name: str
    package: str
    links: tuple[str, ...] = ()
    # With an empty cache on two processors, downloads included; only for estimates.
    cold_seconds: int = 10

    @property
    def folder(self) -> Path:
        """Where go.mod and go.sum lie."""
        return SOURCES / self.name

    @property
    def linker_flags(self) -> str:
        """What the linker is told."""
        return linker.flags(self.name, self.folder / "go.mod")


TARGETS: Mapping[str, Target] = MappingProxyType(
    {
        target.name: target
        for target in (
            Target(
                "kubernetes",
                ".",
                (
                    *("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler"),
                    *("kubelet", "kube-proxy", "kubectl", "kubeadm"),
                ),
                cold_seconds=290,
            ),
            Target("coredns", ".", cold_seconds=50),
            Target("helm", "helm.sh/helm/v3/cmd/helm", cold_seconds=90),
            Target("kind", "sigs.k8s.io/kind", cold_seconds=15),
            Target("pause", ".", cold_seconds=2),
        )
    }
)

# A cluster comes with what its user works with: kubectl and helm.
_NODE = ("kubernetes", "coredns", "pause", "helm")
# What a user may ask for, and what that takes.
PARTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "apiserver": ("kubernetes",),
        "helm": ("helm",),
        "node": _NODE,
        "kind": (*_NODE, "kind"),
        "all": tuple(TARGETS),
    }
)


def target_of(program: str) -> Target:
    """Say which target makes a program; raises NotBuilt for a name that none has."""
    for target in TARGETS.values():
        if program == target.name or program in target.links:
            return target
    known = sorted(name for target in TARGETS.values() for name in (target.name, *target.links))
    raise NotBuilt(f"there is no program {program!r} here; there are: {', '.join(known)}")
