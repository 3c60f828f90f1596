// @generated from vocabulary/environment.toml by tools/generate.py; do not edit.
//! The environment variables that configure the proxy.

/// What most names begin with.
pub const PREFIX: &str = "LINKERD2_PROXY_";

/// What a value looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `IP:PORT`.
    Address,
    /// Comma-separated `IP:PORT`.
    Addresses,
    /// `HOST:PORT`; HOST is an address or a DNS name.
    Authority,
    /// `true` or `false`.
    Bool,
    /// One of the listed words.
    Choice(&'static [&'static str]),
    /// An integer with `ms`, `s`, `m`, `h` or `d`; a bare `0` is allowed.
    Duration,
    /// Comma-separated `LEVEL` or `TARGET=LEVEL`.
    Filter,
    /// A decimal number, not negative.
    Integer,
    /// Comma-separated IP addresses.
    Ips,
    /// Comma-separated `ADDRESS/LENGTH`.
    Networks,
    /// A path of a file or directory.
    Path,
    /// One or more PEM blocks.
    Pem,
    /// Comma-separated ports and `FIRST-LAST` ranges.
    Ports,
    /// A decimal number from 0 to 1.
    Ratio,
    /// Setting it at all is an error.
    Rejected,
    /// Any text.
    String,
    /// Comma-separated DNS suffixes; `.` matches every name.
    Suffixes,
}

/// One environment variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Variable {
    /// The full name.
    pub name: &'static str,
    /// The form of the value.
    pub kind: Kind,
    /// What unset stands for; without it see the meaning.
    pub default: Option<&'static str>,
    /// Whether the proxy refuses to start without it.
    pub required: bool,
    /// What it does, and what unset means when there is no default.
    pub meaning: &'static str,
}

/// Where redirected connections from the pod's own application arrive.
pub const OUTBOUND_LISTEN_ADDR: Variable = Variable {
    name: "LINKERD2_PROXY_OUTBOUND_LISTEN_ADDR",
    kind: Kind::Address,
    default: Some("127.0.0.1:4140"),
    required: false,
    meaning: "Where redirected connections from the pod's own application arrive.",
};

/// At most two outbound listeners, one per address family; replaces OUTBOUND_LISTEN_ADDR.
pub const OUTBOUND_LISTEN_ADDRS: Variable = Variable {
    name: "LINKERD2_PROXY_OUTBOUND_LISTEN_ADDRS",
    kind: Kind::Addresses,
    default: None,
    required: false,
    meaning: "At most two outbound listeners, one per address family; replaces OUTBOUND_LISTEN_ADDR.",
};

/// Where redirected connections to the pod arrive, and where meshed peers connect with a transport header.
pub const INBOUND_LISTEN_ADDR: Variable = Variable {
    name: "LINKERD2_PROXY_INBOUND_LISTEN_ADDR",
    kind: Kind::Address,
    default: Some("0.0.0.0:4143"),
    required: false,
    meaning: "Where redirected connections to the pod arrive, and where meshed peers connect with a transport header.",
};

/// Where the tap service listens, when TAP_SVC_NAME is set.
pub const CONTROL_LISTEN_ADDR: Variable = Variable {
    name: "LINKERD2_PROXY_CONTROL_LISTEN_ADDR",
    kind: Kind::Address,
    default: Some("0.0.0.0:4190"),
    required: false,
    meaning: "Where the tap service listens, when TAP_SVC_NAME is set.",
};

/// Where the admin server listens: /live, /ready, /metrics.
pub const ADMIN_LISTEN_ADDR: Variable = Variable {
    name: "LINKERD2_PROXY_ADMIN_LISTEN_ADDR",
    kind: Kind::Address,
    default: Some("127.0.0.1:4191"),
    required: false,
    meaning: "Where the admin server listens: /live, /ready, /metrics.",
};

/// Pending connections that the kernel queues for the inbound listener; unset: the system's default.
pub const INBOUND_TCP_LISTEN_BACKLOG: Variable = Variable {
    name: "LINKERD2_PROXY_INBOUND_TCP_LISTEN_BACKLOG",
    kind: Kind::Integer,
    default: None,
    required: false,
    meaning: "Pending connections that the kernel queues for the inbound listener; unset: the system's default.",
};

/// Pending connections that the kernel queues for the outbound listener; unset: the system's default.
pub const OUTBOUND_TCP_LISTEN_BACKLOG: Variable = Variable {
    name: "LINKERD2_PROXY_OUTBOUND_TCP_LISTEN_BACKLOG",
    kind: Kind::Integer,
    default: None,
    required: false,
    meaning: "Pending connections that the kernel queues for the outbound listener; unset: the system's default.",
};

/// Addresses of the pod. When set, an inbound original destination must be one of them, and outbound connections to them stay local.
pub const INBOUND_IPS: Variable = Variable {
    name: "LINKERD2_PROXY_INBOUND_IPS",
    kind: Kind::Ips,
    default: None,
    required: false,
    meaning: "Addresses of the pod. When set, an inbound original destination must be one of them, and outbound connections to them stay local.",
};

/// Application ports whose policy is watched from the start; others are watched on first use.
pub const INBOUND_PORTS: Variable = Variable {
    name: "LINKERD2_PROXY_INBOUND_PORTS",
    kind: Kind::Ports,
    default: None,
    required: false,
    meaning: "Application ports whose policy is watched from the start; others are watched on first use.",
};

/// Worker threads, capped by the machine; wins over CORES_MAX_RATIO.
pub const CORES: Variable = Variable {
    name: "LINKERD2_PROXY_CORES",
    kind: Kind::Integer,
    default: None,
    required: false,
    meaning: "Worker threads, capped by the machine; wins over CORES_MAX_RATIO.",
};

/// Fewest worker threads.
pub const CORES_MIN: Variable = Variable {
    name: "LINKERD2_PROXY_CORES_MIN",
    kind: Kind::Integer,
    default: Some("1"),
    required: false,
    meaning: "Fewest worker threads.",
};

/// Most worker threads; unset: the number of cores.
pub const CORES_MAX: Variable = Variable {
    name: "LINKERD2_PROXY_CORES_MAX",
    kind: Kind::Integer,
    default: None,
    required: false,
    meaning: "Most worker threads; unset: the number of cores.",
};

/// Worker threads as a share of the machine's cores, above 0 and at most 1.
pub const CORES_MAX_RATIO: Variable = Variable {
    name: "LINKERD2_PROXY_CORES_MAX_RATIO",
    kind: Kind::Ratio,
    default: None,
    required: false,
    meaning: "Worker threads as a share of the machine's cores, above 0 and at most 1.",
};

/// What is logged: comma-separated level or target=level directives.
pub const LOG: Variable = Variable {
    name: "LINKERD2_PROXY_LOG",
    kind: Kind::Filter,
    default: Some("warn,linkerd=info,hickory=error"),
    required: false,
    meaning: "What is logged: comma-separated level or target=level directives.",
};

/// Format of log lines, in any case.
pub const LOG_FORMAT: Variable = Variable {
    name: "LINKERD2_PROXY_LOG_FORMAT",
    kind: Kind::Choice(&["plain", "json"]),
    default: Some("plain"),
    required: false,
    meaning: "Format of log lines, in any case.",
};

/// Format of the inbound access log on standard error; unset: none.
pub const ACCESS_LOG: Variable = Variable {
    name: "LINKERD2_PROXY_ACCESS_LOG",
    kind: Kind::Choice(&["apache", "json"]),
    default: None,
    required: false,
    meaning: "Format of the inbound access log on standard error; unset: none.",
};

/// Name of the pod, as the kubelet sets it; an attribute of exported spans.
pub const HOSTNAME: Variable = Variable {
    name: "HOSTNAME",
    kind: Kind::String,
    default: None,
    required: false,
    meaning: "Name of the pod, as the kubelet sets it; an attribute of exported spans.",
};

