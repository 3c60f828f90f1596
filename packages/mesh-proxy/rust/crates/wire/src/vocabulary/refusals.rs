// @generated from vocabulary/refusals.toml by tools/generate.py; do not edit.
//! Why the proxy does not carry a connection.

/// One reason for which a connection is reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The word in logs and metric labels.
    pub name: &'static str,
    /// What is wrong.
    pub meaning: &'static str,
}

/// It was redirected on its way to an address that is not this pod's.
pub const WRONG_DESTINATION: Refusal = Refusal {
    name: "wrong_destination",
    meaning: "It was redirected on its way to an address that is not this pod's.",
};

/// It was made to this proxy itself and not redirected to it, or would be.
pub const LOOP: Refusal = Refusal {
    name: "loop",
    meaning: "It was made to this proxy itself and not redirected to it, or would be.",
};

/// The client wants to talk to another identity; its endpoints are out of date.
pub const WRONG_SERVER_NAME: Refusal = Refusal {
    name: "wrong_server_name",
    meaning: "The client wants to talk to another identity; its endpoints are out of date.",
};

/// The client wants to reach another pod through this one.
pub const NOT_A_GATEWAY: Refusal = Refusal {
    name: "not_a_gateway",
    meaning: "The client wants to reach another pod through this one.",
};

/// The client did not say in time what it wants, or left.
pub const DETECT_TIMEOUT: Refusal = Refusal {
    name: "detect_timeout",
    meaning: "The client did not say in time what it wants, or left.",
};

/// The client of a connection between proxies presented no certificate.
pub const NO_CLIENT_IDENTITY: Refusal = Refusal {
    name: "no_client_identity",
    meaning: "The client of a connection between proxies presented no certificate.",
};

/// The connection between proxies does not begin with a transport header.
pub const NO_PREFACE: Refusal = Refusal {
    name: "no_preface",
    meaning: "The connection between proxies does not begin with a transport header.",
};

/// The transport header is longer than its limit.
pub const TOO_LONG: Refusal = Refusal {
    name: "too_long",
    meaning: "The transport header is longer than its limit.",
};

/// The transport header cannot be read.
pub const NOT_PROTOBUF: Refusal = Refusal {
    name: "not_protobuf",
    meaning: "The transport header cannot be read.",
};

/// The transport header names no port that exists.
pub const BAD_PORT: Refusal = Refusal {
    name: "bad_port",
    meaning: "The transport header names no port that exists.",
};

/// The control plane has not said where it may go.
pub const DISCOVERY: Refusal = Refusal {
    name: "discovery",
    meaning: "The control plane has not said where it may go.",
};

/// The control plane says that it may not be made.
pub const FORBIDDEN: Refusal = Refusal {
    name: "forbidden",
    meaning: "The control plane says that it may not be made.",
};

/// There is no route or no backend for it.
pub const NO_BACKEND: Refusal = Refusal {
    name: "no_backend",
    meaning: "There is no route or no backend for it.",
};

/// The destination has no endpoint that may be used.
pub const NO_ENDPOINTS: Refusal = Refusal {
    name: "no_endpoints",
    meaning: "The destination has no endpoint that may be used.",
};

/// The other side refuses connections: nothing listens there.
pub const CONNECT_REFUSED: Refusal = Refusal {
    name: "connect_refused",
    meaning: "The other side refuses connections: nothing listens there.",
};

/// There is no way to the other side.
pub const CONNECT_UNREACHABLE: Refusal = Refusal {
    name: "connect_unreachable",
    meaning: "There is no way to the other side.",
};

/// No connection to the other side could be made, for another reason; the log says which.
pub const CONNECT_IO: Refusal = Refusal {
    name: "connect_io",
    meaning: "No connection to the other side could be made, for another reason; the log says which.",
};

/// The gateway takes no transport header that could name the target.
pub const NO_TRANSPORT_ALPN: Refusal = Refusal {
    name: "no_transport_alpn",
    meaning: "The gateway takes no transport header that could name the target.",
};

/// The name that a gateway should be told has no port.
pub const BAD_GATEWAY_AUTHORITY: Refusal = Refusal {
    name: "bad_gateway_authority",
    meaning: "The name that a gateway should be told has no port.",
};

/// The other side ended the connection during the handshake.
pub const TLS_CLOSED: Refusal = Refusal {
    name: "tls_closed",
    meaning: "The other side ended the connection during the handshake.",
};

/// The connection failed during the handshake.
pub const TLS_IO: Refusal = Refusal {
    name: "tls_io",
    meaning: "The connection failed during the handshake.",
};

/// What came is not TLS.
pub const TLS_GARBAGE: Refusal = Refusal {
    name: "tls_garbage",
    meaning: "What came is not TLS.",
};

/// The other side's handshake, which holds its certificates, is larger than the limit.
pub const TLS_TOO_LARGE: Refusal = Refusal {
    name: "tls_too_large",
    meaning: "The other side's handshake, which holds its certificates, is larger than the limit.",
};

/// The two sides have no version, cipher suite, group or signature in common.
pub const TLS_INCOMPATIBLE: Refusal = Refusal {
    name: "tls_incompatible",
    meaning: "The two sides have no version, cipher suite, group or signature in common.",
};

/// The two sides do not agree on the protocol within TLS.
pub const TLS_ALPN: Refusal = Refusal {
    name: "tls_alpn",
    meaning: "The two sides do not agree on the protocol within TLS.",
};

/// The other side presented no certificate.
pub const TLS_NO_CERTIFICATE: Refusal = Refusal {
    name: "tls_no_certificate",
    meaning: "The other side presented no certificate.",
};

