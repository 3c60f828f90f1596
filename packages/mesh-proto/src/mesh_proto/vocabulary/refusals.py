# @generated from vocabulary/refusals.toml by tools/generate.py; do not edit.
"""Why the proxy does not carry a connection."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Refusal:
    """One reason for which a connection is reset."""

    name: str
    """The word in logs and metric labels."""
    meaning: str
    """What is wrong."""


WRONG_DESTINATION: Final = Refusal(
    name="wrong_destination",
    meaning="It was redirected on its way to an address that is not this pod's.",
)
LOOP: Final = Refusal(
    name="loop",
    meaning="It was made to this proxy itself and not redirected to it, or would be.",
)
WRONG_SERVER_NAME: Final = Refusal(
    name="wrong_server_name",
    meaning="The client wants to talk to another identity; its endpoints are out of date.",
)
NOT_A_GATEWAY: Final = Refusal(
    name="not_a_gateway",
    meaning="The client wants to reach another pod through this one.",
)
DETECT_TIMEOUT: Final = Refusal(
    name="detect_timeout",
    meaning="The client did not say in time what it wants, or left.",
)
NO_CLIENT_IDENTITY: Final = Refusal(
    name="no_client_identity",
    meaning="The client of a connection between proxies presented no certificate.",
)
NO_PREFACE: Final = Refusal(
    name="no_preface",
    meaning="The connection between proxies does not begin with a transport header.",
)
TOO_LONG: Final = Refusal(
    name="too_long",
    meaning="The transport header is longer than its limit.",
)
NOT_PROTOBUF: Final = Refusal(
    name="not_protobuf",
    meaning="The transport header cannot be read.",
)
BAD_PORT: Final = Refusal(
    name="bad_port",
    meaning="The transport header names no port that exists.",
)
DISCOVERY: Final = Refusal(
    name="discovery",
    meaning="The control plane has not said where it may go.",
)
FORBIDDEN: Final = Refusal(
    name="forbidden",
    meaning="The control plane says that it may not be made.",
)
NO_BACKEND: Final = Refusal(
    name="no_backend",
    meaning="There is no route or no backend for it.",
)
NO_ENDPOINTS: Final = Refusal(
    name="no_endpoints",
    meaning="The destination has no endpoint that may be used.",
)
CONNECT_REFUSED: Final = Refusal(
    name="connect_refused",
    meaning="The other side refuses connections: nothing listens there.",
)
CONNECT_UNREACHABLE: Final = Refusal(
    name="connect_unreachable",
    meaning="There is no way to the other side.",
)
CONNECT_IO: Final = Refusal(
    name="connect_io",
    meaning="No connection to the other side could be made, for another reason; the log says which.",
)
NO_TRANSPORT_ALPN: Final = Refusal(
    name="no_transport_alpn",
    meaning="The gateway takes no transport header that could name the target.",
)
BAD_GATEWAY_AUTHORITY: Final = Refusal(
    name="bad_gateway_authority",
    meaning="The name that a gateway should be told has no port.",
)
TLS_CLOSED: Final = Refusal(
    name="tls_closed",
    meaning="The other side ended the connection during the handshake.",
)
TLS_IO: Final = Refusal(
    name="tls_io",
    meaning="The connection failed during the handshake.",
)
TLS_GARBAGE: Final = Refusal(
    name="tls_garbage",
    meaning="What came is not TLS.",
)
TLS_TOO_LARGE: Final = Refusal(
    name="tls_too_large",
    meaning="The other side's handshake, which holds its certificates, is larger than the limit.",
)
TLS_INCOMPATIBLE: Final = Refusal(
    name="tls_incompatible",
    meaning="The two sides have no version, cipher suite, group or signature in common.",
)
TLS_ALPN: Final = Refusal(
    name="tls_alpn",
    meaning="The two sides do not agree on the protocol within TLS.",
)
TLS_NO_CERTIFICATE: Final = Refusal(
    name="tls_no_certificate",
    meaning="The other side presented no certificate.",
)
TLS_EXPIRED: Final = Refusal(
    name="tls_expired",
    meaning="The other side's certificate has expired.",
)
TLS_NOT_YET_VALID: Final = Refusal(
    name="tls_not_yet_valid",
    meaning="The other side's certificate is not valid yet; look at the clocks.",
)
TLS_WRONG_IDENTITY: Final = Refusal(
    name="tls_wrong_identity",
    meaning="The other side's certificate is for another identity.",
)
TLS_UNKNOWN_ISSUER: Final = Refusal(
    name="tls_unknown_issuer",
    meaning="No trust anchor stands for the other side's certificate.",
)
TLS_BAD_SIGNATURE: Final = Refusal(
    name="tls_bad_signature",
    meaning="The other side's certificate or handshake has a wrong signature.",
)
TLS_BAD_ENCODING: Final = Refusal(
    name="tls_bad_encoding",
    meaning="The other side's certificate cannot be read.",
)
TLS_WRONG_PURPOSE: Final = Refusal(
    name="tls_wrong_purpose",
    meaning="The other side's certificate is not for this use.",
)
TLS_CA_AS_LEAF: Final = Refusal(
    name="tls_ca_as_leaf",
    meaning="The other side presented an authority's certificate as its own.",
)
TLS_CHAIN_TOO_LONG: Final = Refusal(
    name="tls_chain_too_long",
    meaning="The other side's chain takes too many steps to check.",
)
TLS_BAD_CERTIFICATE: Final = Refusal(
    name="tls_bad_certificate",
    meaning="The other side's certificate is not acceptable for another reason; the log says which.",
)
TLS_PEER_SAYS_EXPIRED: Final = Refusal(
    name="tls_peer_says_expired",
    meaning="The other side says that our certificate has expired.",
)
TLS_PEER_SAYS_UNKNOWN_ISSUER: Final = Refusal(
    name="tls_peer_says_unknown_issuer",
    meaning="The other side has no trust anchor for our certificate.",
)
TLS_PEER_SAYS_UNKNOWN_NAME: Final = Refusal(
    name="tls_peer_says_unknown_name",
    meaning="The other side is not who we want to talk to.",
)
TLS_PEER_WANTS_CERTIFICATE: Final = Refusal(
    name="tls_peer_wants_certificate",
    meaning="The other side demands a certificate.",
)
TLS_PEER_ALERT: Final = Refusal(
    name="tls_peer_alert",
    meaning="The other side gave up the handshake; the log says with which alert.",
)
TLS_OTHER: Final = Refusal(
    name="tls_other",
    meaning="TLS failed for another reason; the log says which.",
)

ALL: Final[tuple[Refusal, ...]] = (
    WRONG_DESTINATION,
    LOOP,
    WRONG_SERVER_NAME,
    NOT_A_GATEWAY,
    DETECT_TIMEOUT,
    NO_CLIENT_IDENTITY,
    NO_PREFACE,
    TOO_LONG,
    NOT_PROTOBUF,
    BAD_PORT,
    DISCOVERY,
    FORBIDDEN,
    NO_BACKEND,
    NO_ENDPOINTS,
    CONNECT_REFUSED,
    CONNECT_UNREACHABLE,
    CONNECT_IO,
    NO_TRANSPORT_ALPN,
    BAD_GATEWAY_AUTHORITY,
    TLS_CLOSED,
    TLS_IO,
    TLS_GARBAGE,
    TLS_TOO_LARGE,
    TLS_INCOMPATIBLE,
    TLS_ALPN,
    TLS_NO_CERTIFICATE,
    TLS_EXPIRED,
    TLS_NOT_YET_VALID,
    TLS_WRONG_IDENTITY,
    TLS_UNKNOWN_ISSUER,
    TLS_BAD_SIGNATURE,
    TLS_BAD_ENCODING,
    TLS_WRONG_PURPOSE,
    TLS_CA_AS_LEAF,
    TLS_CHAIN_TOO_LONG,
    TLS_BAD_CERTIFICATE,
    TLS_PEER_SAYS_EXPIRED,
    TLS_PEER_SAYS_UNKNOWN_ISSUER,
    TLS_PEER_SAYS_UNKNOWN_NAME,
    TLS_PEER_WANTS_CERTIFICATE,
    TLS_PEER_ALERT,
    TLS_OTHER,
)