/// How long a metric series is kept after its last change.
pub const METRICS_RETAIN_IDLE: Variable = Variable {
    name: "LINKERD2_PROXY_METRICS_RETAIN_IDLE",
    kind: Kind::Duration,
    default: Some("10m"),
    required: false,
    meaning: "How long a metric series is kept after its last change.",
};

/// Whether outbound route metrics carry the request's host name.
pub const OUTBOUND_METRICS_HOSTNAME_LABELS: Variable = Variable {
    name: "LINKERD2_PROXY_OUTBOUND_METRICS_HOSTNAME_LABELS",
    kind: Kind::Bool,
    default: Some("false"),
    required: false,
    meaning: "Whether outbound route metrics carry the request's host name.",
};

/// Set to 'unsafe' to label inbound metrics with the request's authority, which clients can make grow without limit.
pub const INBOUND_METRICS_AUTHORITY_LABELS: Variable = Variable {
    name: "LINKERD2_PROXY_INBOUND_METRICS_AUTHORITY_LABELS",
    kind: Kind::Choice(&["unsafe"]),
    default: None,
    required: false,
    meaning: "Set to 'unsafe' to label inbound metrics with the request's authority, which clients can make grow without limit.",
};

/// Whether POST /shutdown on the admin server, from localhost, ends the proxy.
pub const SHUTDOWN_ENDPOINT_ENABLED: Variable = Variable {
    name: "LINKERD2_PROXY_SHUTDOWN_ENDPOINT_ENABLED",
    kind: Kind::Bool,
    default: Some("false"),
    required: false,
    meaning: "Whether POST /shutdown on the admin server, from localhost, ends the proxy.",
};

/// How long open connections may go on after SIGTERM.
pub const SHUTDOWN_GRACE_PERIOD: Variable = Variable {
    name: "LINKERD2_PROXY_SHUTDOWN_GRACE_PERIOD",
    kind: Kind::Duration,
    default: Some("2m"),
    required: false,
    meaning: "How long open connections may go on after SIGTERM.",
};

/// Most inbound requests at once; more are answered 503.
pub const INBOUND_MAX_IN_FLIGHT: Variable = Variable {
    name: "LINKERD2_PROXY_INBOUND_MAX_IN_FLIGHT",
    kind: Kind::Integer,
    default: Some("100000"),
    required: false,
    meaning: "Most inbound requests at once; more are answered 503.",
};

/// Most outbound requests at once; more are answered 503.
pub const OUTBOUND_MAX_IN_FLIGHT: Variable = Variable {
    name: "LINKERD2_PROXY_OUTBOUND_MAX_IN_FLIGHT",
    kind: Kind::Integer,
    default: Some("100000"),
    required: false,
    meaning: "Most outbound requests at once; more are answered 503.",
};

/// Who speaks HTTP/2 between proxies: the engine's own implementation, or the h2 crate, which speaks it with applications in any case.
pub const MESH_HTTP2: Variable = Variable {
    name: "LINKERD2_PROXY_MESH_HTTP2",
    kind: Kind::Choice(&["own", "crate"]),
    default: Some("own"),
    required: false,
    meaning: "Who speaks HTTP/2 between proxies: the engine's own implementation, or the h2 crate, which speaks it with applications in any case.",
};

/// Whether a request is sent once more, on a new connection, where that is safe: it was not taken up, or is idempotent without content and its kept connection ended before any byte of the response.
pub const HTTP_RESENDS: Variable = Variable {
    name: "LINKERD2_PROXY_HTTP_RESENDS",
    kind: Kind::Bool,
    default: Some("true"),
    required: false,
    meaning: "Whether a request is sent once more, on a new connection, where that is safe: it was not taken up, or is idempotent without content and its kept connection ended before any byte of the response.",
};

/// Inbound requests that may wait for an HTTP/2 stream to the application; more are answered 503.
pub const INBOUND_HTTP_QUEUE_CAPACITY: Variable = Variable {
    name: "LINKERD2_PROXY_INBOUND_HTTP_QUEUE_CAPACITY",
    kind: Kind::Integer,
    default: Some("10000"),
    required: false,
    meaning: "Inbound requests that may wait for an HTTP/2 stream to the application; more are answered 503.",
};

/// How long an inbound request waits for an HTTP/2 stream to the application; then it is answered 504.
pub const INBOUND_HTTP_FAILFAST_TIMEOUT: Variable = Variable {
    name: "LINKERD2_PROXY_INBOUND_HTTP_FAILFAST_TIMEOUT",
    kind: Kind::Duration,
    default: Some("1s"),
    required: false,
    meaning: "How long an inbound request waits for an HTTP/2 stream to the application; then it is answered 504.",
};

/// Outbound requests that may wait for an endpoint or a stream to it, per destination; more are answered 503. A backend may say otherwise.
pub const OUTBOUND_HTTP_QUEUE_CAPACITY: Variable = Variable {
    name: "LINKERD2_PROXY_OUTBOUND_HTTP_QUEUE_CAPACITY",
    kind: Kind::Integer,
    default: Some("10000"),
    required: false,
    meaning: "Outbound requests that may wait for an endpoint or a stream to it, per destination; more are answered 503. A backend may say otherwise.",
};

/// How long a request waits for a ready endpoint and a stream to it; a destination that has had no ready endpoint for so long fails requests at once. A backend may say otherwise.
pub const OUTBOUND_HTTP_FAILFAST_TIMEOUT: Variable = Variable {
    name: "LINKERD2_PROXY_OUTBOUND_HTTP_FAILFAST_TIMEOUT",
    kind: Kind::Duration,
    default: Some("3s"),
    required: false,
    meaning: "How long a request waits for a ready endpoint and a stream to it; a destination that has had no ready endpoint for so long fails requests at once. A backend may say otherwise.",
};

/// Outbound opaque connections that may wait for an endpoint, per destination; more are reset. A backend may say otherwise.
pub const OUTBOUND_TCP_QUEUE_CAPACITY: Variable = Variable {
    name: "LINKERD2_PROXY_OUTBOUND_TCP_QUEUE_CAPACITY",
    kind: Kind::Integer,
    default: Some("10000"),
    required: false,
    meaning: "Outbound opaque connections that may wait for an endpoint, per destination; more are reset. A backend may say otherwise.",
};

/// How long an opaque connection waits for a ready endpoint; a destination that has had none for so long fails connections at once. A backend may say otherwise.
pub const OUTBOUND_TCP_FAILFAST_TIMEOUT: Variable = Variable {
    name: "LINKERD2_PROXY_OUTBOUND_TCP_FAILFAST_TIMEOUT",
    kind: Kind::Duration,
    default: Some("3s"),
    required: false,
    meaning: "How long an opaque connection waits for a ready endpoint; a destination that has had none for so long fails connections at once. A backend may say otherwise.",
};

/// How long an inbound client may stay silent before its connection counts as opaque.
pub const INBOUND_DETECT_TIMEOUT: Variable = Variable {
    name: "LINKERD2_PROXY_INBOUND_DETECT_TIMEOUT",
    kind: Kind::Duration,
    default: Some("10s"),
    required: false,
    meaning: "How long an inbound client may stay silent before its connection counts as opaque.",
};

/// How long the application may stay silent before its connection counts as opaque.
pub const OUTBOUND_DETECT_TIMEOUT: Variable = Variable {
    name: "LINKERD2_PROXY_OUTBOUND_DETECT_TIMEOUT",
    kind: Kind::Duration,
    default: Some("10s"),
    required: false,
    meaning: "How long the application may stay silent before its connection counts as opaque.",
};

/// How long a connection to the application may take.
pub const INBOUND_CONNECT_TIMEOUT: Variable = Variable {
    name: "LINKERD2_PROXY_INBOUND_CONNECT_TIMEOUT",
    kind: Kind::Duration,
    default: Some("300ms"),
    required: false,
    meaning: "How long a connection to the application may take.",
};

/// How long a connection to an endpoint may take, TLS included.
pub const OUTBOUND_CONNECT_TIMEOUT: Variable = Variable {
    name: "LINKERD2_PROXY_OUTBOUND_CONNECT_TIMEOUT",
    kind: Kind::Duration,
    default: Some("1s"),
    required: false,
    meaning: "How long a connection to an endpoint may take, TLS included.",
};

