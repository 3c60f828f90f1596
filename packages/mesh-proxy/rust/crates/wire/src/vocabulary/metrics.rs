// @generated from vocabulary/metrics.toml by tools/generate.py; do not edit.
//! The families of metrics that the proxy shows.

/// What the numbers of a family are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A number that only grows.
    Counter,
    /// A number that grows and shrinks.
    Gauge,
    /// Observations, counted in buckets.
    Histogram,
}

/// One family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metric {
    /// The family's name.
    pub name: &'static str,
    /// What its numbers are.
    pub kind: Kind,
    /// The labels that its series may have; NAME_* stands for many.
    pub labels: &'static [&'static str],
    /// What is counted or measured.
    pub meaning: &'static str,
}

/// Requests begun.
pub const REQUEST_TOTAL: Metric = Metric {
    name: "request_total",
    kind: Kind::Counter,
    labels: &[
        "direction",
        "authority",
        "target_addr",
        "target_ip",
        "target_port",
        "tls",
        "no_tls_reason",
        "client_id",
        "server_id",
        "srv_*",
        "route_*",
        "authz_*",
        "dst_*",
    ],
    meaning: "Requests begun.",
};

/// Responses ended.
pub const RESPONSE_TOTAL: Metric = Metric {
    name: "response_total",
    kind: Kind::Counter,
    labels: &[
        "direction",
        "authority",
        "target_addr",
        "target_ip",
        "target_port",
        "tls",
        "no_tls_reason",
        "client_id",
        "server_id",
        "srv_*",
        "route_*",
        "authz_*",
        "dst_*",
        "status_code",
        "classification",
        "grpc_status",
    ],
    meaning: "Responses ended.",
};

/// Time from a request's begin to the first frame of its response's body, in milliseconds.
pub const RESPONSE_LATENCY_MS: Metric = Metric {
    name: "response_latency_ms",
    kind: Kind::Histogram,
    labels: &[
        "direction",
        "authority",
        "target_addr",
        "target_ip",
        "target_port",
        "tls",
        "no_tls_reason",
        "client_id",
        "server_id",
        "srv_*",
        "route_*",
        "authz_*",
        "dst_*",
        "status_code",
    ],
    meaning: "Time from a request's begin to the first frame of its response's body, in milliseconds.",
};

/// Requests to a control-plane service begun.
pub const CONTROL_REQUEST_TOTAL: Metric = Metric {
    name: "control_request_total",
    kind: Kind::Counter,
    labels: &["addr", "tls", "no_tls_reason", "server_id"],
    meaning: "Requests to a control-plane service begun.",
};

/// Responses of a control-plane service ended.
pub const CONTROL_RESPONSE_TOTAL: Metric = Metric {
    name: "control_response_total",
    kind: Kind::Counter,
    labels: &[
        "addr",
        "tls",
        "no_tls_reason",
        "server_id",
        "status_code",
        "classification",
        "grpc_status",
    ],
    meaning: "Responses of a control-plane service ended.",
};

/// Time from a request's begin to the first frame of its response's body, in milliseconds.
pub const CONTROL_RESPONSE_LATENCY_MS: Metric = Metric {
    name: "control_response_latency_ms",
    kind: Kind::Histogram,
    labels: &["addr", "tls", "no_tls_reason", "server_id", "status_code"],
    meaning: "Time from a request's begin to the first frame of its response's body, in milliseconds.",
};

/// Connections opened.
pub const TCP_OPEN_TOTAL: Metric = Metric {
    name: "tcp_open_total",
    kind: Kind::Counter,
    labels: &[
        "direction",
        "peer",
        "authority",
        "target_addr",
        "target_ip",
        "target_port",
        "tls",
        "no_tls_reason",
        "client_id",
        "server_id",
        "sni",
        "srv_*",
        "dst_*",
    ],
    meaning: "Connections opened.",
};

/// Connections open now.
pub const TCP_OPEN_CONNECTIONS: Metric = Metric {
    name: "tcp_open_connections",
    kind: Kind::Gauge,
    labels: &[
        "direction",
        "peer",
        "authority",
        "target_addr",
        "target_ip",
        "target_port",
        "tls",
        "no_tls_reason",
        "client_id",
        "server_id",
        "sni",
        "srv_*",
        "dst_*",
    ],
    meaning: "Connections open now.",
};

