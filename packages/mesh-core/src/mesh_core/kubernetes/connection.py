"""How to reach an API server and who asks it."""

import ssl
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from mesh_core.kubernetes.errors import ConfigurationError, UnauthorizedError

TOKEN_SECONDS = 60.0
"""How old a token that was read may be; the kubelet replaces it long before it expires."""

Authorization = Callable[[], str | None]
"""Gives the `authorization` header of the next request."""


@dataclass(frozen=True, slots=True)
class Connection:
    """One way to one API server, as it was found when it was made."""

    server: str
    default_namespace: str
    tls: ssl.SSLContext | None
    authorization: Authorization
    server_name: str | None = None
    proxy: str | None = None


Source = Callable[[], Awaitable[Connection]]
"""Finds the connection; asked again when the server refuses it or its certificate changed."""


class TokenFile:
    """A token in a file that somebody replaces from time to time."""

    def __init__(self, path: Path, clock: Callable[[], float] = time.monotonic) -> None:
        """Read `path` with the first request."""
        self._path = path
        self._clock = clock
        self._header: str | None = None
        self._read_at = 0.0

    def __call__(self) -> str:
        """Give the header; while the file cannot be read, the last token goes on being used."""
        now = self._clock()
        if self._header is None or now - self._read_at >= TOKEN_SECONDS:
            try:
                self._header = f"Bearer {read_token(self._path)}"
                self._read_at = now
            except ConfigurationError as error:
                if self._header is None:
                    raise UnauthorizedError(str(error)) from error
        return self._header


def read_token(path: Path) -> str:
    """Read a token; raises ConfigurationError for a missing, empty or broken file."""
    try:
        token = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        msg = f"cannot read the token in {path}: {error}"
        raise ConfigurationError(msg) from error
    if not token or not token.isprintable() or " " in token:
        msg = f"{path} does not hold one token"
        raise ConfigurationError(msg)
    return token


def trust(authority: Path | None) -> ssl.SSLContext:
    """Make a client's TLS settings that trust the certificates of one file, or the system's."""
    try:
        tls = ssl.create_default_context(cafile=authority)
    except (OSError, ssl.SSLError) as error:
        msg = f"cannot use the CA in {authority}: {error}"
        raise ConfigurationError(msg) from error
    # Newer Pythons refuse what every other client takes: a leaf without an authority key id.
    tls.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return tls