/// First pause after a failed connection to the application.
pub const INBOUND_CONNECT_EXP_BACKOFF_MIN: Variable = Variable {
    name: "LINKERD2_PROXY_INBOUND_CONNECT_EXP_BACKOFF_MIN",
    kind: Kind::Duration,
    default: Some("100ms"),
    required: false,
    meaning: "First pause after a failed connection to the application.",
};

/// Longest pause between connection attempts to the application.
pub const INBOUND_CONNECT_EXP_BACKOFF_MAX: Variable = Variable {
    name: "LINKERD2_PROXY_INBOUND_CONNECT_EXP_BACKOFF_MAX",
    kind: Kind::Duration,
    default: Some("10s"),
    required: false,
    meaning: "Longest pause between connection attempts to the application.",
};

/// Random share added to each inbound pause.
pub const INBOUND_CONNECT_EXP_BACKOFF_JITTER: Variable = Variable {
    name: "LINKERD2_PROXY_INBOUND_CONNECT_EXP_BACKOFF_JITTER",
    kind: Kind::Ratio,
    default: Some("0.1"),
    required: false,
    meaning: "Random share added to each inbound pause.",
};

/// First pause after a failed connection to an endpoint.
pub const OUTBOUND_CONNECT_EXP_BACKOFF_MIN: Variable = Variable {
    name: "LINKERD2_PROXY_OUTBOUND_CONNECT_EXP_BACKOFF_MIN",
    kind: Kind::Duration,
    default: Some("100ms"),
    required: false,
    meaning: "First pause after a failed connection to an endpoint.",
};

/// Longest pause between connection attempts to an endpoint.
pub const OUTBOUND_CONNECT_EXP_BACKOFF_MAX: Variable = Variable {
    name: "LINKERD2_PROXY_OUTBOUND_CONNECT_EXP_BACKOFF_MAX",
    kind: Kind::Duration,
    default: Some("60s"),
    required: false,
    meaning: "Longest pause between connection attempts to an endpoint.",
};

/// Random share added to each outbound pause.
pub const OUTBOUND_CONNECT_EXP_BACKOFF_JITTER: Variable = Variable {
    name: "LINKERD2_PROXY_OUTBOUND_CONNECT_EXP_BACKOFF_JITTER",
    kind: Kind::Ratio,
    default: Some("0.1"),
    required: false,
    meaning: "Random share added to each outbound pause.",
};

/// TCP keep-alive interval of accepted inbound connections; unset: off.
pub const INBOUND_ACCEPT_KEEPALIVE: Variable = Variable {
    name: "LINKERD2_PROXY_INBOUND_ACCEPT_KEEPALIVE",
    kind: Kind::Duration,
    default: None,
    required: false,
    meaning: "TCP keep-alive interval of accepted inbound connections; unset: off.",
};

/// TCP_USER_TIMEOUT of accepted inbound connections: how long sent data may stay unacknowledged; unset: off.
pub const INBOUND_ACCEPT_USER_TIMEOUT: Variable = Variable {
    name: "LINKERD2_PROXY_INBOUND_ACCEPT_USER_TIMEOUT",
    kind: Kind::Duration,
    default: None,
    required: false,
    meaning: "TCP_USER_TIMEOUT of accepted inbound connections: how long sent data may stay unacknowledged; unset: off.",
};

/// TCP keep-alive interval of inbound connections to the application; unset: off.
pub const INBOUND_CONNECT_KEEPALIVE: Variable = Variable {
    name: "LINKERD2_PROXY_INBOUND_CONNECT_KEEPALIVE",
    kind: Kind::Duration,
    default: None,
    required: false,
    meaning: "TCP keep-alive interval of inbound connections to the application; unset: off.",
};

/// TCP_USER_TIMEOUT of inbound connections to the application: how long sent data may stay unacknowledged; unset: off.
pub const INBOUND_CONNECT_USER_TIMEOUT: Variable = Variable {
    name: "LINKERD2_PROXY_INBOUND_CONNECT_USER_TIMEOUT",
    kind: Kind::Duration,
    default: None,
    required: false,
    meaning: "TCP_USER_TIMEOUT of inbound connections to the application: how long sent data may stay unacknowledged; unset: off.",
};

/// TCP keep-alive interval of accepted outbound connections; unset: off.
pub const OUTBOUND_ACCEPT_KEEPALIVE: Variable = Variable {
    name: "LINKERD2_PROXY_OUTBOUND_ACCEPT_KEEPALIVE",
    kind: Kind::Duration,
    default: None,
    required: false,
    meaning: "TCP keep-alive interval of accepted outbound connections; unset: off.",
};

/// TCP_USER_TIMEOUT of accepted outbound connections: how long sent data may stay unacknowledged; unset: off.
pub const OUTBOUND_ACCEPT_USER_TIMEOUT: Variable = Variable {
    name: "LINKERD2_PROXY_OUTBOUND_ACCEPT_USER_TIMEOUT",
    kind: Kind::Duration,
    default: None,
    required: false,
    meaning: "TCP_USER_TIMEOUT of accepted outbound connections: how long sent data may stay unacknowledged; unset: off.",
};

/// TCP keep-alive interval of outbound connections to endpoints; unset: off.
pub const OUTBOUND_CONNECT_KEEPALIVE: Variable = Variable {
    name: "LINKERD2_PROXY_OUTBOUND_CONNECT_KEEPALIVE",
    kind: Kind::Duration,
    default: None,
    required: false,
    meaning: "TCP keep-alive interval of outbound connections to endpoints; unset: off.",
};

/// TCP_USER_TIMEOUT of outbound connections to endpoints: how long sent data may stay unacknowledged; unset: off.
pub const OUTBOUND_CONNECT_USER_TIMEOUT: Variable = Variable {
    name: "LINKERD2_PROXY_OUTBOUND_CONNECT_USER_TIMEOUT",
    kind: Kind::Duration,
    default: None,
    required: false,
    meaning: "TCP_USER_TIMEOUT of outbound connections to endpoints: how long sent data may stay unacknowledged; unset: off.",
};

/// Idle HTTP/1 connections kept to the application. The name lacks INBOUND on the wire.
pub const MAX_IDLE_CONNS_PER_ENDPOINT: Variable = Variable {
    name: "LINKERD2_PROXY_MAX_IDLE_CONNS_PER_ENDPOINT",
    kind: Kind::Integer,
    default: Some("10000"),
    required: false,
    meaning: "Idle HTTP/1 connections kept to the application. The name lacks INBOUND on the wire.",
};

/// Idle HTTP/1 connections kept to one endpoint.
pub const OUTBOUND_MAX_IDLE_CONNS_PER_ENDPOINT: Variable = Variable {
    name: "LINKERD2_PROXY_OUTBOUND_MAX_IDLE_CONNS_PER_ENDPOINT",
    kind: Kind::Integer,
    default: Some("10000"),
    required: false,
    meaning: "Idle HTTP/1 connections kept to one endpoint.",
};

/// After which HTTP connections are replaced, up to a tenth earlier so that not all are at once: clients of HTTP/2 are sent a GOAWAY, connections to endpoints carry no new requests; what is in progress is finished. Unset: never.
pub const HTTP_CONNECTION_MAX_AGE: Variable = Variable {
    name: "LINKERD2_PROXY_HTTP_CONNECTION_MAX_AGE",
    kind: Kind::Duration,
    default: None,
    required: false,
    meaning: "After which HTTP connections are replaced, up to a tenth earlier so that not all are at once: clients of HTTP/2 are sent a GOAWAY, connections to endpoints carry no new requests; what is in progress is finished. Unset: never.",
};

