"""Who made a pod, as users know it."""

from dataclasses import dataclass, field

from mesh_core.resources import OwnerReference, Pod, Resource


@dataclass(frozen=True, slots=True)
class Owner:
    """The topmost controller of a pod, such as its Deployment; equal by kind and name.

    `api_version` and `uid` are what an event needs to be found with it.
    """

    kind: str
    name: str
    api_version: str = field(default="", compare=False)
    uid: str = field(default="", compare=False)

    def __str__(self) -> str:
        """Write `Deployment web`."""
        return f"{self.kind} {self.name}"


def owner_of(pod: Pod, parent: Resource | None = None) -> Owner | None:
    """Name a pod's topmost controller.

    `parent` is the pod's own controller where that may have one above it: a Deployment's
    ReplicaSet, a CronJob's Job. Another object of the same name is none of the pod's.
    """
    controller = pod.metadata.controller
    if controller is None:
        return None
    if parent is not None and _is(parent, controller):
        return _owner(parent.metadata.controller or controller)
    return _owner(controller)


def _is(resource: Resource, reference: OwnerReference) -> bool:
    uid = resource.metadata.uid
    same = (resource.kind, resource.name) == (reference.kind, reference.name)
    return same and (not (uid and reference.uid) or uid == reference.uid)


def _owner(reference: OwnerReference) -> Owner:
    return Owner(reference.kind, reference.name, reference.api_version, reference.uid)
