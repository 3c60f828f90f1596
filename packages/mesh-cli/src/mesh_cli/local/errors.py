"""Failures of `mesh local`."""

from mesh_cli.errors import MeshError, UsageError


class LocalError(MeshError):
    """Base of everything that `mesh local` reports."""


class Unsupported(LocalError):
    """This machine lacks something that a local mesh needs."""

    exit_code = 3


class NotRunning(LocalError):
    """There is no mesh under that prefix."""

    exit_code = 4


class AlreadyRunning(LocalError):
    """There is one already."""

    exit_code = 5


class ControlError(LocalError):
    """The supervisor refused a request."""


class StartError(LocalError):
    """The supervisor could not be started, or a process of a pod could not."""


class BadArgument(UsageError):
    """A value on the command line of `mesh local` is not usable."""
