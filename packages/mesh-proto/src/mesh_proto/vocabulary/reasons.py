# @generated from vocabulary/reasons.toml by tools/generate.py; do not edit.
"""Why the proxy answers a request itself, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason for which the proxy answers in place of the application."""

    name: str
    """The word in logs, metric labels and headers."""
    http: int
    """The status of the HTTP response."""
    grpc: int
    """The number of the gRPC status, which goes with HTTP 200."""
    closes: bool
    """Whether the client's HTTP/1 connection is closed afterwards."""
    meaning: str
    """What happened."""


CONNECT_FAILED: Final = Reason(
    name="connect_failed",
    http=502,
    grpc=14,
    closes=True,
    meaning="No connection to the endpoint could be made.",
)
CONNECT_TIMEOUT: Final = Reason(
    name="connect_timeout",
    http=504,
    grpc=4,
    closes=False,
    meaning="Connecting to the endpoint took longer than the connect timeout.",
)
PEER_CLOSED: Final = Reason(
    name="peer_closed",
    http=502,
    grpc=14,
    closes=True,
    meaning="The endpoint closed or reset the connection before its response was complete.",
)
BAD_RESPONSE: Final = Reason(
    name="bad_response",
    http=502,
    grpc=14,
    closes=True,
    meaning="The endpoint's response breaks its protocol or a limit.",
)
IDENTITY_REQUIRED: Final = Reason(
    name="identity_required",
    http=502,
    grpc=14,
    closes=True,
    meaning="The endpoint has no mesh identity, or not the one that l5d-require-id asks for.",
)
SELF_CONNECTION: Final = Reason(
    name="self_connection",
    http=508,
    grpc=10,
    closes=True,
    meaning="The request's destination is the proxy's own port; forwarding it would loop.",
)
FAILFAST: Final = Reason(
    name="failfast",
    http=504,
    grpc=4,
    closes=False,
    meaning="The destination has had no ready endpoint for the failfast timeout.",
)
DISCOVERY_TIMEOUT: Final = Reason(
    name="discovery_timeout",
    http=504,
    grpc=4,
    closes=False,
    meaning="The control plane has not answered about this destination within the failfast timeout.",
)
REQUEST_TIMEOUT: Final = Reason(
    name="request_timeout",
    http=504,
    grpc=4,
    closes=False,
    meaning="The request and its response took longer than the route allows.",
)
RESPONSE_TIMEOUT: Final = Reason(
    name="response_timeout",
    http=504,
    grpc=4,
    closes=False,
    meaning="The response did not begin, or not end, within the time that the route allows.",
)
IDLE_TIMEOUT: Final = Reason(
    name="idle_timeout",
    http=504,
    grpc=4,
    closes=False,
    meaning="The stream was idle for longer than the route allows.",
)
LOAD_SHED: Final = Reason(
    name="load_shed",
    http=503,
    grpc=14,
    closes=False,
    meaning="Too many requests are in flight or waiting.",
)
NOT_CERTIFIED: Final = Reason(
    name="not_certified",
    http=503,
    grpc=14,
    closes=False,
    meaning="The proxy has no certificate yet.",
)
UNAUTHORIZED: Final = Reason(
    name="unauthorized",
    http=403,
    grpc=7,
    closes=False,
    meaning="No authorization of the server or route admits this client.",
)
EGRESS_DENIED: Final = Reason(
    name="egress_denied",
    http=403,
    grpc=7,
    closes=False,
    meaning="The traffic policy for this destination outside the cluster denies it.",
)
RATE_LIMITED: Final = Reason(
    name="rate_limited",
    http=429,
    grpc=8,
    closes=False,
    meaning="The client, or all clients together, exceeded the server's rate limit.",
)
ROUTE_NOT_FOUND: Final = Reason(
    name="route_not_found",
    http=404,
    grpc=5,
    closes=False,
    meaning="The server or service has routes, and none matches the request.",
)
INVALID_BACKEND: Final = Reason(
    name="invalid_backend",
    http=500,
    grpc=13,
    closes=False,
    meaning="The route's backend does not exist or cannot be used.",
)
INVALID_POLICY: Final = Reason(
    name="invalid_policy",
    http=500,
    grpc=13,
    closes=False,
    meaning="The control plane's answer about this destination cannot be used.",
)
MALFORMED_REQUEST: Final = Reason(
    name="malformed_request",
    http=400,
    grpc=13,
    closes=True,
    meaning="The request breaks HTTP's grammar.",
)
AMBIGUOUS_FRAMING: Final = Reason(
    name="ambiguous_framing",
    http=400,
    grpc=13,
    closes=True,
    meaning="Two readers could disagree where the request's body ends (RFC 9112 section 6.3).",
)
AMBIGUOUS_HOST: Final = Reason(
    name="ambiguous_host",
    http=400,
    grpc=13,
    closes=True,
    meaning="The request names its host twice or in a form that two readers could take differently.",
)
AMBIGUOUS_PATH: Final = Reason(
    name="ambiguous_path",
    http=400,
    grpc=13,
    closes=False,
    meaning="A path rule applies, and it would judge the raw and the canonical path differently.",
)
INVALID_OVERRIDE: Final = Reason(
    name="invalid_override",
    http=400,
    grpc=13,
    closes=False,
    meaning="In ingress mode l5d-dst-override must be one HOST:PORT.",
)
HEADERS_TOO_LARGE: Final = Reason(
    name="headers_too_large",
    http=431,
    grpc=8,
    closes=True,
    meaning="The request's header section exceeds the limit.",
)
FORBIDDEN_DESTINATION: Final = Reason(
    name="forbidden_destination",
    http=403,
    grpc=7,
    closes=False,
    meaning="The name or address that was asked for leads into the proxy's own pod or machine: loopback, link-local, or a port of the proxy.",
)
GATEWAY_LOOP: Final = Reason(
    name="gateway_loop",
    http=508,
    grpc=10,
    closes=False,
    meaning="The request has passed this gateway before, or the connection too many of them.",
)
GATEWAY_DOMAIN_NOT_FOUND: Final = Reason(
    name="gateway_domain_not_found",
    http=404,
    grpc=5,
    closes=False,
    meaning="This gateway does not forward for the request's name.",
)
UNEXPECTED: Final = Reason(
    name="unexpected",
    http=500,
    grpc=13,
    closes=True,
    meaning="A defect of the proxy; its log holds the details.",
)

ALL: Final[tuple[Reason, ...]] = (
    CONNECT_FAILED,
    CONNECT_TIMEOUT,
    PEER_CLOSED,
    BAD_RESPONSE,
    IDENTITY_REQUIRED,
    SELF_CONNECTION,
    FAILFAST,
    DISCOVERY_TIMEOUT,
    REQUEST_TIMEOUT,
    RESPONSE_TIMEOUT,
    IDLE_TIMEOUT,
    LOAD_SHED,
    NOT_CERTIFIED,
    UNAUTHORIZED,
    EGRESS_DENIED,
    RATE_LIMITED,
    ROUTE_NOT_FOUND,
    INVALID_BACKEND,
    INVALID_POLICY,
    MALFORMED_REQUEST,
    AMBIGUOUS_FRAMING,
    AMBIGUOUS_HOST,
    AMBIGUOUS_PATH,
    INVALID_OVERRIDE,
    HEADERS_TOO_LARGE,
    FORBIDDEN_DESTINATION,
    GATEWAY_LOOP,
    GATEWAY_DOMAIN_NOT_FOUND,
    UNEXPECTED,
)
