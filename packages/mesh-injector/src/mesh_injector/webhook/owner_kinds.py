"""What stands between a pod and its owner: only the metadata of it.

The rest, pod templates above all, would be most of the injector's memory.
"""

from typing import ClassVar

from mesh_core.resources import Resource


class OwnerReplicaSet(Resource, frozen=True):
    """A ReplicaSet, which belongs to a Deployment or to somebody else's controller."""

    api_version: ClassVar[str] = "apps/v1"
    kind: ClassVar[str] = "ReplicaSet"
    plural: ClassVar[str] = "replicasets"


class OwnerJob(Resource, frozen=True):
    """A Job, which may belong to a CronJob."""

    api_version: ClassVar[str] = "batch/v1"
    kind: ClassVar[str] = "Job"
    plural: ClassVar[str] = "jobs"