/// The other side's certificate has expired.
pub const TLS_EXPIRED: Refusal = Refusal {
    name: "tls_expired",
    meaning: "The other side's certificate has expired.",
};

/// The other side's certificate is not valid yet; look at the clocks.
pub const TLS_NOT_YET_VALID: Refusal = Refusal {
    name: "tls_not_yet_valid",
    meaning: "The other side's certificate is not valid yet; look at the clocks.",
};

/// The other side's certificate is for another identity.
pub const TLS_WRONG_IDENTITY: Refusal = Refusal {
    name: "tls_wrong_identity",
    meaning: "The other side's certificate is for another identity.",
};

/// No trust anchor stands for the other side's certificate.
pub const TLS_UNKNOWN_ISSUER: Refusal = Refusal {
    name: "tls_unknown_issuer",
    meaning: "No trust anchor stands for the other side's certificate.",
};

/// The other side's certificate or handshake has a wrong signature.
pub const TLS_BAD_SIGNATURE: Refusal = Refusal {
    name: "tls_bad_signature",
    meaning: "The other side's certificate or handshake has a wrong signature.",
};

/// The other side's certificate cannot be read.
pub const TLS_BAD_ENCODING: Refusal = Refusal {
    name: "tls_bad_encoding",
    meaning: "The other side's certificate cannot be read.",
};

/// The other side's certificate is not for this use.
pub const TLS_WRONG_PURPOSE: Refusal = Refusal {
    name: "tls_wrong_purpose",
    meaning: "The other side's certificate is not for this use.",
};

/// The other side presented an authority's certificate as its own.
pub const TLS_CA_AS_LEAF: Refusal = Refusal {
    name: "tls_ca_as_leaf",
    meaning: "The other side presented an authority's certificate as its own.",
};

/// The other side's chain takes too many steps to check.
pub const TLS_CHAIN_TOO_LONG: Refusal = Refusal {
    name: "tls_chain_too_long",
    meaning: "The other side's chain takes too many steps to check.",
};

/// The other side's certificate is not acceptable for another reason; the log says which.
pub const TLS_BAD_CERTIFICATE: Refusal = Refusal {
    name: "tls_bad_certificate",
    meaning: "The other side's certificate is not acceptable for another reason; the log says which.",
};

/// The other side says that our certificate has expired.
pub const TLS_PEER_SAYS_EXPIRED: Refusal = Refusal {
    name: "tls_peer_says_expired",
    meaning: "The other side says that our certificate has expired.",
};

/// The other side has no trust anchor for our certificate.
pub const TLS_PEER_SAYS_UNKNOWN_ISSUER: Refusal = Refusal {
    name: "tls_peer_says_unknown_issuer",
    meaning: "The other side has no trust anchor for our certificate.",
};

/// The other side is not who we want to talk to.
pub const TLS_PEER_SAYS_UNKNOWN_NAME: Refusal = Refusal {
    name: "tls_peer_says_unknown_name",
    meaning: "The other side is not who we want to talk to.",
};

/// The other side demands a certificate.
pub const TLS_PEER_WANTS_CERTIFICATE: Refusal = Refusal {
    name: "tls_peer_wants_certificate",
    meaning: "The other side demands a certificate.",
};

/// The other side gave up the handshake; the log says with which alert.
pub const TLS_PEER_ALERT: Refusal = Refusal {
    name: "tls_peer_alert",
    meaning: "The other side gave up the handshake; the log says with which alert.",
};

/// TLS failed for another reason; the log says which.
pub const TLS_OTHER: Refusal = Refusal {
    name: "tls_other",
    meaning: "TLS failed for another reason; the log says which.",
};

/// Every one of them, in the order of the table.
pub static ALL: &[&Refusal] = &[
    &WRONG_DESTINATION,
    &LOOP,
    &WRONG_SERVER_NAME,
    &NOT_A_GATEWAY,
    &DETECT_TIMEOUT,
    &NO_CLIENT_IDENTITY,
    &NO_PREFACE,
    &TOO_LONG,
    &NOT_PROTOBUF,
    &BAD_PORT,
    &DISCOVERY,
    &FORBIDDEN,
    &NO_BACKEND,
    &NO_ENDPOINTS,
    &CONNECT_REFUSED,
    &CONNECT_UNREACHABLE,
    &CONNECT_IO,
    &NO_TRANSPORT_ALPN,
    &BAD_GATEWAY_AUTHORITY,
    &TLS_CLOSED,
    &TLS_IO,
    &TLS_GARBAGE,
    &TLS_TOO_LARGE,
    &TLS_INCOMPATIBLE,
    &TLS_ALPN,
    &TLS_NO_CERTIFICATE,
    &TLS_EXPIRED,
    &TLS_NOT_YET_VALID,
    &TLS_WRONG_IDENTITY,
    &TLS_UNKNOWN_ISSUER,
    &TLS_BAD_SIGNATURE,
    &TLS_BAD_ENCODING,
    &TLS_WRONG_PURPOSE,
    &TLS_CA_AS_LEAF,
    &TLS_CHAIN_TOO_LONG,
    &TLS_BAD_CERTIFICATE,
    &TLS_PEER_SAYS_EXPIRED,
    &TLS_PEER_SAYS_UNKNOWN_ISSUER,
    &TLS_PEER_SAYS_UNKNOWN_NAME,
    &TLS_PEER_WANTS_CERTIFICATE,
    &TLS_PEER_ALERT,
    &TLS_OTHER,
];
