"""The base of every Kubernetes kind."""

from typing import ClassVar, NamedTuple

from mesh_core.resources.metadata import ObjectMeta
from mesh_core.resources.part import Part


class Key(NamedTuple):
    """Names one object of a kind; the namespace of a cluster-scoped object is empty."""

    namespace: str
    name: str

    def __str__(self) -> str:
        """Render as `namespace/name`, or only the name of a cluster-scoped object."""
        return f"{self.namespace}/{self.name}" if self.namespace else self.name


class Resource(Part, frozen=True):
    """A Kubernetes object.

    `api_version`, `kind`, `plural` and `namespaced` belong to the class and not to the instance:
    they say which documents decode into it, and `encode` writes them back.
    """

    api_version: ClassVar[str]
    kind: ClassVar[str]
    plural: ClassVar[str]
    namespaced: ClassVar[bool] = True
    named_by_label: ClassVar[bool] = False
    """Whether its name is one DNS label, because other names are made with it."""

    metadata: ObjectMeta

    @property
    def name(self) -> str:
        """The object's name, unique in its namespace among its kind."""
        return self.metadata.name

    @property
    def namespace(self) -> str:
        """The object's namespace, empty for a cluster-scoped kind."""
        return self.metadata.namespace

    @property
    def key(self) -> Key:
        """Namespace and name."""
        return Key(self.metadata.namespace, self.metadata.name)

    def __str__(self) -> str:
        """Render as users write it: `Pod shop/web-1`."""
        return f"{self.kind} {self.key}"
