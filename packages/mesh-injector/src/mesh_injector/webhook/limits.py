"""What a client may take of the server."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds of connections, because anyone in the cluster may connect."""

    connections: int = 1024
    """Connections at once. An API server opens one for each review under way, and has by default
    up to 600 requests in hand; one that finds no room creates its pod without a proxy."""
    handshake_seconds: float = 10.0
    head_bytes: int = 64 * 1024
    head_seconds: float = 10.0
    """How long a request's head may take, from its first byte or the connection's start."""
    idle_seconds: int = 120
    """How long a connection is kept between requests: longer than the 90 s after which an API
    server gives one up, so that it never posts a review on a connection that is being closed."""
    linger_seconds: float = 2.0
    """How long the rest of a refused body is read and dropped: a connection that is closed with
    unread bytes is reset, and the client may lose the answer."""


LIMITS = Limits()
