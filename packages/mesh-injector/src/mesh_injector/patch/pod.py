"""A pod that joins the mesh."""

from collections.abc import Mapping
from typing import Any

from mesh_core.resources import Namespace, Pod
from mesh_injector.configuration import proxy_settings
from mesh_injector.conflicts import ConflictingSettingsError
from mesh_injector.containers import Additions, additions
from mesh_injector.decision import Inject
from mesh_injector.installation import Installation
from mesh_injector.owner import Owner
from mesh_injector.patch.operation import Edits, Operation
from mesh_injector.pod_metadata import pod_metadata

_DEFAULT_CONTAINER = "kubectl.kubernetes.io/default-container"


def patch_pod(
    pod_document: Mapping[str, Any],
    pod: Pod,
    namespace: Namespace,
    installation: Installation,
    owner: Owner | None,
    decision: Inject,
) -> tuple[Operation, ...]:
    """Compute what makes a pod a member of the mesh.

    `pod` is `pod_document`, decoded. Raises AnnotationError for a value that is not allowed, and
    InjectorError for settings that cannot be.
    """
    settings = proxy_settings(pod, namespace, installation, ingress=decision.ingress)
    metadata = pod_metadata(pod, namespace, installation, owner, settings=settings)
    added = additions(pod, settings, installation)
    _check_names(pod, added)
    edits = Edits(pod_document)
    edits.set_entries(("metadata", "labels"), metadata.labels)
    edits.set_entries(
        ("metadata", "annotations"), {**_default_container(pod, added), **metadata.annotations}
    )
    edits.append(("spec", "volumes"), added.volumes)
    edits.prepend(("spec", "initContainers"), added.init_containers)
    edits.prepend(("spec", "containers"), added.first_containers)
    edits.append(("spec", "containers"), added.last_containers)
    return edits.operations


def _default_container(pod: Pod, added: Additions) -> dict[str, str]:
    """Keep `kubectl logs` and `exec` with the application, although the proxy stands first."""
    if not added.first_containers or not pod.spec.containers:
        return {}
    if _DEFAULT_CONTAINER in pod.metadata.annotations:
        return {}
    return {_DEFAULT_CONTAINER: pod.spec.containers[0].name}


def _check_names(pod: Pod, added: Additions) -> None:
    """Refuse a pod that has something of the same name: two of it would be no pod at all."""
    taken = {
        "volume": ({volume.name for volume in pod.spec.volumes}, added.volumes),
        "container": (
            {container.name for container in pod.spec.all_containers()},
            (*added.init_containers, *added.first_containers, *added.last_containers),
        ),
    }
    for what, (names, new) in taken.items():
        for item in new:
            if item["name"] in names:
                msg = f"{pod} has a {what} named {item['name']}, which the mesh adds; rename it"
                raise ConflictingSettingsError(msg)