/// Bytes read from peers.
pub const TCP_READ_BYTES_TOTAL: Metric = Metric {
    name: "tcp_read_bytes_total",
    kind: Kind::Counter,
    labels: &[
        "direction",
        "peer",
        "authority",
        "target_addr",
        "target_ip",
        "target_port",
        "tls",
        "no_tls_reason",
        "client_id",
        "server_id",
        "sni",
        "srv_*",
        "dst_*",
    ],
    meaning: "Bytes read from peers.",
};

/// Bytes written to peers.
pub const TCP_WRITE_BYTES_TOTAL: Metric = Metric {
    name: "tcp_write_bytes_total",
    kind: Kind::Counter,
    labels: &[
        "direction",
        "peer",
        "authority",
        "target_addr",
        "target_ip",
        "target_port",
        "tls",
        "no_tls_reason",
        "client_id",
        "server_id",
        "sni",
        "srv_*",
        "dst_*",
    ],
    meaning: "Bytes written to peers.",
};

/// Connections closed.
pub const TCP_CLOSE_TOTAL: Metric = Metric {
    name: "tcp_close_total",
    kind: Kind::Counter,
    labels: &[
        "direction",
        "peer",
        "authority",
        "target_addr",
        "target_ip",
        "target_port",
        "tls",
        "no_tls_reason",
        "client_id",
        "server_id",
        "sni",
        "srv_*",
        "dst_*",
        "errno",
    ],
    meaning: "Connections closed.",
};

/// Inbound connections that failed, by error.
pub const INBOUND_TCP_ERRORS_TOTAL: Metric = Metric {
    name: "inbound_tcp_errors_total",
    kind: Kind::Counter,
    labels: &["error", "target_addr", "target_ip", "target_port", "srv_*"],
    meaning: "Inbound connections that failed, by error.",
};

/// Outbound connections that failed, by error.
pub const OUTBOUND_TCP_ERRORS_TOTAL: Metric = Metric {
    name: "outbound_tcp_errors_total",
    kind: Kind::Counter,
    labels: &["error"],
    meaning: "Outbound connections that failed, by error.",
};

/// Inbound requests that the proxy failed, by error.
pub const INBOUND_HTTP_ERRORS_TOTAL: Metric = Metric {
    name: "inbound_http_errors_total",
    kind: Kind::Counter,
    labels: &["error", "target_addr", "srv_*"],
    meaning: "Inbound requests that the proxy failed, by error.",
};

/// Outbound requests that the proxy failed, by error.
pub const OUTBOUND_HTTP_ERRORS_TOTAL: Metric = Metric {
    name: "outbound_http_errors_total",
    kind: Kind::Counter,
    labels: &["error"],
    meaning: "Outbound requests that the proxy failed, by error.",
};

/// Inbound requests sent once more, because the connection ended before any byte of the response.
pub const INBOUND_HTTP_RESENDS_TOTAL: Metric = Metric {
    name: "inbound_http_resends_total",
    kind: Kind::Counter,
    labels: &[],
    meaning: "Inbound requests sent once more, because the connection ended before any byte of the response.",
};

/// Outbound requests sent once more, because the connection ended before any byte of the response.
pub const OUTBOUND_HTTP_RESENDS_TOTAL: Metric = Metric {
    name: "outbound_http_resends_total",
    kind: Kind::Counter,
    labels: &[],
    meaning: "Outbound requests sent once more, because the connection ended before any byte of the response.",
};

/// Requests that an authorization let in.
pub const INBOUND_HTTP_AUTHZ_ALLOW_TOTAL: Metric = Metric {
    name: "inbound_http_authz_allow_total",
    kind: Kind::Counter,
    labels: &[
        "target_addr",
        "target_ip",
        "target_port",
        "tls",
        "no_tls_reason",
        "client_id",
        "srv_*",
        "route_*",
        "authz_*",
    ],
    meaning: "Requests that an authorization let in.",
};

