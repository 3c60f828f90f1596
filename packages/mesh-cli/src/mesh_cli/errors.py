"""What `mesh` may fail with; each error is one message and an exit code."""


class MeshError(Exception):
    """A failure that the user can act on: what, where, what to do next."""

    exit_code = 1


class UsageError(MeshError):
    """The command line asks for something that cannot be."""

    exit_code = 2