/// How long an idle HTTP/1 connection to the application is kept.
pub const INBOUND_HTTP1_CONNECTION_POOL_IDLE_TIMEOUT: Variable = Variable {
    name: "LINKERD2_PROXY_INBOUND_HTTP1_CONNECTION_POOL_IDLE_TIMEOUT",
    kind: Kind::Duration,
    default: Some("3s"),
    required: false,
    meaning: "How long an idle HTTP/1 connection to the application is kept.",
};

/// How long an idle HTTP/1 connection to an endpoint is kept.
pub const OUTBOUND_HTTP1_CONNECTION_POOL_IDLE_TIMEOUT: Variable = Variable {
    name: "LINKERD2_PROXY_OUTBOUND_HTTP1_CONNECTION_POOL_IDLE_TIMEOUT",
    kind: Kind::Duration,
    default: Some("3s"),
    required: false,
    meaning: "How long an idle HTTP/1 connection to an endpoint is kept.",
};

/// How long an HTTP/2 connection to an endpoint or to the application may be without requests; then it ends, unless it is one of HTTP2_WARM_CONNECTIONS.
pub const HTTP2_CONNECTION_POOL_IDLE_TIMEOUT: Variable = Variable {
    name: "LINKERD2_PROXY_HTTP2_CONNECTION_POOL_IDLE_TIMEOUT",
    kind: Kind::Duration,
    default: Some("60s"),
    required: false,
    meaning: "How long an HTTP/2 connection to an endpoint or to the application may be without requests; then it ends, unless it is one of HTTP2_WARM_CONNECTIONS.",
};

/// HTTP/2 connections of each worker to each endpoint that stay open however long they are without requests; never for longer than the endpoint is known.
pub const HTTP2_WARM_CONNECTIONS: Variable = Variable {
    name: "LINKERD2_PROXY_HTTP2_WARM_CONNECTIONS",
    kind: Kind::Integer,
    default: Some("1"),
    required: false,
    meaning: "HTTP/2 connections of each worker to each endpoint that stay open however long they are without requests; never for longer than the endpoint is known.",
};

/// How long an unused inbound port's policy is watched.
pub const INBOUND_DISCOVERY_IDLE_TIMEOUT: Variable = Variable {
    name: "LINKERD2_PROXY_INBOUND_DISCOVERY_IDLE_TIMEOUT",
    kind: Kind::Duration,
    default: Some("90s"),
    required: false,
    meaning: "How long an unused inbound port's policy is watched.",
};

/// How long an unused destination is watched.
pub const OUTBOUND_DISCOVERY_IDLE_TIMEOUT: Variable = Variable {
    name: "LINKERD2_PROXY_OUTBOUND_DISCOVERY_IDLE_TIMEOUT",
    kind: Kind::Duration,
    default: Some("5s"),
    required: false,
    meaning: "How long an unused destination is watched.",
};

/// Initial flow-control window of one stream, in bytes, on client connections.
pub const HTTP2_INITIAL_STREAM_WINDOW_SIZE: Variable = Variable {
    name: "LINKERD2_PROXY_HTTP2_INITIAL_STREAM_WINDOW_SIZE",
    kind: Kind::Integer,
    default: Some("65535"),
    required: false,
    meaning: "Initial flow-control window of one stream, in bytes, on client connections.",
};

/// Initial flow-control window of one connection, in bytes, on client connections.
pub const HTTP2_INITIAL_CONNECTION_WINDOW_SIZE: Variable = Variable {
    name: "LINKERD2_PROXY_HTTP2_INITIAL_CONNECTION_WINDOW_SIZE",
    kind: Kind::Integer,
    default: Some("1048576"),
    required: false,
    meaning: "Initial flow-control window of one connection, in bytes, on client connections.",
};

/// Pause between PING frames to an inbound client; unset: none are sent.
pub const INBOUND_SERVER_HTTP2_KEEP_ALIVE_INTERVAL: Variable = Variable {
    name: "LINKERD2_PROXY_INBOUND_SERVER_HTTP2_KEEP_ALIVE_INTERVAL",
    kind: Kind::Duration,
    default: None,
    required: false,
    meaning: "Pause between PING frames to an inbound client; unset: none are sent.",
};

/// How long an inbound client may take to answer a PING before the connection is closed.
pub const INBOUND_SERVER_HTTP2_KEEP_ALIVE_TIMEOUT: Variable = Variable {
    name: "LINKERD2_PROXY_INBOUND_SERVER_HTTP2_KEEP_ALIVE_TIMEOUT",
    kind: Kind::Duration,
    default: None,
    required: false,
    meaning: "How long an inbound client may take to answer a PING before the connection is closed.",
};

/// Streams that an inbound client may have open at once on one connection; unset: the engine's own limit.
pub const INBOUND_SERVER_HTTP2_MAX_CONCURRENT_STREAMS: Variable = Variable {
    name: "LINKERD2_PROXY_INBOUND_SERVER_HTTP2_MAX_CONCURRENT_STREAMS",
    kind: Kind::Integer,
    default: None,
    required: false,
    meaning: "Streams that an inbound client may have open at once on one connection; unset: the engine's own limit.",
};

/// Largest frame accepted from an inbound client, in bytes; unset: 16384.
pub const INBOUND_SERVER_HTTP2_MAX_FRAME_SIZE: Variable = Variable {
    name: "LINKERD2_PROXY_INBOUND_SERVER_HTTP2_MAX_FRAME_SIZE",
    kind: Kind::Integer,
    default: None,
    required: false,
    meaning: "Largest frame accepted from an inbound client, in bytes; unset: 16384.",
};

/// Largest decoded header list accepted from an inbound client, in bytes; unset: the engine's own limit.
pub const INBOUND_SERVER_HTTP2_MAX_HEADER_LIST_SIZE: Variable = Variable {
    name: "LINKERD2_PROXY_INBOUND_SERVER_HTTP2_MAX_HEADER_LIST_SIZE",
    kind: Kind::Integer,
    default: None,
    required: false,
    meaning: "Largest decoded header list accepted from an inbound client, in bytes; unset: the engine's own limit.",
};

/// Streams that an inbound client may open and reset before they are read; more closes the connection.
pub const INBOUND_SERVER_HTTP2_MAX_PENDING_ACCEPT_RESET_STREAMS: Variable = Variable {
    name: "LINKERD2_PROXY_INBOUND_SERVER_HTTP2_MAX_PENDING_ACCEPT_RESET_STREAMS",
    kind: Kind::Integer,
    default: None,
    required: false,
    meaning: "Streams that an inbound client may open and reset before they are read; more closes the connection.",
};

/// Bytes buffered for one stream to an inbound client.
pub const INBOUND_SERVER_HTTP2_MAX_SEND_BUF_SIZE: Variable = Variable {
    name: "LINKERD2_PROXY_INBOUND_SERVER_HTTP2_MAX_SEND_BUF_SIZE",
    kind: Kind::Integer,
    default: None,
    required: false,
    meaning: "Bytes buffered for one stream to an inbound client.",
};

/// Whether windows towards an inbound client grow with the measured bandwidth.
pub const INBOUND_SERVER_HTTP2_ADAPTIVE_FLOW_CONTROL: Variable = Variable {
    name: "LINKERD2_PROXY_INBOUND_SERVER_HTTP2_ADAPTIVE_FLOW_CONTROL",
    kind: Kind::Bool,
    default: None,
    required: false,
    meaning: "Whether windows towards an inbound client grow with the measured bandwidth.",
};

/// Initial flow-control window of one stream from an inbound client, in bytes; unset: 65535.
pub const INBOUND_SERVER_HTTP2_INITIAL_STREAM_WINDOW_SIZE: Variable = Variable {
    name: "LINKERD2_PROXY_INBOUND_SERVER_HTTP2_INITIAL_STREAM_WINDOW_SIZE",
    kind: Kind::Integer,
    default: None,
    required: false,
    meaning: "Initial flow-control window of one stream from an inbound client, in bytes; unset: 65535.",
};