/// Requests that no authorization let in.
pub const INBOUND_HTTP_AUTHZ_DENY_TOTAL: Metric = Metric {
    name: "inbound_http_authz_deny_total",
    kind: Kind::Counter,
    labels: &[
        "target_addr",
        "target_ip",
        "target_port",
        "tls",
        "no_tls_reason",
        "client_id",
        "srv_*",
        "route_*",
    ],
    meaning: "Requests that no authorization let in.",
};

/// Requests that matched no route.
pub const INBOUND_HTTP_ROUTE_NOT_FOUND_TOTAL: Metric = Metric {
    name: "inbound_http_route_not_found_total",
    kind: Kind::Counter,
    labels: &[
        "target_addr",
        "target_ip",
        "target_port",
        "tls",
        "no_tls_reason",
        "client_id",
        "srv_*",
    ],
    meaning: "Requests that matched no route.",
};

/// Requests refused by the local rate limit.
pub const INBOUND_HTTP_LOCAL_RATELIMIT_TOTAL: Metric = Metric {
    name: "inbound_http_local_ratelimit_total",
    kind: Kind::Counter,
    labels: &[
        "target_addr",
        "target_ip",
        "target_port",
        "tls",
        "no_tls_reason",
        "client_id",
        "srv_*",
        "scope",
    ],
    meaning: "Requests refused by the local rate limit.",
};

/// Connections that an authorization let in.
pub const INBOUND_TCP_AUTHZ_ALLOW_TOTAL: Metric = Metric {
    name: "inbound_tcp_authz_allow_total",
    kind: Kind::Counter,
    labels: &[
        "target_addr",
        "target_ip",
        "target_port",
        "tls",
        "no_tls_reason",
        "client_id",
        "sni",
        "srv_*",
        "authz_*",
    ],
    meaning: "Connections that an authorization let in.",
};

/// Connections that no authorization let in.
pub const INBOUND_TCP_AUTHZ_DENY_TOTAL: Metric = Metric {
    name: "inbound_tcp_authz_deny_total",
    kind: Kind::Counter,
    labels: &[
        "target_addr",
        "target_ip",
        "target_port",
        "tls",
        "no_tls_reason",
        "client_id",
        "sni",
        "srv_*",
    ],
    meaning: "Connections that no authorization let in.",
};

/// Connections ended because a policy changed.
pub const INBOUND_TCP_AUTHZ_TERMINATE_TOTAL: Metric = Metric {
    name: "inbound_tcp_authz_terminate_total",
    kind: Kind::Counter,
    labels: &[
        "target_addr",
        "target_ip",
        "target_port",
        "tls",
        "no_tls_reason",
        "client_id",
        "sni",
        "srv_*",
    ],
    meaning: "Connections ended because a policy changed.",
};

/// Inbound protocol detections, by result.
pub const INBOUND_TCP_DETECT_HTTP_RESULTS_TOTAL: Metric = Metric {
    name: "inbound_tcp_detect_http_results_total",
    kind: Kind::Counter,
    labels: &["srv_*", "result"],
    meaning: "Inbound protocol detections, by result.",
};

/// Outbound protocol detections, by result.
pub const OUTBOUND_TCP_DETECT_HTTP_RESULTS_TOTAL: Metric = Metric {
    name: "outbound_tcp_detect_http_results_total",
    kind: Kind::Counter,
    labels: &["result"],
    meaning: "Outbound protocol detections, by result.",
};

/// Inbound connections, by the protocol that they are taken for and the reason.
pub const INBOUND_TCP_DETECT_DECISIONS_TOTAL: Metric = Metric {
    name: "inbound_tcp_detect_decisions_total",
    kind: Kind::Counter,
    labels: &["srv_*", "protocol", "reason"],
    meaning: "Inbound connections, by the protocol that they are taken for and the reason.",
};

/// Outbound connections, by the protocol that they are taken for and the reason.
pub const OUTBOUND_TCP_DETECT_DECISIONS_TOTAL: Metric = Metric {
    name: "outbound_tcp_detect_decisions_total",
    kind: Kind::Counter,
    labels: &["protocol", "reason"],
    meaning: "Outbound connections, by the protocol that they are taken for and the reason.",
};

