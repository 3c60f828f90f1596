"""Why the API server did not do what it was asked to."""

from mesh_core.kubernetes.access import Access
from mesh_core.store.errors import StoreError


class KubernetesError(StoreError):
    """The root of what goes wrong with an API server.

    That an object is missing, exists or changed is told by the same errors as in every store.
    """

    reason = "error"
    """A short word for metrics; there are as many as classes."""


class ConfigurationError(KubernetesError):
    """No usable kubeconfig and no ServiceAccount: it is not known where the API server is."""

    reason = "configuration"


class UnreachableError(KubernetesError):
    """The API server cannot be reached or is not trusted."""

    reason = "unreachable"


class SilentError(UnreachableError):
    """The API server holds the connection and says nothing."""

    reason = "silent"


class TruncatedError(KubernetesError):
    """An answer ended in its middle, or is not what an API server says."""

    reason = "truncated"


class UnauthorizedError(KubernetesError):
    """The API server does not know who asks: a missing, wrong or expired credential."""

    reason = "unauthorized"


class ForbiddenError(KubernetesError):
    """A permission is missing; `access` says which one, when the server named it."""

    reason = "forbidden"

    def __init__(self, message: str, access: Access | None = None) -> None:
        """Remember what is missing."""
        self.access = access
        super().__init__(message)


class KindNotServedError(KubernetesError):
    """The API server has no such kind: its CustomResourceDefinition is not installed."""

    reason = "not_served"


class RejectedError(KubernetesError):
    """The object or request is wrong in the eyes of the server or of an admission webhook."""

    reason = "rejected"


class GoneError(KubernetesError):
    """The asked resourceVersion is too old, or unknown, for the server: list again."""

    reason = "gone"


class OverloadedError(KubernetesError):
    """The server wants to be left alone; `retry_after` says for how many seconds, 0 if unsaid."""

    reason = "overloaded"

    def __init__(self, message: str, retry_after: float = 0) -> None:
        """Remember the server's wish."""
        self.retry_after = retry_after
        super().__init__(message)


class ServerFailedError(KubernetesError):
    """The server failed at a request that may be right."""

    reason = "server_error"
