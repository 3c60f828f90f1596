"""The application's pods as the demo sees them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from .scrape import Scrape


@dataclass(frozen=True, slots=True)
class PodView:
    """One pod and what its proxy has counted; `identity` is empty when it is not meshed."""

    namespace: str
    name: str
    workload: str
    identity: str = ""
    addresses: tuple[str, ...] = ()
    ready: bool = False
    scrape: Scrape = field(default_factory=Scrape)
    # Addresses that are connected to the pod now.
    clients: frozenset[str] = frozenset()
    # Why it is not ready, in the mesh's words.
    message: str = ""
    # It is gone; what its proxy counted until then still happened.
    ended: bool = False

    @property
    def meshed(self) -> bool:
        """Whether the pod has a proxy."""
        return bool(self.identity)


def by_workload(pods: Sequence[PodView]) -> Mapping[str, list[PodView]]:
    """Group the pods by workload, in the order of the names."""
    groups: dict[str, list[PodView]] = {}
    for pod in sorted(pods, key=lambda pod: (pod.workload, pod.name)):
        groups.setdefault(pod.workload, []).append(pod)
    return groups