/// TLS connections of the application, by the server name that they ask for.
pub const OUTBOUND_TLS_SERVER_NAMES_TOTAL: Metric = Metric {
    name: "outbound_tls_server_names_total",
    kind: Kind::Counter,
    labels: &["sni"],
    meaning: "TLS connections of the application, by the server name that they ask for.",
};

/// Outbound connections, by protocol.
pub const OUTBOUND_TCP_PROTOCOL_CONNECTIONS_TOTAL: Metric = Metric {
    name: "outbound_tcp_protocol_connections_total",
    kind: Kind::Counter,
    labels: &["protocol"],
    meaning: "Outbound connections, by protocol.",
};

/// Connections that began with a transport header.
pub const INBOUND_TCP_TRANSPORT_HEADER_CONNECTIONS_TOTAL: Metric = Metric {
    name: "inbound_tcp_transport_header_connections_total",
    kind: Kind::Counter,
    labels: &[
        "session_protocol",
        "target_port",
        "target_name",
        "client_id",
    ],
    meaning: "Connections that began with a transport header.",
};

/// How long inbound protocol detection took.
pub const INBOUND_TCP_DETECT_HTTP_DURATION_SECONDS: Metric = Metric {
    name: "inbound_tcp_detect_http_duration_seconds",
    kind: Kind::Histogram,
    labels: &["srv_*"],
    meaning: "How long inbound protocol detection took.",
};

/// How long outbound protocol detection took.
pub const OUTBOUND_TCP_DETECT_HTTP_DURATION_SECONDS: Metric = Metric {
    name: "outbound_tcp_detect_http_duration_seconds",
    kind: Kind::Histogram,
    labels: &[],
    meaning: "How long outbound protocol detection took.",
};

/// DNS look-ups, by client, record type and result.
pub const CONTROL_DNS_RESOLUTIONS_TOTAL: Metric = Metric {
    name: "control_dns_resolutions_total",
    kind: Kind::Counter,
    labels: &["client", "record_type", "result"],
    meaning: "DNS look-ups, by client, record type and result.",
};

/// Attempts to connect to a control-plane service, by result.
pub const CONTROL_CONNECTS_TOTAL: Metric = Metric {
    name: "control_connects_total",
    kind: Kind::Counter,
    labels: &["service", "addr", "result"],
    meaning: "Attempts to connect to a control-plane service, by result.",
};

/// Control streams that ended, by service, call and reason.
pub const CONTROL_STREAMS_TOTAL: Metric = Metric {
    name: "control_streams_total",
    kind: Kind::Counter,
    labels: &["service", "call", "reason"],
    meaning: "Control streams that ended, by service, call and reason.",
};

/// Control messages dropped because their revision did not increase.
pub const CONTROL_REVISION_REJECTED_TOTAL: Metric = Metric {
    name: "control_revision_rejected_total",
    kind: Kind::Counter,
    labels: &["service", "call"],
    meaning: "Control messages dropped because their revision did not increase.",
};

/// Control messages dropped because they could not be understood.
pub const CONTROL_MESSAGE_REJECTED_TOTAL: Metric = Metric {
    name: "control_message_rejected_total",
    kind: Kind::Counter,
    labels: &["call"],
    meaning: "Control messages dropped because they could not be understood.",
};

/// Whether the control-plane service is connected (1) or not (0).
pub const CONTROL_CONNECTED: Metric = Metric {
    name: "control_connected",
    kind: Kind::Gauge,
    labels: &["service", "addr"],
    meaning: "Whether the control-plane service is connected (1) or not (0).",
};

/// Destinations served from memory because the control plane does not answer.
pub const CONTROL_DISCOVERY_STALE: Metric = Metric {
    name: "control_discovery_stale",
    kind: Kind::Gauge,
    labels: &[],
    meaning: "Destinations served from memory because the control plane does not answer.",
};

/// Whether the control stream about the target is open.
pub const CONTROL_STREAM_CONNECTED: Metric = Metric {
    name: "control_stream_connected",
    kind: Kind::Gauge,
    labels: &["service", "call", "target"],
    meaning: "Whether the control stream about the target is open.",
};