/// Initial flow-control window of one connection from an inbound client, in bytes; unset: 1048576.
pub const INBOUND_SERVER_HTTP2_INITIAL_CONNECTION_WINDOW_SIZE: Variable = Variable {
    name: "LINKERD2_PROXY_INBOUND_SERVER_HTTP2_INITIAL_CONNECTION_WINDOW_SIZE",
    kind: Kind::Integer,
    default: None,
    required: false,
    meaning: "Initial flow-control window of one connection from an inbound client, in bytes; unset: 1048576.",
};

/// Pause between PING frames to the application; unset: none are sent.
pub const OUTBOUND_SERVER_HTTP2_KEEP_ALIVE_INTERVAL: Variable = Variable {
    name: "LINKERD2_PROXY_OUTBOUND_SERVER_HTTP2_KEEP_ALIVE_INTERVAL",
    kind: Kind::Duration,
    default: None,
    required: false,
    meaning: "Pause between PING frames to the application; unset: none are sent.",
};

/// How long the application may take to answer a PING before the connection is closed.
pub const OUTBOUND_SERVER_HTTP2_KEEP_ALIVE_TIMEOUT: Variable = Variable {
    name: "LINKERD2_PROXY_OUTBOUND_SERVER_HTTP2_KEEP_ALIVE_TIMEOUT",
    kind: Kind::Duration,
    default: None,
    required: false,
    meaning: "How long the application may take to answer a PING before the connection is closed.",
};

/// Streams that the application may have open at once on one connection; unset: the engine's own limit.
pub const OUTBOUND_SERVER_HTTP2_MAX_CONCURRENT_STREAMS: Variable = Variable {
    name: "LINKERD2_PROXY_OUTBOUND_SERVER_HTTP2_MAX_CONCURRENT_STREAMS",
    kind: Kind::Integer,
    default: None,
    required: false,
    meaning: "Streams that the application may have open at once on one connection; unset: the engine's own limit.",
};

/// Largest frame accepted from the application, in bytes; unset: 16384.
pub const OUTBOUND_SERVER_HTTP2_MAX_FRAME_SIZE: Variable = Variable {
    name: "LINKERD2_PROXY_OUTBOUND_SERVER_HTTP2_MAX_FRAME_SIZE",
    kind: Kind::Integer,
    default: None,
    required: false,
    meaning: "Largest frame accepted from the application, in bytes; unset: 16384.",
};

/// Largest decoded header list accepted from the application, in bytes; unset: the engine's own limit.
pub const OUTBOUND_SERVER_HTTP2_MAX_HEADER_LIST_SIZE: Variable = Variable {
    name: "LINKERD2_PROXY_OUTBOUND_SERVER_HTTP2_MAX_HEADER_LIST_SIZE",
    kind: Kind::Integer,
    default: None,
    required: false,
    meaning: "Largest decoded header list accepted from the application, in bytes; unset: the engine's own limit.",
};

/// Streams that the application may open and reset before they are read; more closes the connection.
pub const OUTBOUND_SERVER_HTTP2_MAX_PENDING_ACCEPT_RESET_STREAMS: Variable = Variable {
    name: "LINKERD2_PROXY_OUTBOUND_SERVER_HTTP2_MAX_PENDING_ACCEPT_RESET_STREAMS",
    kind: Kind::Integer,
    default: None,
    required: false,
    meaning: "Streams that the application may open and reset before they are read; more closes the connection.",
};

/// Bytes buffered for one stream to the application.
pub const OUTBOUND_SERVER_HTTP2_MAX_SEND_BUF_SIZE: Variable = Variable {
    name: "LINKERD2_PROXY_OUTBOUND_SERVER_HTTP2_MAX_SEND_BUF_SIZE",
    kind: Kind::Integer,
    default: None,
    required: false,
    meaning: "Bytes buffered for one stream to the application.",
};

/// Whether windows towards the application grow with the measured bandwidth.
pub const OUTBOUND_SERVER_HTTP2_ADAPTIVE_FLOW_CONTROL: Variable = Variable {
    name: "LINKERD2_PROXY_OUTBOUND_SERVER_HTTP2_ADAPTIVE_FLOW_CONTROL",
    kind: Kind::Bool,
    default: None,
    required: false,
    meaning: "Whether windows towards the application grow with the measured bandwidth.",
};

/// Initial flow-control window of one stream from the application, in bytes; unset: 65535.
pub const OUTBOUND_SERVER_HTTP2_INITIAL_STREAM_WINDOW_SIZE: Variable = Variable {
    name: "LINKERD2_PROXY_OUTBOUND_SERVER_HTTP2_INITIAL_STREAM_WINDOW_SIZE",
    kind: Kind::Integer,
    default: None,
    required: false,
    meaning: "Initial flow-control window of one stream from the application, in bytes; unset: 65535.",
};

/// Initial flow-control window of one connection from the application, in bytes; unset: 1048576.
pub const OUTBOUND_SERVER_HTTP2_INITIAL_CONNECTION_WINDOW_SIZE: Variable = Variable {
    name: "LINKERD2_PROXY_OUTBOUND_SERVER_HTTP2_INITIAL_CONNECTION_WINDOW_SIZE",
    kind: Kind::Integer,
    default: None,
    required: false,
    meaning: "Initial flow-control window of one connection from the application, in bytes; unset: 1048576.",
};

/// Whether l5d-dst-override, rather than the original destination, selects the target.
pub const INGRESS_MODE: Variable = Variable {
    name: "LINKERD2_PROXY_INGRESS_MODE",
    kind: Kind::Bool,
    default: Some("false"),
    required: false,
    meaning: "Whether l5d-dst-override, rather than the original destination, selects the target.",
};

/// Whether the application is not told why the proxy failed a request (l5d-proxy-error); unset: as INGRESS_MODE.
pub const OUTBOUND_DISABLE_INFORMATIONAL_HEADERS: Variable = Variable {
    name: "LINKERD2_PROXY_OUTBOUND_DISABLE_INFORMATIONAL_HEADERS",
    kind: Kind::Bool,
    default: None,
    required: false,
    meaning: "Whether the application is not told why the proxy failed a request (l5d-proxy-error); unset: as INGRESS_MODE.",
};

/// Opaque ports: relayed as bytes, never sniffed.
pub const INBOUND_PORTS_DISABLE_PROTOCOL_DETECTION: Variable = Variable {
    name: "LINKERD2_PROXY_INBOUND_PORTS_DISABLE_PROTOCOL_DETECTION",
    kind: Kind::Ports,
    default: None,
    required: false,
    meaning: "Opaque ports: relayed as bytes, never sniffed.",
};

/// Ports whose clients must present a mesh identity.
pub const INBOUND_PORTS_REQUIRE_IDENTITY: Variable = Variable {
    name: "LINKERD2_PROXY_INBOUND_PORTS_REQUIRE_IDENTITY",
    kind: Kind::Ports,
    default: None,
    required: false,
    meaning: "Ports whose clients must present a mesh identity.",
};

/// Ports whose clients must speak mesh TLS.
pub const INBOUND_PORTS_REQUIRE_TLS: Variable = Variable {
    name: "LINKERD2_PROXY_INBOUND_PORTS_REQUIRE_TLS",
    kind: Kind::Ports,
    default: None,
    required: false,
    meaning: "Ports whose clients must speak mesh TLS.",
};

/// Names under which this proxy forwards for other clusters; unset: it is no gateway.
pub const INBOUND_GATEWAY_SUFFIXES: Variable = Variable {
    name: "LINKERD2_PROXY_INBOUND_GATEWAY_SUFFIXES",
    kind: Kind::Suffixes,
    default: None,
    required: false,
    meaning: "Names under which this proxy forwards for other clusters; unset: it is no gateway.",
};

/// Who may reach a port until the policy controller has answered.
pub const INBOUND_DEFAULT_POLICY: Variable = Variable {
    name: "LINKERD2_PROXY_INBOUND_DEFAULT_POLICY",
    kind: Kind::Choice(&[
        "deny",
        "all-authenticated",
        "all-unauthenticated",
        "cluster-authenticated",
        "cluster-unauthenticated",
        "audit",
    ]),
    default: Some("all-unauthenticated"),
    required: false,
    meaning: "Who may reach a port until the policy controller has answered.",
};

