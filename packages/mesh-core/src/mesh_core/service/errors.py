"""Why a service cannot run."""

from mesh_core.errors import CoreError


class ServiceError(CoreError):
    """The service cannot start or go on; the text is all that its user needs to read."""
