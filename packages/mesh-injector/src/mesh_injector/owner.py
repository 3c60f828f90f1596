"""Who made a pod, as users know it."""

from dataclasses import dataclass

from mesh_core.resources import Pod, ReplicaSet


@dataclass(frozen=True, slots=True)
class Owner:
    """The topmost controller of a pod, such as its Deployment."""

    kind: str
    name: str

    def __str__(self) -> str:
        """Write `Deployment web`."""
        return f"{self.kind} {self.name}"


def owner_of(pod: Pod, replica_set: ReplicaSet | None = None) -> Owner | None:
    """Name a pod's topmost controller; through `replica_set`, the pod's own, if it has one."""
    controller = pod.metadata.controller
    if controller is None:
        return None
    if replica_set is not None and controller.kind == "ReplicaSet":
        above = replica_set.metadata.controller
        if replica_set.name == controller.name and above is not None:
            return Owner(above.kind, above.name)
    return Owner(controller.kind, controller.name)
