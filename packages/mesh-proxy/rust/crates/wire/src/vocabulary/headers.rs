// @generated from vocabulary/headers.toml by tools/generate.py; do not edit.
//! The header fields with which proxies talk to each other and to applications.

/// Who sets or removes a header field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Party {
    /// The program in the pod.
    Application,
    /// The proxy beside the client.
    Outbound,
    /// The proxy beside the server.
    Inbound,
    /// A proxy that forwards for another cluster.
    Gateway,
}

/// One header field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The name in lower case.
    pub name: &'static str,
    /// Whether it stands in requests.
    pub request: bool,
    /// Whether it stands in responses.
    pub response: bool,
    /// Who sets it.
    pub set_by: &'static [Party],
    /// Who deletes every copy that arrives.
    pub removed_by: &'static [Party],
    /// What it says.
    pub meaning: &'static str,
}

/// The verified mesh identity of the caller, for the application; absent when there is none.
pub const CLIENT_ID: Header = Header {
    name: "l5d-client-id",
    request: true,
    response: false,
    set_by: &[Party::Inbound],
    removed_by: &[Party::Inbound],
    meaning: "The verified mesh identity of the caller, for the application; absent when there is none.",
};

/// The logical name of the destination whose profile routed the request; read by the inbound proxy.
pub const DST_CANONICAL: Header = Header {
    name: "l5d-dst-canonical",
    request: true,
    response: false,
    set_by: &[Party::Outbound],
    removed_by: &[Party::Outbound],
    meaning: "The logical name of the destination whose profile routed the request; read by the inbound proxy.",
};

/// HTTP/1.1 or HTTP/1.0 where the message is carried over HTTP/2 between proxies, with '; absolute-form' when the request target was one.
pub const ORIG_PROTO: Header = Header {
    name: "l5d-orig-proto",
    request: true,
    response: true,
    set_by: &[Party::Outbound, Party::Inbound],
    removed_by: &[Party::Outbound, Party::Inbound],
    meaning: "HTTP/1.1 or HTTP/1.0 where the message is carried over HTTP/2 between proxies, with '; absolute-form' when the request target was one.",
};

/// The identity that the server must have; with any other the request fails.
pub const REQUIRE_ID: Header = Header {
    name: "l5d-require-id",
    request: true,
    response: false,
    set_by: &[Party::Application],
    removed_by: &[Party::Outbound],
    meaning: "The identity that the server must have; with any other the request fails.",
};

/// HOST:PORT of the target, chosen by an ingress; obeyed in ingress mode only.
pub const DST_OVERRIDE: Header = Header {
    name: "l5d-dst-override",
    request: true,
    response: false,
    set_by: &[Party::Application],
    removed_by: &[Party::Outbound],
    meaning: "HOST:PORT of the target, chosen by an ingress; obeyed in ingress mode only.",
};

/// Why the proxy answered in place of the application; sent to meshed peers and to the pod's own application only.
pub const PROXY_ERROR: Header = Header {
    name: "l5d-proxy-error",
    request: false,
    response: true,
    set_by: &[Party::Inbound, Party::Outbound],
    removed_by: &[],
    meaning: "Why the proxy answered in place of the application; sent to meshed peers and to the pod's own application only.",
};

/// 'close' asks the outbound proxy to close its client's connection.
pub const PROXY_CONNECTION: Header = Header {
    name: "l5d-proxy-connection",
    request: false,
    response: true,
    set_by: &[Party::Inbound],
    removed_by: &[Party::Outbound],
    meaning: "'close' asks the outbound proxy to close its client's connection.",
};

/// HTTP statuses to retry: numbers, ranges, 5xx, gateway-error; where the route allows it.
pub const RETRY_HTTP: Header = Header {
    name: "l5d-retry-http",
    request: true,
    response: false,
    set_by: &[Party::Application],
    removed_by: &[Party::Outbound],
    meaning: "HTTP statuses to retry: numbers, ranges, 5xx, gateway-error; where the route allows it.",
};

/// gRPC statuses to retry; where the route allows it.
pub const RETRY_GRPC: Header = Header {
    name: "l5d-retry-grpc",
    request: true,
    response: false,
    set_by: &[Party::Application],
    removed_by: &[Party::Outbound],
    meaning: "gRPC statuses to retry; where the route allows it.",
};

/// Most retries of this request; where the route allows it.
pub const RETRY_LIMIT: Header = Header {
    name: "l5d-retry-limit",
    request: true,
    response: false,
    set_by: &[Party::Application],
    removed_by: &[Party::Outbound],
    meaning: "Most retries of this request; where the route allows it.",
};

/// How long one attempt may take before it is retried; where the route allows it.
pub const RETRY_TIMEOUT: Header = Header {
    name: "l5d-retry-timeout",
    request: true,
    response: false,
    set_by: &[Party::Application],
    removed_by: &[Party::Outbound],
    meaning: "How long one attempt may take before it is retried; where the route allows it.",
};

/// How long request and response may take in all; where the route allows it.
pub const TIMEOUT: Header = Header {
    name: "l5d-timeout",
    request: true,
    response: false,
    set_by: &[Party::Application],
    removed_by: &[Party::Outbound],
    meaning: "How long request and response may take in all; where the route allows it.",
};

/// Another name of l5d-timeout.
pub const REQUEST_TIMEOUT: Header = Header {
    name: "l5d-request-timeout",
    request: true,
    response: false,
    set_by: &[Party::Application],
    removed_by: &[Party::Outbound],
    meaning: "Another name of l5d-timeout.",
};

/// How long the server may take to respond; where the route allows it.
pub const RESPONSE_TIMEOUT: Header = Header {
    name: "l5d-response-timeout",
    request: true,
    response: false,
    set_by: &[Party::Application],
    removed_by: &[Party::Outbound],
    meaning: "How long the server may take to respond; where the route allows it.",
};

/// The gateways that a request has passed (RFC 7239); each refuses one that already names it.
pub const FORWARDED: Header = Header {
    name: "forwarded",
    request: true,
    response: false,
    set_by: &[Party::Gateway],
    removed_by: &[],
    meaning: "The gateways that a request has passed (RFC 7239); each refuses one that already names it.",
};

/// Every one of them, in the order of the table.
pub static ALL: &[&Header] = &[
    &CLIENT_ID,
    &DST_CANONICAL,
    &ORIG_PROTO,
    &REQUIRE_ID,
    &DST_OVERRIDE,
    &PROXY_ERROR,
    &PROXY_CONNECTION,
    &RETRY_HTTP,
    &RETRY_GRPC,
    &RETRY_LIMIT,
    &RETRY_TIMEOUT,
    &TIMEOUT,
    &REQUEST_TIMEOUT,
    &RESPONSE_TIMEOUT,
    &FORWARDED,
];
