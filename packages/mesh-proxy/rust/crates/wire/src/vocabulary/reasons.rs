// @generated from vocabulary/reasons.toml by tools/generate.py; do not edit.
//! Why the proxy answers a request itself, and what it answers.

/// One reason for which the proxy answers in place of the application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reason {
    /// The word in logs, metric labels and headers.
    pub name: &'static str,
    /// The status of the HTTP response.
    pub http: u16,
    /// The number of the gRPC status, which goes with HTTP 200.
    pub grpc: u8,
    /// Whether the client's HTTP/1 connection is closed afterwards.
    pub closes: bool,
    /// What happened.
    pub meaning: &'static str,
}

/// No connection to the endpoint could be made.
pub const CONNECT_FAILED: Reason = Reason {
    name: "connect_failed",
    http: 502,
    grpc: 14,
    closes: true,
    meaning: "No connection to the endpoint could be made.",
};

/// Connecting to the endpoint took longer than the connect timeout.
pub const CONNECT_TIMEOUT: Reason = Reason {
    name: "connect_timeout",
    http: 504,
    grpc: 4,
    closes: false,
    meaning: "Connecting to the endpoint took longer than the connect timeout.",
};

/// The endpoint closed or reset the connection before its response was complete.
pub const PEER_CLOSED: Reason = Reason {
    name: "peer_closed",
    http: 502,
    grpc: 14,
    closes: true,
    meaning: "The endpoint closed or reset the connection before its response was complete.",
};

/// The endpoint's response breaks its protocol or a limit.
pub const BAD_RESPONSE: Reason = Reason {
    name: "bad_response",
    http: 502,
    grpc: 14,
    closes: true,
    meaning: "The endpoint's response breaks its protocol or a limit.",
};

/// The endpoint has no mesh identity, or not the one that l5d-require-id asks for.
pub const IDENTITY_REQUIRED: Reason = Reason {
    name: "identity_required",
    http: 502,
    grpc: 14,
    closes: true,
    meaning: "The endpoint has no mesh identity, or not the one that l5d-require-id asks for.",
};

/// The request's destination is the proxy's own port; forwarding it would loop.
pub const SELF_CONNECTION: Reason = Reason {
    name: "self_connection",
    http: 508,
    grpc: 10,
    closes: true,
    meaning: "The request's destination is the proxy's own port; forwarding it would loop.",
};

/// The destination has had no ready endpoint for the failfast timeout.
pub const FAILFAST: Reason = Reason {
    name: "failfast",
    http: 504,
    grpc: 4,
    closes: false,
    meaning: "The destination has had no ready endpoint for the failfast timeout.",
};

/// The control plane has not answered about this destination within the failfast timeout.
pub const DISCOVERY_TIMEOUT: Reason = Reason {
    name: "discovery_timeout",
    http: 504,
    grpc: 4,
    closes: false,
    meaning: "The control plane has not answered about this destination within the failfast timeout.",
};

/// The request and its response took longer than the route allows.
pub const REQUEST_TIMEOUT: Reason = Reason {
    name: "request_timeout",
    http: 504,
    grpc: 4,
    closes: false,
    meaning: "The request and its response took longer than the route allows.",
};

/// The response did not begin, or not end, within the time that the route allows.
pub const RESPONSE_TIMEOUT: Reason = Reason {
    name: "response_timeout",
    http: 504,
    grpc: 4,
    closes: false,
    meaning: "The response did not begin, or not end, within the time that the route allows.",
};

/// The stream was idle for longer than the route allows.
pub const IDLE_TIMEOUT: Reason = Reason {
    name: "idle_timeout",
    http: 504,
    grpc: 4,
    closes: false,
    meaning: "The stream was idle for longer than the route allows.",
};

/// Too many requests are in flight or waiting.
pub const LOAD_SHED: Reason = Reason {
    name: "load_shed",
    http: 503,
    grpc: 14,
    closes: false,
    meaning: "Too many requests are in flight or waiting.",
};

/// The proxy has no certificate yet.
pub const NOT_CERTIFIED: Reason = Reason {
    name: "not_certified",
    http: 503,
    grpc: 14,
    closes: false,
    meaning: "The proxy has no certificate yet.",
};

/// No authorization of the server or route admits this client.
pub const UNAUTHORIZED: Reason = Reason {
    name: "unauthorized",
    http: 403,
    grpc: 7,
    closes: false,
    meaning: "No authorization of the server or route admits this client.",
};

/// The traffic policy for this destination outside the cluster denies it.
pub const EGRESS_DENIED: Reason = Reason {
    name: "egress_denied",
    http: 403,
    grpc: 7,
    closes: false,
    meaning: "The traffic policy for this destination outside the cluster denies it.",
};

/// The client, or all clients together, exceeded the server's rate limit.
pub const RATE_LIMITED: Reason = Reason {
    name: "rate_limited",
    http: 429,
    grpc: 8,
    closes: false,
    meaning: "The client, or all clients together, exceeded the server's rate limit.",
};

