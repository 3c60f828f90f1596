"""What the API server is asked to change: RFC 6902 operations, made directly."""

from mesh_injector.patch.operation import Operation
from mesh_injector.patch.pod import patch_pod
from mesh_injector.patch.service import patch_service

__all__ = ["Operation", "patch_pod", "patch_service"]