/// host:port of the policy controller.
pub const POLICY_SVC_ADDR: Variable = Variable {
    name: "LINKERD2_PROXY_POLICY_SVC_ADDR",
    kind: Kind::Authority,
    default: None,
    required: true,
    meaning: "host:port of the policy controller.",
};

/// TLS identity of the policy controller; required unless POLICY_SVC_ADDR is a loopback address.
pub const POLICY_SVC_NAME: Variable = Variable {
    name: "LINKERD2_PROXY_POLICY_SVC_NAME",
    kind: Kind::String,
    default: None,
    required: false,
    meaning: "TLS identity of the policy controller; required unless POLICY_SVC_ADDR is a loopback address.",
};

/// This workload, as the policy controller knows it: JSON with ns and pod.
pub const POLICY_WORKLOAD: Variable = Variable {
    name: "LINKERD2_PROXY_POLICY_WORKLOAD",
    kind: Kind::String,
    default: None,
    required: true,
    meaning: "This workload, as the policy controller knows it: JSON with ns and pod.",
};

/// Networks that the cluster-* default policies count as the cluster.
pub const POLICY_CLUSTER_NETWORKS: Variable = Variable {
    name: "LINKERD2_PROXY_POLICY_CLUSTER_NETWORKS",
    kind: Kind::Networks,
    default: None,
    required: false,
    meaning: "Networks that the cluster-* default policies count as the cluster.",
};

/// host:port of the destination service.
pub const DESTINATION_SVC_ADDR: Variable = Variable {
    name: "LINKERD2_PROXY_DESTINATION_SVC_ADDR",
    kind: Kind::Authority,
    default: None,
    required: true,
    meaning: "host:port of the destination service.",
};

/// TLS identity of the destination service; required unless DESTINATION_SVC_ADDR is a loopback address.
pub const DESTINATION_SVC_NAME: Variable = Variable {
    name: "LINKERD2_PROXY_DESTINATION_SVC_NAME",
    kind: Kind::String,
    default: None,
    required: false,
    meaning: "TLS identity of the destination service; required unless DESTINATION_SVC_ADDR is a loopback address.",
};

/// Token sent with every look-up: JSON with ns, nodeName and pod.
pub const DESTINATION_CONTEXT: Variable = Variable {
    name: "LINKERD2_PROXY_DESTINATION_CONTEXT",
    kind: Kind::String,
    default: None,
    required: false,
    meaning: "Token sent with every look-up: JSON with ns, nodeName and pod.",
};

/// Names for which service profiles are looked up.
pub const DESTINATION_PROFILE_SUFFIXES: Variable = Variable {
    name: "LINKERD2_PROXY_DESTINATION_PROFILE_SUFFIXES",
    kind: Kind::Suffixes,
    default: Some("svc.cluster.local."),
    required: false,
    meaning: "Names for which service profiles are looked up.",
};

/// Addresses for which service profiles are looked up; unset: all.
pub const DESTINATION_PROFILE_NETWORKS: Variable = Variable {
    name: "LINKERD2_PROXY_DESTINATION_PROFILE_NETWORKS",
    kind: Kind::Networks,
    default: None,
    required: false,
    meaning: "Addresses for which service profiles are looked up; unset: all.",
};

/// How long an inbound request waits for the first answer about its profile.
pub const DESTINATION_PROFILE_INITIAL_TIMEOUT: Variable = Variable {
    name: "LINKERD2_PROXY_DESTINATION_PROFILE_INITIAL_TIMEOUT",
    kind: Kind::Duration,
    default: Some("500ms"),
    required: false,
    meaning: "How long an inbound request waits for the first answer about its profile.",
};

/// How long the first message of a control stream may take; unset: any time. Not applied to loopback.
pub const CONTROL_STREAM_INITIAL_TIMEOUT: Variable = Variable {
    name: "LINKERD2_PROXY_CONTROL_STREAM_INITIAL_TIMEOUT",
    kind: Kind::Duration,
    default: None,
    required: false,
    meaning: "How long the first message of a control stream may take; unset: any time. Not applied to loopback.",
};

/// How long a control stream may be silent before it is opened again; unset: any time. Not applied to loopback.
pub const CONTROL_STREAM_IDLE_TIMEOUT: Variable = Variable {
    name: "LINKERD2_PROXY_CONTROL_STREAM_IDLE_TIMEOUT",
    kind: Kind::Duration,
    default: None,
    required: false,
    meaning: "How long a control stream may be silent before it is opened again; unset: any time. Not applied to loopback.",
};

/// How long a control stream is used before it is opened again; unset: without end. Not applied to loopback.
pub const CONTROL_STREAM_LIFETIME: Variable = Variable {
    name: "LINKERD2_PROXY_CONTROL_STREAM_LIFETIME",
    kind: Kind::Duration,
    default: None,
    required: false,
    meaning: "How long a control stream is used before it is opened again; unset: without end. Not applied to loopback.",
};

/// Must not be set: identity is mandatory.
pub const IDENTITY_DISABLED: Variable = Variable {
    name: "LINKERD2_PROXY_IDENTITY_DISABLED",
    kind: Kind::Rejected,
    default: None,
    required: false,
    meaning: "Must not be set: identity is mandatory.",
};

/// Directory where a helper leaves key and certificate request; accepted for compatibility, the engine makes both in memory.
pub const IDENTITY_DIR: Variable = Variable {
    name: "LINKERD2_PROXY_IDENTITY_DIR",
    kind: Kind::Path,
    default: None,
    required: false,
    meaning: "Directory where a helper leaves key and certificate request; accepted for compatibility, the engine makes both in memory.",
};

/// Root certificates of the mesh, PEM; required unless IDENTITY_SPIRE_WORKLOAD_API_ADDRESS is set.
pub const IDENTITY_TRUST_ANCHORS: Variable = Variable {
    name: "LINKERD2_PROXY_IDENTITY_TRUST_ANCHORS",
    kind: Kind::Pem,
    default: None,
    required: false,
    meaning: "Root certificates of the mesh, PEM; required unless IDENTITY_SPIRE_WORKLOAD_API_ADDRESS is set.",
};

/// File with the service account token, read before every certification; required unless IDENTITY_SPIRE_WORKLOAD_API_ADDRESS is set.
pub const IDENTITY_TOKEN_FILE: Variable = Variable {
    name: "LINKERD2_PROXY_IDENTITY_TOKEN_FILE",
    kind: Kind::Path,
    default: None,
    required: false,
    meaning: "File with the service account token, read before every certification; required unless IDENTITY_SPIRE_WORKLOAD_API_ADDRESS is set.",
};

/// Shortest pause between certifications.
pub const IDENTITY_MIN_REFRESH: Variable = Variable {
    name: "LINKERD2_PROXY_IDENTITY_MIN_REFRESH",
    kind: Kind::Duration,
    default: Some("10s"),
    required: false,
    meaning: "Shortest pause between certifications.",
};

/// Longest pause between certifications.
pub const IDENTITY_MAX_REFRESH: Variable = Variable {
    name: "LINKERD2_PROXY_IDENTITY_MAX_REFRESH",
    kind: Kind::Duration,
    default: Some("24h"),
    required: false,
    meaning: "Longest pause between certifications.",
};

/// Identity of this proxy, both its id and its TLS server name; required unless IDENTITY_SERVER_ID and IDENTITY_SERVER_NAME are set.
pub const IDENTITY_LOCAL_NAME: Variable = Variable {
    name: "LINKERD2_PROXY_IDENTITY_LOCAL_NAME",
    kind: Kind::String,
    default: None,
    required: false,
    meaning: "Identity of this proxy, both its id and its TLS server name; required unless IDENTITY_SERVER_ID and IDENTITY_SERVER_NAME are set.",
};