/// The server or service has routes, and none matches the request.
pub const ROUTE_NOT_FOUND: Reason = Reason {
    name: "route_not_found",
    http: 404,
    grpc: 5,
    closes: false,
    meaning: "The server or service has routes, and none matches the request.",
};

/// The route's backend does not exist or cannot be used.
pub const INVALID_BACKEND: Reason = Reason {
    name: "invalid_backend",
    http: 500,
    grpc: 13,
    closes: false,
    meaning: "The route's backend does not exist or cannot be used.",
};

/// The control plane's answer about this destination cannot be used.
pub const INVALID_POLICY: Reason = Reason {
    name: "invalid_policy",
    http: 500,
    grpc: 13,
    closes: false,
    meaning: "The control plane's answer about this destination cannot be used.",
};

/// The request breaks HTTP's grammar.
pub const MALFORMED_REQUEST: Reason = Reason {
    name: "malformed_request",
    http: 400,
    grpc: 13,
    closes: true,
    meaning: "The request breaks HTTP's grammar.",
};

/// Two readers could disagree where the request's body ends (RFC 9112 section 6.3).
pub const AMBIGUOUS_FRAMING: Reason = Reason {
    name: "ambiguous_framing",
    http: 400,
    grpc: 13,
    closes: true,
    meaning: "Two readers could disagree where the request's body ends (RFC 9112 section 6.3).",
};

/// The request names its host twice or in a form that two readers could take differently.
pub const AMBIGUOUS_HOST: Reason = Reason {
    name: "ambiguous_host",
    http: 400,
    grpc: 13,
    closes: true,
    meaning: "The request names its host twice or in a form that two readers could take differently.",
};

/// A path rule applies, and it would judge the raw and the canonical path differently.
pub const AMBIGUOUS_PATH: Reason = Reason {
    name: "ambiguous_path",
    http: 400,
    grpc: 13,
    closes: false,
    meaning: "A path rule applies, and it would judge the raw and the canonical path differently.",
};

/// In ingress mode l5d-dst-override must be one HOST:PORT.
pub const INVALID_OVERRIDE: Reason = Reason {
    name: "invalid_override",
    http: 400,
    grpc: 13,
    closes: false,
    meaning: "In ingress mode l5d-dst-override must be one HOST:PORT.",
};

/// The request's header section exceeds the limit.
pub const HEADERS_TOO_LARGE: Reason = Reason {
    name: "headers_too_large",
    http: 431,
    grpc: 8,
    closes: true,
    meaning: "The request's header section exceeds the limit.",
};

/// The name or address that was asked for leads into the proxy's own pod or machine: loopback, link-local, or a port of the proxy.
pub const FORBIDDEN_DESTINATION: Reason = Reason {
    name: "forbidden_destination",
    http: 403,
    grpc: 7,
    closes: false,
    meaning: "The name or address that was asked for leads into the proxy's own pod or machine: loopback, link-local, or a port of the proxy.",
};

/// The request has passed this gateway before, or the connection too many of them.
pub const GATEWAY_LOOP: Reason = Reason {
    name: "gateway_loop",
    http: 508,
    grpc: 10,
    closes: false,
    meaning: "The request has passed this gateway before, or the connection too many of them.",
};

/// This gateway does not forward for the request's name.
pub const GATEWAY_DOMAIN_NOT_FOUND: Reason = Reason {
    name: "gateway_domain_not_found",
    http: 404,
    grpc: 5,
    closes: false,
    meaning: "This gateway does not forward for the request's name.",
};

/// A defect of the proxy; its log holds the details.
pub const UNEXPECTED: Reason = Reason {
    name: "unexpected",
    http: 500,
    grpc: 13,
    closes: true,
    meaning: "A defect of the proxy; its log holds the details.",
};

/// Every one of them, in the order of the table.
pub static ALL: &[&Reason] = &[
    &CONNECT_FAILED,
    &CONNECT_TIMEOUT,
    &PEER_CLOSED,
    &BAD_RESPONSE,
    &IDENTITY_REQUIRED,
    &SELF_CONNECTION,
    &FAILFAST,
    &DISCOVERY_TIMEOUT,
    &REQUEST_TIMEOUT,
    &RESPONSE_TIMEOUT,
    &IDLE_TIMEOUT,
    &LOAD_SHED,
    &NOT_CERTIFIED,
    &UNAUTHORIZED,
    &EGRESS_DENIED,
    &RATE_LIMITED,
    &ROUTE_NOT_FOUND,
    &INVALID_BACKEND,
    &INVALID_POLICY,
    &MALFORMED_REQUEST,
    &AMBIGUOUS_FRAMING,
    &AMBIGUOUS_HOST,
    &AMBIGUOUS_PATH,
    &INVALID_OVERRIDE,
    &HEADERS_TOO_LARGE,
    &FORBIDDEN_DESTINATION,
    &GATEWAY_LOOP,
    &GATEWAY_DOMAIN_NOT_FOUND,
    &UNEXPECTED,
];
