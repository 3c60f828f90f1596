"""Why a store refuses a read or a write."""

from mesh_core.errors import CoreError


class StoreError(CoreError):
    """The root of what a store refuses."""


class NotFoundError(StoreError):
    """The object does not exist."""


class AlreadyExistsError(StoreError):
    """An object of that kind, namespace and name exists."""


class ConflictError(StoreError):
    """The object changed since the caller read it: read it again, then decide again."""


class ReadOnlyError(StoreError):
    """The object comes from a file that is its user's, not the store's."""