/// Identity of this proxy, a DNS-like name or a SPIFFE URI; goes with IDENTITY_SERVER_NAME.
pub const IDENTITY_SERVER_ID: Variable = Variable {
    name: "LINKERD2_PROXY_IDENTITY_SERVER_ID",
    kind: Kind::String,
    default: None,
    required: false,
    meaning: "Identity of this proxy, a DNS-like name or a SPIFFE URI; goes with IDENTITY_SERVER_NAME.",
};

/// TLS server name (SNI) under which peers reach this proxy; goes with IDENTITY_SERVER_ID.
pub const IDENTITY_SERVER_NAME: Variable = Variable {
    name: "LINKERD2_PROXY_IDENTITY_SERVER_NAME",
    kind: Kind::String,
    default: None,
    required: false,
    meaning: "TLS server name (SNI) under which peers reach this proxy; goes with IDENTITY_SERVER_ID.",
};

/// host:port of the identity service; required unless IDENTITY_SPIRE_WORKLOAD_API_ADDRESS is set.
pub const IDENTITY_SVC_ADDR: Variable = Variable {
    name: "LINKERD2_PROXY_IDENTITY_SVC_ADDR",
    kind: Kind::Authority,
    default: None,
    required: false,
    meaning: "host:port of the identity service; required unless IDENTITY_SPIRE_WORKLOAD_API_ADDRESS is set.",
};

/// TLS identity of the identity service; required unless IDENTITY_SVC_ADDR is a loopback address.
pub const IDENTITY_SVC_NAME: Variable = Variable {
    name: "LINKERD2_PROXY_IDENTITY_SVC_NAME",
    kind: Kind::String,
    default: None,
    required: false,
    meaning: "TLS identity of the identity service; required unless IDENTITY_SVC_ADDR is a loopback address.",
};

/// Unix socket of a SPIFFE workload API that issues the certificate instead of the identity service.
pub const IDENTITY_SPIRE_WORKLOAD_API_ADDRESS: Variable = Variable {
    name: "LINKERD2_PROXY_IDENTITY_SPIRE_WORKLOAD_API_ADDRESS",
    kind: Kind::String,
    default: None,
    required: false,
    meaning: "Unix socket of a SPIFFE workload API that issues the certificate instead of the identity service.",
};

/// Older name of IDENTITY_SPIRE_WORKLOAD_API_ADDRESS.
pub const IDENTITY_SPIRE_SOCKET: Variable = Variable {
    name: "LINKERD2_PROXY_IDENTITY_SPIRE_SOCKET",
    kind: Kind::String,
    default: None,
    required: false,
    meaning: "Older name of IDENTITY_SPIRE_WORKLOAD_API_ADDRESS.",
};

/// First pause after a failed call to the workload API.
pub const IDENTITY_SPIRE_EXP_BACKOFF_MIN: Variable = Variable {
    name: "LINKERD2_PROXY_IDENTITY_SPIRE_EXP_BACKOFF_MIN",
    kind: Kind::Duration,
    default: Some("100ms"),
    required: false,
    meaning: "First pause after a failed call to the workload API.",
};

/// Longest pause between calls to the workload API.
pub const IDENTITY_SPIRE_EXP_BACKOFF_MAX: Variable = Variable {
    name: "LINKERD2_PROXY_IDENTITY_SPIRE_EXP_BACKOFF_MAX",
    kind: Kind::Duration,
    default: Some("1s"),
    required: false,
    meaning: "Longest pause between calls to the workload API.",
};

/// Random share added to each of these pauses.
pub const IDENTITY_SPIRE_EXP_BACKOFF_JITTER: Variable = Variable {
    name: "LINKERD2_PROXY_IDENTITY_SPIRE_EXP_BACKOFF_JITTER",
    kind: Kind::Ratio,
    default: Some("0.1"),
    required: false,
    meaning: "Random share added to each of these pauses.",
};

/// Comma-separated key exchange groups of TLS handshakes, of those in the default, the preferred one first. Without X25519MLKEM768, traffic that is recorded today can be read by whoever has a quantum computer one day.
pub const TLS_GROUPS: Variable = Variable {
    name: "LINKERD2_PROXY_TLS_GROUPS",
    kind: Kind::String,
    default: Some("X25519MLKEM768,X25519,secp256r1,secp384r1"),
    required: false,
    meaning: "Comma-separated key exchange groups of TLS handshakes, of those in the default, the preferred one first. Without X25519MLKEM768, traffic that is recorded today can be read by whoever has a quantum computer one day.",
};

/// TLS identity of the only client that may tap; unset: no tap.
pub const TAP_SVC_NAME: Variable = Variable {
    name: "LINKERD2_PROXY_TAP_SVC_NAME",
    kind: Kind::String,
    default: None,
    required: false,
    meaning: "TLS identity of the only client that may tap; unset: no tap.",
};

/// host:port of the OTLP collector; unset: no spans are exported.
pub const TRACE_COLLECTOR_SVC_ADDR: Variable = Variable {
    name: "LINKERD2_PROXY_TRACE_COLLECTOR_SVC_ADDR",
    kind: Kind::Authority,
    default: None,
    required: false,
    meaning: "host:port of the OTLP collector; unset: no spans are exported.",
};

/// TLS identity of the collector; required when TRACE_COLLECTOR_SVC_ADDR is set, unless it is a loopback address.
pub const TRACE_COLLECTOR_SVC_NAME: Variable = Variable {
    name: "LINKERD2_PROXY_TRACE_COLLECTOR_SVC_NAME",
    kind: Kind::String,
    default: None,
    required: false,
    meaning: "TLS identity of the collector; required when TRACE_COLLECTOR_SVC_ADDR is set, unless it is a loopback address.",
};

/// File of key=value lines added to every span as attributes.
pub const TRACE_ATTRIBUTES_PATH: Variable = Variable {
    name: "LINKERD2_PROXY_TRACE_ATTRIBUTES_PATH",
    kind: Kind::Path,
    default: None,
    required: false,
    meaning: "File of key=value lines added to every span as attributes.",
};

/// service.name of exported spans.
pub const TRACE_SERVICE_NAME: Variable = Variable {
    name: "LINKERD2_PROXY_TRACE_SERVICE_NAME",
    kind: Kind::String,
    default: Some("linkerd-proxy"),
    required: false,
    meaning: "service.name of exported spans.",
};

/// Further key=value attributes of exported spans, one a line.
pub const TRACE_EXTRA_ATTRIBUTES: Variable = Variable {
    name: "LINKERD2_PROXY_TRACE_EXTRA_ATTRIBUTES",
    kind: Kind::String,
    default: None,
    required: false,
    meaning: "Further key=value attributes of exported spans, one a line.",
};

/// Resource attributes of exported spans: comma-separated key=value pairs.
pub const OTEL_RESOURCE_ATTRIBUTES: Variable = Variable {
    name: "OTEL_RESOURCE_ATTRIBUTES",
    kind: Kind::String,
    default: None,
    required: false,
    meaning: "Resource attributes of exported spans: comma-separated key=value pairs.",
};

/// Shortest time that a name's addresses are kept, whatever the answer says; unset: as the answer says.
pub const DNS_MIN_TTL: Variable = Variable {
    name: "LINKERD2_PROXY_DNS_MIN_TTL",
    kind: Kind::Duration,
    default: None,
    required: false,
    meaning: "Shortest time that a name's addresses are kept, whatever the answer says; unset: as the answer says.",
};

/// Longest time that a name's addresses are kept, whatever the answer says; unset: as the answer says.
pub const DNS_MAX_TTL: Variable = Variable {
    name: "LINKERD2_PROXY_DNS_MAX_TTL",
    kind: Kind::Duration,
    default: None,
    required: false,
    meaning: "Longest time that a name's addresses are kept, whatever the answer says; unset: as the answer says.",
};

