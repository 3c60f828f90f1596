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


class ProxyNotReady(MeshProxyError):
    """The proxy was not ready within the time given (EX_UNAVAILABLE)."""

    exit_code = 69


class CannotListen(MeshProxyError):
    """The address that connections are redirected to cannot be listened on (EX_UNAVAILABLE)."""

    exit_code = 69


class KernelRefused(MeshProxyError):
    """The kernel refused or did not answer a batch; nothing was changed (EX_SOFTWARE)."""

    exit_code = 70


class MissingCapability(MeshProxyError):
    """The process may not program this namespace (EX_NOPERM)."""

    exit_code = 77


class NotRedirected(MeshProxyError):
    """The pod's connections do not reach its proxy; controllers know this code."""

    exit_code = 95


class CommandNotExecutable(MeshProxyError):
    """The program to run may not be executed; the code is the shells'."""

    exit_code = 126


class CommandNotFound(MeshProxyError):
    """The program to run does not exist; the code is the shells'."""

    exit_code = 127


class Interrupted(MeshProxyError):
    """A signal ended the command before its work was done; the code is the shells'."""

    def __init__(self, message: str, signal_number: int) -> None:
        super().__init__(message)
        self.exit_code = 128 + signal_number
