"""The control plane's own pods, which the mesh carries too."""

from enum import StrEnum

from mesh_core.names import COMPONENT_LABEL
from mesh_core.resources import Pod
from mesh_injector.installation import Installation


class Component(StrEnum):
    """A part of the control plane with pods of its own."""

    IDENTITY = "identity"
    DESTINATION = "destination"
    PROXY_INJECTOR = "proxy-injector"


def component_of(pod: Pod, installation: Installation) -> Component | None:
    """Say which part of the control plane a pod is, None for every other pod.

    The label counts only in the control plane's namespace: anyone may write labels elsewhere.
    """
    label = pod.metadata.labels.get(COMPONENT_LABEL)
    if pod.namespace != installation.control_plane_namespace or label not in set(Component):
        return None
    return Component(label)
