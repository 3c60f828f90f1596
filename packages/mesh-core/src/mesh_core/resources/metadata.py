"""Object metadata, owner references and label selectors."""

from collections.abc import Mapping
from datetime import datetime

from mesh_core.resources.part import Part


class OwnerReference(Part, frozen=True):
    """The object that made another one, such as a Pod's ReplicaSet."""

    api_version: str
    kind: str
    name: str
    uid: str = ""
    controller: bool = False
    block_owner_deletion: bool = False


class ObjectMeta(Part, frozen=True):
    """What every object carries: its name, version, labels and owners."""

    name: str = ""
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    generation: int = 0
    creation_timestamp: datetime | None = None
    deletion_timestamp: datetime | None = None
    deletion_grace_period_seconds: int | None = None
    generate_name: str = ""
    labels: Mapping[str, str] = {}
    annotations: Mapping[str, str] = {}
    owner_references: tuple[OwnerReference, ...] = ()
    finalizers: tuple[str, ...] = ()

    @property
    def controller(self) -> OwnerReference | None:
        """The owner that manages this object, None for one made by hand."""
        return next((owner for owner in self.owner_references if owner.controller), None)


class LabelSelectorRequirement(Part, frozen=True):
    """One expression of a selector; `operator` is In, NotIn, Exists or DoesNotExist."""

    key: str
    operator: str
    values: tuple[str, ...] = ()

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Say whether `labels` satisfy this requirement; an unknown operator matches nothing."""
        match self.operator:
            case "In":
                return labels.get(self.key) in self.values
            case "NotIn":
                return labels.get(self.key) not in self.values
            case "Exists":
                return self.key in labels
            case "DoesNotExist":
                return self.key not in labels
            case _:
                return False


class LabelSelector(Part, frozen=True):
    """Selects objects by their labels; all parts must hold, an empty selector selects all."""

    match_labels: Mapping[str, str] = {}
    match_expressions: tuple[LabelSelectorRequirement, ...] = ()

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Say whether an object with `labels` is selected."""
        return all(labels.get(key) == value for key, value in self.match_labels.items()) and all(
            requirement.matches(labels) for requirement in self.match_expressions
        )


class ObjectReference(Part, frozen=True):
    """Points at another object, with as many of the fields as the writer knew."""

    api_version: str = ""
    kind: str = ""
    name: str = ""
    namespace: str = ""
    uid: str = ""
    field_path: str = ""
    resource_version: str = ""


class LocalObjectReference(Part, frozen=True):
    """Names an object in the same namespace."""

    name: str = ""


class Condition(Part, frozen=True):
    """One aspect of an object's state; `status` is True, False or Unknown."""

    type: str
    status: str
    reason: str = ""
    message: str = ""
    last_transition_time: datetime | None = None
    last_update_time: datetime | None = None
    observed_generation: int = 0

    @property
    def holds(self) -> bool:
        """True only for the status `True`."""
        return self.status == "True"
