"""The pods about which the API server asks the injector."""

from dataclasses import dataclass

from mesh_core.names import COMPONENT_LABEL
from mesh_core.resources import LabelSelector, LabelSelectorRequirement, Namespace, Pod

NAMESPACE_NAME_LABEL = "kubernetes.io/metadata.name"
"""What the API server writes on every namespace."""

_NAMESPACES = LabelSelector(
    match_expressions=(
        LabelSelectorRequirement(
            "config.linkerd.io/admission-webhooks", "NotIn", values=("disabled",)
        ),
        LabelSelectorRequirement(
            NAMESPACE_NAME_LABEL, "NotIn", values=("kube-system", "cert-manager")
        ),
    )
)
_PODS = LabelSelector(
    match_expressions=(
        LabelSelectorRequirement(COMPONENT_LABEL, "DoesNotExist"),
        LabelSelectorRequirement("linkerd.io/cni-resource", "DoesNotExist"),
    )
)


@dataclass(frozen=True, slots=True)
class ReviewScope:
    """The selectors of the webhook's configuration; the defaults are the chart's."""

    namespaces: LabelSelector = _NAMESPACES
    pods: LabelSelector = _PODS

    def includes(self, pod: Pod, namespace: Namespace) -> bool:
        """Say whether the creation of `pod` is under review."""
        labels = {NAMESPACE_NAME_LABEL: namespace.name, **namespace.metadata.labels}
        return self.namespaces.matches(labels) and self.pods.matches(pod.metadata.labels)
