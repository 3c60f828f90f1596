"""Kinds that only `mesh check` reads, with no more fields than it looks at."""

from typing import ClassVar

from mesh_core.resources import Condition, Resource
from mesh_core.resources.part import Part


class ClusterRole(Resource, frozen=True):
    """Permissions in the whole cluster."""

    api_version: ClassVar[str] = "rbac.authorization.k8s.io/v1"
    kind: ClassVar[str] = "ClusterRole"
    plural: ClassVar[str] = "clusterroles"
    namespaced: ClassVar[bool] = False


class RoleReference(Part, frozen=True):
    """The role that a binding grants."""

    kind: str = ""
    name: str = ""


class Subject(Part, frozen=True):
    """Who gets the role of a binding."""

    kind: str = ""
    name: str = ""
    namespace: str = ""


class ClusterRoleBinding(Resource, frozen=True):
    """Who has the permissions of a ClusterRole."""

    api_version: ClassVar[str] = "rbac.authorization.k8s.io/v1"
    kind: ClassVar[str] = "ClusterRoleBinding"
    plural: ClassVar[str] = "clusterrolebindings"
    namespaced: ClassVar[bool] = False

    role_ref: RoleReference = RoleReference()
    subjects: tuple[Subject, ...] = ()


class CustomResourceDefinitionStatus(Part, frozen=True):
    """Whether the API server serves it."""

    conditions: tuple[Condition, ...] = ()


class CustomResourceDefinition(Resource, frozen=True):
    """A kind that the API server learned."""

    api_version: ClassVar[str] = "apiextensions.k8s.io/v1"
    kind: ClassVar[str] = "CustomResourceDefinition"
    plural: ClassVar[str] = "customresourcedefinitions"
    namespaced: ClassVar[bool] = False

    status: CustomResourceDefinitionStatus = CustomResourceDefinitionStatus()
