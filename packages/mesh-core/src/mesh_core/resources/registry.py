"""The kinds in use, found by apiVersion and kind."""

from collections.abc import Iterable, Iterator, Mapping

from mesh_core.resources.cluster import Namespace, Node
from mesh_core.resources.configuration import ConfigMap, Secret, ServiceAccount
from mesh_core.resources.coordination import Event, Lease
from mesh_core.resources.endpoint_slice import EndpointSlice
from mesh_core.resources.errors import UnknownKindError
from mesh_core.resources.pod import Pod
from mesh_core.resources.resource import Resource
from mesh_core.resources.service import Service
from mesh_core.resources.workload import (
    CronJob,
    DaemonSet,
    Deployment,
    Job,
    ReplicaSet,
    StatefulSet,
)


class Registry:
    """An immutable set of kinds."""

    def __init__(self, kinds: Iterable[type[Resource]]) -> None:
        """Index `kinds`; two with the same apiVersion and kind are a programming error."""
        self._kinds: Mapping[tuple[str, str], type[Resource]] = {}
        index: dict[tuple[str, str], type[Resource]] = {}
        for kind in kinds:
            if index.setdefault((kind.api_version, kind.kind), kind) is not kind:
                msg = f"two structs for {kind.api_version} {kind.kind}"
                raise ValueError(msg)
        self._kinds = index

    def __iter__(self) -> Iterator[type[Resource]]:
        """All kinds, in the order of registration."""
        return iter(self._kinds.values())

    def find(self, api_version: str, kind: str) -> type[Resource]:
        """Give the struct of a kind, or say which one the writer may have meant."""
        found = self._kinds.get((api_version, kind))
        if found is not None:
            return found
        versions = sorted(known.api_version for known in self if known.kind == kind)
        if versions:
            reason = f"{kind} is in {' or '.join(versions)}, not in {api_version!r}"
            raise UnknownKindError(reason, ("apiVersion",))
        known = ", ".join(sorted({known.kind for known in self}))
        reason = f"unknown kind {kind!r} of {api_version!r}; known are {known}"
        raise UnknownKindError(reason, ("kind",))


KINDS = Registry(
    (
        Namespace,
        Node,
        ServiceAccount,
        ConfigMap,
        Secret,
        Service,
        Pod,
        EndpointSlice,
        ReplicaSet,
        Deployment,
        StatefulSet,
        DaemonSet,
        Job,
        CronJob,
        Event,
        Lease,
    )
)
"""Every kind that the mesh reads or writes today."""


def qualified_name(kind: type[Resource]) -> str:
    """Name a kind without doubt among all API groups: `pod`, `deployment.apps`."""
    group = kind.api_version.rpartition("/")[0]
    return f"{kind.kind}.{group}".lower() if group else kind.kind.lower()
