"""What the injector needs to be allowed."""

from mesh_core.kubernetes import EVENT_ACCESS, Access, read_access
from mesh_core.resources import Namespace, Pod
from mesh_injector.webhook.owner_kinds import OwnerJob, OwnerReplicaSet

KINDS = (Namespace, Pod)
"""What it follows: what a pod inherits, and which pods have no proxy."""
OWNER_KINDS = (OwnerReplicaSet, OwnerJob)
"""What it follows if it may: who owns a pod is only a label, and where its events go."""

ACCESS: tuple[Access, ...] = (*read_access((*KINDS, *OWNER_KINDS)), EVENT_ACCESS)