/// Every one of them, in the order of the table.
pub static ALL: &[&Variable] = &[
    &OUTBOUND_LISTEN_ADDR,
    &OUTBOUND_LISTEN_ADDRS,
    &INBOUND_LISTEN_ADDR,
    &CONTROL_LISTEN_ADDR,
    &ADMIN_LISTEN_ADDR,
    &INBOUND_TCP_LISTEN_BACKLOG,
    &OUTBOUND_TCP_LISTEN_BACKLOG,
    &INBOUND_IPS,
    &INBOUND_PORTS,
    &CORES,
    &CORES_MIN,
    &CORES_MAX,
    &CORES_MAX_RATIO,
    &LOG,
    &LOG_FORMAT,
    &ACCESS_LOG,
    &HOSTNAME,
    &METRICS_RETAIN_IDLE,
    &OUTBOUND_METRICS_HOSTNAME_LABELS,
    &INBOUND_METRICS_AUTHORITY_LABELS,
    &SHUTDOWN_ENDPOINT_ENABLED,
    &SHUTDOWN_GRACE_PERIOD,
    &INBOUND_MAX_IN_FLIGHT,
    &OUTBOUND_MAX_IN_FLIGHT,
    &MESH_HTTP2,
    &HTTP_RESENDS,
    &INBOUND_HTTP_QUEUE_CAPACITY,
    &INBOUND_HTTP_FAILFAST_TIMEOUT,
    &OUTBOUND_HTTP_QUEUE_CAPACITY,
    &OUTBOUND_HTTP_FAILFAST_TIMEOUT,
    &OUTBOUND_TCP_QUEUE_CAPACITY,
    &OUTBOUND_TCP_FAILFAST_TIMEOUT,
    &INBOUND_DETECT_TIMEOUT,
    &OUTBOUND_DETECT_TIMEOUT,
    &INBOUND_CONNECT_TIMEOUT,
    &OUTBOUND_CONNECT_TIMEOUT,
    &INBOUND_CONNECT_EXP_BACKOFF_MIN,
    &INBOUND_CONNECT_EXP_BACKOFF_MAX,
    &INBOUND_CONNECT_EXP_BACKOFF_JITTER,
    &OUTBOUND_CONNECT_EXP_BACKOFF_MIN,
    &OUTBOUND_CONNECT_EXP_BACKOFF_MAX,
    &OUTBOUND_CONNECT_EXP_BACKOFF_JITTER,
    &INBOUND_ACCEPT_KEEPALIVE,
    &INBOUND_ACCEPT_USER_TIMEOUT,
    &INBOUND_CONNECT_KEEPALIVE,
    &INBOUND_CONNECT_USER_TIMEOUT,
    &OUTBOUND_ACCEPT_KEEPALIVE,
    &OUTBOUND_ACCEPT_USER_TIMEOUT,
    &OUTBOUND_CONNECT_KEEPALIVE,
    &OUTBOUND_CONNECT_USER_TIMEOUT,
    &MAX_IDLE_CONNS_PER_ENDPOINT,
    &OUTBOUND_MAX_IDLE_CONNS_PER_ENDPOINT,
    &HTTP_CONNECTION_MAX_AGE,
    &INBOUND_HTTP1_CONNECTION_POOL_IDLE_TIMEOUT,
    &OUTBOUND_HTTP1_CONNECTION_POOL_IDLE_TIMEOUT,
    &HTTP2_CONNECTION_POOL_IDLE_TIMEOUT,
    &HTTP2_WARM_CONNECTIONS,
    &INBOUND_DISCOVERY_IDLE_TIMEOUT,
    &OUTBOUND_DISCOVERY_IDLE_TIMEOUT,
    &HTTP2_INITIAL_STREAM_WINDOW_SIZE,
    &HTTP2_INITIAL_CONNECTION_WINDOW_SIZE,
    &INBOUND_SERVER_HTTP2_KEEP_ALIVE_INTERVAL,
    &INBOUND_SERVER_HTTP2_KEEP_ALIVE_TIMEOUT,
    &INBOUND_SERVER_HTTP2_MAX_CONCURRENT_STREAMS,
    &INBOUND_SERVER_HTTP2_MAX_FRAME_SIZE,
    &INBOUND_SERVER_HTTP2_MAX_HEADER_LIST_SIZE,
    &INBOUND_SERVER_HTTP2_MAX_PENDING_ACCEPT_RESET_STREAMS,
    &INBOUND_SERVER_HTTP2_MAX_SEND_BUF_SIZE,
    &INBOUND_SERVER_HTTP2_ADAPTIVE_FLOW_CONTROL,
    &INBOUND_SERVER_HTTP2_INITIAL_STREAM_WINDOW_SIZE,
    &INBOUND_SERVER_HTTP2_INITIAL_CONNECTION_WINDOW_SIZE,
    &OUTBOUND_SERVER_HTTP2_KEEP_ALIVE_INTERVAL,
    &OUTBOUND_SERVER_HTTP2_KEEP_ALIVE_TIMEOUT,
    &OUTBOUND_SERVER_HTTP2_MAX_CONCURRENT_STREAMS,
    &OUTBOUND_SERVER_HTTP2_MAX_FRAME_SIZE,
    &OUTBOUND_SERVER_HTTP2_MAX_HEADER_LIST_SIZE,
    &OUTBOUND_SERVER_HTTP2_MAX_PENDING_ACCEPT_RESET_STREAMS,
    &OUTBOUND_SERVER_HTTP2_MAX_SEND_BUF_SIZE,
    &OUTBOUND_SERVER_HTTP2_ADAPTIVE_FLOW_CONTROL,
    &OUTBOUND_SERVER_HTTP2_INITIAL_STREAM_WINDOW_SIZE,
    &OUTBOUND_SERVER_HTTP2_INITIAL_CONNECTION_WINDOW_SIZE,
    &INGRESS_MODE,
    &OUTBOUND_DISABLE_INFORMATIONAL_HEADERS,
    &INBOUND_PORTS_DISABLE_PROTOCOL_DETECTION,
    &INBOUND_PORTS_REQUIRE_IDENTITY,
    &INBOUND_PORTS_REQUIRE_TLS,
    &INBOUND_GATEWAY_SUFFIXES,
    &INBOUND_DEFAULT_POLICY,
    &POLICY_SVC_ADDR,
    &POLICY_SVC_NAME,
    &POLICY_WORKLOAD,
    &POLICY_CLUSTER_NETWORKS,
    &DESTINATION_SVC_ADDR,
    &DESTINATION_SVC_NAME,
    &DESTINATION_CONTEXT,
    &DESTINATION_PROFILE_SUFFIXES,
    &DESTINATION_PROFILE_NETWORKS,
    &DESTINATION_PROFILE_INITIAL_TIMEOUT,
    &CONTROL_STREAM_INITIAL_TIMEOUT,
    &CONTROL_STREAM_IDLE_TIMEOUT,
    &CONTROL_STREAM_LIFETIME,
    &IDENTITY_DISABLED,
    &IDENTITY_DIR,
    &IDENTITY_TRUST_ANCHORS,
    &IDENTITY_TOKEN_FILE,
    &IDENTITY_MIN_REFRESH,
    &IDENTITY_MAX_REFRESH,
    &IDENTITY_LOCAL_NAME,
    &IDENTITY_SERVER_ID,
    &IDENTITY_SERVER_NAME,
    &IDENTITY_SVC_ADDR,
    &IDENTITY_SVC_NAME,
    &IDENTITY_SPIRE_WORKLOAD_API_ADDRESS,
    &IDENTITY_SPIRE_SOCKET,
    &IDENTITY_SPIRE_EXP_BACKOFF_MIN,
    &IDENTITY_SPIRE_EXP_BACKOFF_MAX,
    &IDENTITY_SPIRE_EXP_BACKOFF_JITTER,
    &TLS_GROUPS,
    &TAP_SVC_NAME,
    &TRACE_COLLECTOR_SVC_ADDR,
    &TRACE_COLLECTOR_SVC_NAME,
    &TRACE_ATTRIBUTES_PATH,
    &TRACE_SERVICE_NAME,
    &TRACE_EXTRA_ATTRIBUTES,
    &OTEL_RESOURCE_ATTRIBUTES,
    &DNS_MIN_TTL,
    &DNS_MAX_TTL,
];
