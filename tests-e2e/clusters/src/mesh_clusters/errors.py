"""What may go wrong with a cluster; each error is one message with the next step in it."""


class ClusterError(Exception):
    """Base of everything that this package reports."""


class GoMissing(ClusterError):
    """There is no Go compiler, it is too old, and none could be fetched."""


class BuildFailed(ClusterError):
    """Go could not build a program."""


class NotBuilt(ClusterError):
    """A program is wanted that nobody has built, or that does not exist."""


class StartFailed(ClusterError):
    """A process of a cluster did not start, ended early or did not become ready in time."""


class NotRunning(ClusterError):
    """There is no such cluster, or it is down."""


class Unsupported(ClusterError):
    """This machine or this user cannot run what was asked for."""


class CommandFailed(ClusterError):
    """A command that a cluster needs ended with an error."""
