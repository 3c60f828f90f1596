"""One API server: a client, a live store of its objects, events, and what that needs to be allowed.

Needs the extra `[kubernetes]`. `Access` and the errors are light; the rest is loaded on first use.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from mesh_core.kubernetes.access import EVENT_ACCESS, READ, Access, read_access
from mesh_core.kubernetes.errors import (
    ConfigurationError,
    ForbiddenError,
    GoneError,
    KindNotServedError,
    KubernetesError,
    OverloadedError,
    RejectedError,
    ServerFailedError,
    SilentError,
    TruncatedError,
    UnauthorizedError,
    UnreachableError,
)
from mesh_core.kubernetes.record_event import EventType, RecordEvent

if TYPE_CHECKING:
    from mesh_core.kubernetes.client import KubernetesClient, ServerVersion
    from mesh_core.kubernetes.event_recorder import EventRecorder
    from mesh_core.kubernetes.kubernetes_store import KubernetesStore
    from mesh_core.kubernetes.pace import Pace
    from mesh_core.kubernetes.reviews import TokenReview
    from mesh_core.kubernetes.store_metrics import StoreMetrics

_LAZY = {
    "EventRecorder": "event_recorder",
    "KubernetesClient": "client",
    "KubernetesStore": "kubernetes_store",
    "Pace": "pace",
    "ServerVersion": "client",
    "StoreMetrics": "store_metrics",
    "TokenReview": "reviews",
}

__all__ = [
    "EVENT_ACCESS",
    "READ",
    "Access",
    "ConfigurationError",
    "EventRecorder",
    "EventType",
    "ForbiddenError",
    "GoneError",
    "KindNotServedError",
    "KubernetesClient",
    "KubernetesError",
    "KubernetesStore",
    "OverloadedError",
    "Pace",
    "RecordEvent",
    "RejectedError",
    "ServerFailedError",
    "ServerVersion",
    "SilentError",
    "StoreMetrics",
    "TokenReview",
    "TruncatedError",
    "UnauthorizedError",
    "UnreachableError",
    "read_access",
]


def __getattr__(name: str) -> object:
    """Load what needs asyncio and aiohttp on first use."""
    if name in _LAZY:
        return getattr(import_module(f"mesh_core.kubernetes.{_LAZY[name]}"), name)
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg)
