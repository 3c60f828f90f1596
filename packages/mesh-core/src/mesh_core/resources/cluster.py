"""Namespaces and nodes."""

from collections.abc import Mapping
from typing import ClassVar

import msgspec

from mesh_core.resources.metadata import Condition
from mesh_core.resources.part import Part
from mesh_core.resources.resource import Resource


class NamespaceStatus(Part, frozen=True):
    """`phase` is Active or Terminating."""

    phase: str = ""


class Namespace(Resource, frozen=True):
    """A scope for names; its annotations are inherited by what runs in it."""

    api_version: ClassVar[str] = "v1"
    kind: ClassVar[str] = "Namespace"
    plural: ClassVar[str] = "namespaces"
    namespaced: ClassVar[bool] = False
    named_by_label: ClassVar[bool] = True

    status: NamespaceStatus = NamespaceStatus()


class Taint(Part, frozen=True):
    """Keeps pods off a node."""

    key: str
    effect: str
    value: str = ""


class NodeSpec(Part, frozen=True):
    """How a node is used."""

    pod_cidr: str = msgspec.field(default="", name="podCIDR")
    pod_cidrs: tuple[str, ...] = msgspec.field(default=(), name="podCIDRs")
    unschedulable: bool = False
    taints: tuple[Taint, ...] = ()


class NodeAddress(Part, frozen=True):
    """An address of a node; `type` is InternalIP, ExternalIP or Hostname."""

    type: str
    address: str


class NodeStatus(Part, frozen=True):
    """What a node has and how it is."""

    addresses: tuple[NodeAddress, ...] = ()
    capacity: Mapping[str, str | int] = {}
    allocatable: Mapping[str, str | int] = {}
    conditions: tuple[Condition, ...] = ()


class Node(Resource, frozen=True):
    """A machine that runs pods."""

    api_version: ClassVar[str] = "v1"
    kind: ClassVar[str] = "Node"
    plural: ClassVar[str] = "nodes"
    namespaced: ClassVar[bool] = False

    spec: NodeSpec = NodeSpec()
    status: NodeStatus = NodeStatus()

    @property
    def zone(self) -> str:
        """The node's topology zone, empty when it has none."""
        return self.metadata.labels.get("topology.kubernetes.io/zone", "")
