"""Who owns a pod, as metrics name it."""

from __future__ import annotations

from mesh_core.resources import Key as ObjectKey
from mesh_core.resources import Pod
from mesh_destination.index import Index


def owner_label(index: Index, pod: Pod) -> tuple[str, str]:
    """Kind in lower case and name of a pod's topmost controller; a lone pod owns itself.

    A ReplicaSet of a Deployment and a Job of a CronJob are steps on the way up; while the step
    itself is not known yet, it is the answer.
    """
    controller = pod.metadata.controller
    if controller is None:
        return "pod", pod.name
    above = index.controller(controller.kind, ObjectKey(pod.namespace, controller.name))
    top = above or controller
    return top.kind.lower(), top.name
