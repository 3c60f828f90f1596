"""What happens to a pod before it runs: defaults, and the mesh's sidecar."""

from dataclasses import dataclass
from typing import Protocol

from mesh_cli.local.sidecar import Sidecar
from mesh_core.resources import Namespace, Pod


@dataclass(frozen=True, slots=True)
class Admitted:
    """The pod as it will exist, its sidecar, and why it has none."""

    pod: Pod
    sidecar: Sidecar | None = None
    note: str = ""


class Admission(Protocol):
    """Decides about new pods."""

    def admit(self, pod: Pod, namespace: Namespace, owner: str) -> Admitted:
        """Look at a pod; `owner` is its Deployment's name, empty for a bare pod.

        Raises LocalError where the pod cannot be admitted.
        """
        ...


class Unmeshed:
    """A cluster without a mesh."""

    def admit(self, pod: Pod, namespace: Namespace, owner: str) -> Admitted:  # noqa: ARG002
        """Every pod as it is."""
        return Admitted(pod, note="this mesh was started without its control plane")