/// When the control stream's last answer came, in seconds since 1970.
pub const CONTROL_STREAM_LAST_ANSWER_TIMESTAMP_SECONDS: Metric = Metric {
    name: "control_stream_last_answer_timestamp_seconds",
    kind: Kind::Gauge,
    labels: &["service", "call", "target"],
    meaning: "When the control stream's last answer came, in seconds since 1970.",
};

/// The revision of the control stream's last answer.
pub const CONTROL_STREAM_REVISION: Metric = Metric {
    name: "control_stream_revision",
    kind: Kind::Gauge,
    labels: &["service", "call", "target"],
    meaning: "The revision of the control stream's last answer.",
};

/// Certifications, by result.
pub const CONTROL_IDENTITY_CERT_REFRESHES_TOTAL: Metric = Metric {
    name: "control_identity_cert_refreshes_total",
    kind: Kind::Counter,
    labels: &["result"],
    meaning: "Certifications, by result.",
};

/// When the certificate expires, in seconds since 1970.
pub const CONTROL_IDENTITY_CERT_EXPIRATION_TIMESTAMP_SECONDS: Metric = Metric {
    name: "control_identity_cert_expiration_timestamp_seconds",
    kind: Kind::Gauge,
    labels: &[],
    meaning: "When the certificate expires, in seconds since 1970.",
};

/// When the certificate was last renewed, in seconds since 1970.
pub const CONTROL_IDENTITY_CERT_REFRESH_TIMESTAMP_SECONDS: Metric = Metric {
    name: "control_identity_cert_refresh_timestamp_seconds",
    kind: Kind::Gauge,
    labels: &[],
    meaning: "When the certificate was last renewed, in seconds since 1970.",
};

/// Connections that ended because of a defect in the proxy.
pub const PROXY_CONNECTION_PANICS_TOTAL: Metric = Metric {
    name: "proxy_connection_panics_total",
    kind: Kind::Counter,
    labels: &[],
    meaning: "Connections that ended because of a defect in the proxy.",
};

/// What was built; always 1.
pub const PROXY_BUILD_INFO: Metric = Metric {
    name: "proxy_build_info",
    kind: Kind::Gauge,
    labels: &["version", "vendor"],
    meaning: "What was built; always 1.",
};

/// The cryptography in use; always 1.
pub const RUSTLS_INFO: Metric = Metric {
    name: "rustls_info",
    kind: Kind::Gauge,
    labels: &[
        "tls_suites",
        "tls_kx_groups",
        "tls_rand",
        "tls_key_provider",
        "tls_fips",
    ],
    meaning: "The cryptography in use; always 1.",
};

/// Log lines dropped because nobody read the log.
pub const PROXY_LOG_LINES_DROPPED_TOTAL: Metric = Metric {
    name: "proxy_log_lines_dropped_total",
    kind: Kind::Counter,
    labels: &[],
    meaning: "Log lines dropped because nobody read the log.",
};

/// When the proxy started, in seconds since 1970.
pub const PROCESS_START_TIME_SECONDS: Metric = Metric {
    name: "process_start_time_seconds",
    kind: Kind::Gauge,
    labels: &[],
    meaning: "When the proxy started, in seconds since 1970.",
};

/// CPU time used, in seconds.
pub const PROCESS_CPU_SECONDS_TOTAL: Metric = Metric {
    name: "process_cpu_seconds_total",
    kind: Kind::Counter,
    labels: &[],
    meaning: "CPU time used, in seconds.",
};

/// Resident memory.
pub const PROCESS_RESIDENT_MEMORY_BYTES: Metric = Metric {
    name: "process_resident_memory_bytes",
    kind: Kind::Gauge,
    labels: &[],
    meaning: "Resident memory.",
};

/// Virtual memory.
pub const PROCESS_VIRTUAL_MEMORY_BYTES: Metric = Metric {
    name: "process_virtual_memory_bytes",
    kind: Kind::Gauge,
    labels: &[],
    meaning: "Virtual memory.",
};

/// Threads.
pub const PROCESS_THREADS: Metric = Metric {
    name: "process_threads",
    kind: Kind::Gauge,
    labels: &[],
    meaning: "Threads.",
};

/// Open files.
pub const PROCESS_OPEN_FDS: Metric = Metric {
    name: "process_open_fds",
    kind: Kind::Gauge,
    labels: &[],
    meaning: "Open files.",
};

