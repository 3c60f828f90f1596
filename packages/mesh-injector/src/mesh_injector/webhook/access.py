"""What the injector needs to be allowed."""

from mesh_core.kubernetes import EVENT_ACCESS, Access, read_access
from mesh_core.resources import Namespace, Pod
from mesh_injector.webhook.owner_kinds import OwnerJob, OwnerReplicaSet

KINDS = (Namespace,)
"""What it must follow: without a namespace's annotations nothing can be decided."""
OPTIONAL_KINDS = (Pod, OwnerReplicaSet, OwnerJob)
"""What it follows if it may: pods without a proxy, and who owns a pod."""

ACCESS: tuple[Access, ...] = (*read_access((*KINDS, *OPTIONAL_KINDS)), EVENT_ACCESS)
