# @generated from vocabulary/headers.toml by tools/generate.py; do not edit.
"""The header fields with which proxies talk to each other and to applications."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Party(StrEnum):
    """Who sets or removes a header field."""

    APPLICATION = "application"
    """The program in the pod."""
    OUTBOUND = "outbound"
    """The proxy beside the client."""
    INBOUND = "inbound"
    """The proxy beside the server."""
    GATEWAY = "gateway"
    """A proxy that forwards for another cluster."""


@dataclass(frozen=True, slots=True)
class Header:
    """One header field."""

    name: str
    """The name in lower case."""
    request: bool
    """Whether it stands in requests."""
    response: bool
    """Whether it stands in responses."""
    set_by: tuple[Party, ...]
    """Who sets it."""
    removed_by: tuple[Party, ...]
    """Who deletes every copy that arrives."""
    meaning: str
    """What it says."""


CLIENT_ID: Final = Header(
    name="l5d-client-id",
    request=True,
    response=False,
    set_by=(Party.INBOUND,),
    removed_by=(Party.INBOUND,),
    meaning="The verified mesh identity of the caller, for the application; absent when there is none.",
)
DST_CANONICAL: Final = Header(
    name="l5d-dst-canonical",
    request=True,
    response=False,
    set_by=(Party.OUTBOUND,),
    removed_by=(Party.OUTBOUND,),
    meaning="The logical name of the destination whose profile routed the request; read by the inbound proxy.",
)
ORIG_PROTO: Final = Header(
    name="l5d-orig-proto",
    request=True,
    response=True,
    set_by=(
        Party.OUTBOUND,
        Party.INBOUND,
    ),
    removed_by=(
        Party.OUTBOUND,
        Party.INBOUND,
    ),
    meaning="HTTP/1.1 or HTTP/1.0 where the message is carried over HTTP/2 between proxies, with '; absolute-form' when the request target was one.",
)
REQUIRE_ID: Final = Header(
    name="l5d-require-id",
    request=True,
    response=False,
    set_by=(Party.APPLICATION,),
    removed_by=(Party.OUTBOUND,),
    meaning="The identity that the server must have; with any other the request fails.",
)
DST_OVERRIDE: Final = Header(
    name="l5d-dst-override",
    request=True,
    response=False,
    set_by=(Party.APPLICATION,),
    removed_by=(Party.OUTBOUND,),
    meaning="HOST:PORT of the target, chosen by an ingress; obeyed in ingress mode only.",
)
PROXY_ERROR: Final = Header(
    name="l5d-proxy-error",
    request=False,
    response=True,
    set_by=(
        Party.INBOUND,
        Party.OUTBOUND,
    ),
    removed_by=(),
    meaning="Why the proxy answered in place of the application; sent to meshed peers and to the pod's own application only.",
)
PROXY_CONNECTION: Final = Header(
    name="l5d-proxy-connection",
    request=False,
    response=True,
    set_by=(Party.INBOUND,),
    removed_by=(Party.OUTBOUND,),
    meaning="'close' asks the outbound proxy to close its client's connection.",
)
RETRY_HTTP: Final = Header(
    name="l5d-retry-http",
    request=True,
    response=False,
    set_by=(Party.APPLICATION,),
    removed_by=(Party.OUTBOUND,),
    meaning="HTTP statuses to retry: numbers, ranges, 5xx, gateway-error; where the route allows it.",
)
RETRY_GRPC: Final = Header(
    name="l5d-retry-grpc",
    request=True,
    response=False,
    set_by=(Party.APPLICATION,),
    removed_by=(Party.OUTBOUND,),
    meaning="gRPC statuses to retry; where the route allows it.",
)
RETRY_LIMIT: Final = Header(
    name="l5d-retry-limit",
    request=True,
    response=False,
    set_by=(Party.APPLICATION,),
    removed_by=(Party.OUTBOUND,),
    meaning="Most retries of this request; where the route allows it.",
)
RETRY_TIMEOUT: Final = Header(
    name="l5d-retry-timeout",
    request=True,
    response=False,
    set_by=(Party.APPLICATION,),
    removed_by=(Party.OUTBOUND,),
    meaning="How long one attempt may take before it is retried; where the route allows it.",
)
TIMEOUT: Final = Header(
    name="l5d-timeout",
    request=True,
    response=False,
    set_by=(Party.APPLICATION,),
    removed_by=(Party.OUTBOUND,),
    meaning="How long request and response may take in all; where the route allows it.",
)
REQUEST_TIMEOUT: Final = Header(
    name="l5d-request-timeout",
    request=True,
    response=False,
    set_by=(Party.APPLICATION,),
    removed_by=(Party.OUTBOUND,),
    meaning="Another name of l5d-timeout.",
)
RESPONSE_TIMEOUT: Final = Header(
    name="l5d-response-timeout",
    request=True,
    response=False,
    set_by=(Party.APPLICATION,),
    removed_by=(Party.OUTBOUND,),
    meaning="How long the server may take to respond; where the route allows it.",
)
FORWARDED: Final = Header(
    name="forwarded",
    request=True,
    response=False,
    set_by=(Party.GATEWAY,),
    removed_by=(),
    meaning="The gateways that a request has passed (RFC 7239); each refuses one that already names it.",
)

ALL: Final[tuple[Header, ...]] = (
    CLIENT_ID,
    DST_CANONICAL,
    ORIG_PROTO,
    REQUIRE_ID,
    DST_OVERRIDE,
    PROXY_ERROR,
    PROXY_CONNECTION,
    RETRY_HTTP,
    RETRY_GRPC,
    RETRY_LIMIT,
    RETRY_TIMEOUT,
    TIMEOUT,
    REQUEST_TIMEOUT,
    RESPONSE_TIMEOUT,
    FORWARDED,
)
