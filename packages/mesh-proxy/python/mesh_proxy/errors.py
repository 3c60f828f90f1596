"""What can go wrong in mesh-proxy's commands, each with its exit code."""


class MeshProxyError(Exception):
    """A failure that ends the command with one line and `exit_code`."""

    exit_code = 1


class UsageError(MeshProxyError):
    """A flag or its value is wrong; the message names both (EX_USAGE)."""

    exit_code = 64


class NamespaceError(MeshProxyError):
    """A `--netns` path is missing or is no network namespace (EX_NOINPUT)."""

    exit_code = 66


class KernelUnsupported(MeshProxyError):
    """The kernel lacks nf_tables, NAT or redirection (EX_UNAVAILABLE)."""

    exit_code = 69


class IncompleteInstallation(MeshProxyError):
    """The extra `init` is not installed (EX_UNAVAILABLE)."""

    exit_code = 69


class KernelRefused(MeshProxyError):
    """The kernel refused or did not answer a batch; nothing was changed (EX_SOFTWARE)."""

    exit_code = 70


class MissingCapability(MeshProxyError):
    """The process may not program this namespace (EX_NOPERM)."""

    exit_code = 77