/// Most files that may be open.
pub const PROCESS_MAX_FDS: Metric = Metric {
    name: "process_max_fds",
    kind: Kind::Gauge,
    labels: &[],
    meaning: "Most files that may be open.",
};

/// Every one of them, in the order of the table.
pub static ALL: &[&Metric] = &[
    &REQUEST_TOTAL,
    &RESPONSE_TOTAL,
    &RESPONSE_LATENCY_MS,
    &CONTROL_REQUEST_TOTAL,
    &CONTROL_RESPONSE_TOTAL,
    &CONTROL_RESPONSE_LATENCY_MS,
    &TCP_OPEN_TOTAL,
    &TCP_OPEN_CONNECTIONS,
    &TCP_READ_BYTES_TOTAL,
    &TCP_WRITE_BYTES_TOTAL,
    &TCP_CLOSE_TOTAL,
    &INBOUND_TCP_ERRORS_TOTAL,
    &OUTBOUND_TCP_ERRORS_TOTAL,
    &INBOUND_HTTP_ERRORS_TOTAL,
    &OUTBOUND_HTTP_ERRORS_TOTAL,
    &INBOUND_HTTP_RESENDS_TOTAL,
    &OUTBOUND_HTTP_RESENDS_TOTAL,
    &INBOUND_HTTP_AUTHZ_ALLOW_TOTAL,
    &INBOUND_HTTP_AUTHZ_DENY_TOTAL,
    &INBOUND_HTTP_ROUTE_NOT_FOUND_TOTAL,
    &INBOUND_HTTP_LOCAL_RATELIMIT_TOTAL,
    &INBOUND_TCP_AUTHZ_ALLOW_TOTAL,
    &INBOUND_TCP_AUTHZ_DENY_TOTAL,
    &INBOUND_TCP_AUTHZ_TERMINATE_TOTAL,
    &INBOUND_TCP_DETECT_HTTP_RESULTS_TOTAL,
    &OUTBOUND_TCP_DETECT_HTTP_RESULTS_TOTAL,
    &INBOUND_TCP_DETECT_DECISIONS_TOTAL,
    &OUTBOUND_TCP_DETECT_DECISIONS_TOTAL,
    &OUTBOUND_TLS_SERVER_NAMES_TOTAL,
    &OUTBOUND_TCP_PROTOCOL_CONNECTIONS_TOTAL,
    &INBOUND_TCP_TRANSPORT_HEADER_CONNECTIONS_TOTAL,
    &INBOUND_TCP_DETECT_HTTP_DURATION_SECONDS,
    &OUTBOUND_TCP_DETECT_HTTP_DURATION_SECONDS,
    &CONTROL_DNS_RESOLUTIONS_TOTAL,
    &CONTROL_CONNECTS_TOTAL,
    &CONTROL_STREAMS_TOTAL,
    &CONTROL_REVISION_REJECTED_TOTAL,
    &CONTROL_MESSAGE_REJECTED_TOTAL,
    &CONTROL_CONNECTED,
    &CONTROL_DISCOVERY_STALE,
    &CONTROL_STREAM_CONNECTED,
    &CONTROL_STREAM_LAST_ANSWER_TIMESTAMP_SECONDS,
    &CONTROL_STREAM_REVISION,
    &CONTROL_IDENTITY_CERT_REFRESHES_TOTAL,
    &CONTROL_IDENTITY_CERT_EXPIRATION_TIMESTAMP_SECONDS,
    &CONTROL_IDENTITY_CERT_REFRESH_TIMESTAMP_SECONDS,
    &PROXY_CONNECTION_PANICS_TOTAL,
    &PROXY_BUILD_INFO,
    &RUSTLS_INFO,
    &PROXY_LOG_LINES_DROPPED_TOTAL,
    &PROCESS_START_TIME_SECONDS,
    &PROCESS_CPU_SECONDS_TOTAL,
    &PROCESS_RESIDENT_MEMORY_BYTES,
    &PROCESS_VIRTUAL_MEMORY_BYTES,
    &PROCESS_THREADS,
    &PROCESS_OPEN_FDS,
    &PROCESS_MAX_FDS,
];
