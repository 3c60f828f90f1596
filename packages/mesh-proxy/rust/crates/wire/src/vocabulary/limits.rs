// @generated from vocabulary/limits.toml by tools/generate.py; do not edit.
//! What bounds everything that a peer can make the proxy spend.

/// What a bound counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Octets.
    Bytes,
    /// A number of things.
    Count,
    /// A time.
    Milliseconds,
    /// A time.
    Seconds,
}

/// One bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// The row's name, in lower case.
    pub name: &'static str,
    /// The bound, in its unit.
    pub value: u64,
    /// What `value` counts.
    pub unit: Unit,
    /// The environment variable that changes the bound.
    pub variable: Option<&'static str>,
    /// What is bounded.
    pub meaning: &'static str,
    /// What happens beyond it.
    pub excess: &'static str,
}

/// Streams of one worker that may hold a buffer of 256 KiB at once; they get one after they have filled one of 64 KiB.
pub const RELAY_WIDE_BUFFERS: Limit = Limit {
    name: "relay_wide_buffers",
    value: 32,
    unit: Unit::Count,
    variable: None,
    meaning: "Streams of one worker that may hold a buffer of 256 KiB at once; they get one after they have filled one of 64 KiB.",
    excess: "The stream goes on with 64 KiB.",
};

/// How much one direction of a relayed connection carries before other connections get their turn.
pub const RELAY_TURN_BYTES: Limit = Limit {
    name: "relay_turn_bytes",
    value: 1048576,
    unit: Unit::Bytes,
    variable: None,
    meaning: "How much one direction of a relayed connection carries before other connections get their turn.",
    excess: "The direction goes on after them.",
};

/// How much of a ClientHello is read to find the name that it asks for.
pub const DETECT_CLIENT_HELLO_BYTES: Limit = Limit {
    name: "detect_client_hello_bytes",
    value: 16384,
    unit: Unit::Bytes,
    variable: None,
    meaning: "How much of a ClientHello is read to find the name that it asks for.",
    excess: "The connection counts as TLS without a name.",
};

/// Over how many TLS records a ClientHello may be spread.
pub const DETECT_TLS_RECORDS: Limit = Limit {
    name: "detect_tls_records",
    value: 64,
    unit: Unit::Count,
    variable: None,
    meaning: "Over how many TLS records a ClientHello may be spread.",
    excess: "The connection counts as TLS without a name.",
};

/// The longest method by which HTTP/1 is recognised.
pub const DETECT_METHOD_BYTES: Limit = Limit {
    name: "detect_method_bytes",
    value: 24,
    unit: Unit::Bytes,
    variable: None,
    meaning: "The longest method by which HTTP/1 is recognised.",
    excess: "The connection is carried as opaque.",
};

/// How long a client may be silent before its server gets the chance to speak first.
pub const DETECT_QUIET_TIME: Limit = Limit {
    name: "detect_quiet_time",
    value: 50,
    unit: Unit::Milliseconds,
    variable: None,
    meaning: "How long a client may be silent before its server gets the chance to speak first.",
    excess: "One connection to the server is opened ahead, as opaque.",
};

/// Destinations of which a worker remembers who speaks first.
pub const DETECT_REMEMBERED_DESTINATIONS: Limit = Limit {
    name: "detect_remembered_destinations",
    value: 1024,
    unit: Unit::Count,
    variable: None,
    meaning: "Destinations of which a worker remembers who speaks first.",
    excess: "The one that was not used for longest is forgotten.",
};

/// How long it is remembered who speaks first to a destination.
pub const DETECT_REMEMBERED_TIME: Limit = Limit {
    name: "detect_remembered_time",
    value: 600,
    unit: Unit::Seconds,
    variable: None,
    meaning: "How long it is remembered who speaks first to a destination.",
    excess: "It is found out again.",
};

/// How much of a first line that may become a request is waited for.
pub const DETECT_FIRST_LINE_BYTES: Limit = Limit {
    name: "detect_first_line_bytes",
    value: 17408,
    unit: Unit::Bytes,
    variable: None,
    meaning: "How much of a first line that may become a request is waited for.",
    excess: "The connection is taken for HTTP/1, which refuses the line.",
};

/// Empty lines before a first request.
pub const DETECT_EMPTY_LINES: Limit = Limit {
    name: "detect_empty_lines",
    value: 4,
    unit: Unit::Count,
    variable: None,
    meaning: "Empty lines before a first request.",
    excess: "The connection is carried as opaque.",
};

/// The longest message of a transport header.
pub const TRANSPORT_HEADER_BYTES: Limit = Limit {
    name: "transport_header_bytes",
    value: 1024,
    unit: Unit::Bytes,
    variable: None,
    meaning: "The longest message of a transport header.",
    excess: "The connection is reset.",
};

/// Gateways that pass an opaque connection on, one after the other.
pub const GATEWAYS: Limit = Limit {
    name: "gateways",
    value: 8,
    unit: Unit::Count,
    variable: None,
    meaning: "Gateways that pass an opaque connection on, one after the other.",
    excess: "The connection is reset (gateway_loop).",
};

/// How long a client may still take to say what it wants once the process is to end.
pub const DRAIN_LAST_WORDS_TIME: Limit = Limit {
    name: "drain_last_words_time",
    value: 1,
    unit: Unit::Seconds,
    variable: None,
    meaning: "How long a client may still take to say what it wants once the process is to end.",
    excess: "The connection is closed.",
};

/// Steps of TLS handshakes that a worker computes before its other connections get their turn.
pub const TLS_HANDSHAKE_STEPS: Limit = Limit {
    name: "tls_handshake_steps",
    value: 2,
    unit: Unit::Count,
    variable: None,
    meaning: "Steps of TLS handshakes that a worker computes before its other connections get their turn.",
    excess: "The handshake waits, within its detection or connect timeout.",
};

/// The longest head of a request or response.
pub const HTTP1_HEAD_BYTES: Limit = Limit {
    name: "http1_head_bytes",
    value: 65536,
    unit: Unit::Bytes,
    variable: None,
    meaning: "The longest head of a request or response.",
    excess: "431 for requests, 502 for responses; the connection ends.",
};

/// The longest request target.
pub const HTTP1_TARGET_BYTES: Limit = Limit {
    name: "http1_target_bytes",
    value: 32768,
    unit: Unit::Bytes,
    variable: None,
    meaning: "The longest request target.",
    excess: "414; the connection ends.",
};

/// Fields of one head.
pub const HTTP1_FIELDS: Limit = Limit {
    name: "http1_fields",
    value: 128,
    unit: Unit::Count,
    variable: None,
    meaning: "Fields of one head.",
    excess: "431 for requests, 502 for responses; the connection ends.",
};

/// The longest trailer section.
pub const HTTP1_TRAILER_BYTES: Limit = Limit {
    name: "http1_trailer_bytes",
    value: 16384,
    unit: Unit::Bytes,
    variable: None,
    meaning: "The longest trailer section.",
    excess: "The message is broken off.",
};

/// Fields of one trailer section.
pub const HTTP1_TRAILER_FIELDS: Limit = Limit {
    name: "http1_trailer_fields",
    value: 64,
    unit: Unit::Count,
    variable: None,
    meaning: "Fields of one trailer section.",
    excess: "The message is broken off.",
};

/// The longest line that begins a chunk, extensions included.
pub const HTTP1_CHUNK_LINE_BYTES: Limit = Limit {
    name: "http1_chunk_line_bytes",
    value: 4096,
    unit: Unit::Bytes,
    variable: None,
    meaning: "The longest line that begins a chunk, extensions included.",
    excess: "The message is broken off.",
};

/// How long a client may take for a head once it has begun one.
pub const HTTP1_HEAD_TIME: Limit = Limit {
    name: "http1_head_time",
    value: 30,
    unit: Unit::Seconds,
    variable: None,
    meaning: "How long a client may take for a head once it has begun one.",
    excess: "The connection is closed.",
};

/// Interim (1xx) responses before the final one.
pub const HTTP1_INTERIM_RESPONSES: Limit = Limit {
    name: "http1_interim_responses",
    value: 64,
    unit: Unit::Count,
    variable: None,
    meaning: "Interim (1xx) responses before the final one.",
    excess: "502, reason bad_response.",
};

/// How much of a request that was answered early is read for the sake of the connection.
pub const HTTP1_DISCARDED_BYTES: Limit = Limit {
    name: "http1_discarded_bytes",
    value: 262144,
    unit: Unit::Bytes,
    variable: None,
    meaning: "How much of a request that was answered early is read for the sake of the connection.",
    excess: "The connection is closed after the response.",
};

/// How long is read after the last response so that the client gets to read it.
pub const HTTP1_LINGER_TIME: Limit = Limit {
    name: "http1_linger_time",
    value: 1,
    unit: Unit::Seconds,
    variable: None,
    meaning: "How long is read after the last response so that the client gets to read it.",
    excess: "The connection is closed.",
};

/// How much is read then.
pub const HTTP1_LINGER_BYTES: Limit = Limit {
    name: "http1_linger_bytes",
    value: 1048576,
    unit: Unit::Bytes,
    variable: None,
    meaning: "How much is read then.",
    excess: "The connection is closed.",
};

/// How much of the next requests is read while one is answered.
pub const HTTP1_READ_AHEAD_BYTES: Limit = Limit {
    name: "http1_read_ahead_bytes",
    value: 16384,
    unit: Unit::Bytes,
    variable: None,
    meaning: "How much of the next requests is read while one is answered.",
    excess: "The rest stays in the socket.",
};

/// How much waits to be written to a connection.
pub const HTTP1_WAITING_BYTES: Limit = Limit {
    name: "http1_waiting_bytes",
    value: 131072,
    unit: Unit::Bytes,
    variable: None,
    meaning: "How much waits to be written to a connection.",
    excess: "Its source is read no further.",
};

/// How often a path may be percent-encoded where a path rule applies.
pub const PATH_DECODINGS: Limit = Limit {
    name: "path_decodings",
    value: 4,
    unit: Unit::Count,
    variable: None,
    meaning: "How often a path may be percent-encoded where a path rule applies.",
    excess: "400, reason ambiguous_path.",
};

/// How long a response may take to begin after its client has ended its sending direction.
pub const HTTP_HALF_CLOSED_TIME: Limit = Limit {
    name: "http_half_closed_time",
    value: 30,
    unit: Unit::Seconds,
    variable: None,
    meaning: "How long a response may take to begin after its client has ended its sending direction.",
    excess: "The request is given up.",
};

/// How long a client may take for its preface and settings.
pub const HTTP2_PREFACE_TIME: Limit = Limit {
    name: "http2_preface_time",
    value: 10,
    unit: Unit::Seconds,
    variable: None,
    meaning: "How long a client may take for its preface and settings.",
    excess: "The connection ends with SETTINGS_TIMEOUT.",
};

/// Concurrent streams of a meshed peer's connection.
pub const HTTP2_STREAMS: Limit = Limit {
    name: "http2_streams",
    value: 10000,
    unit: Unit::Count,
    variable: Some("INBOUND_SERVER_HTTP2_MAX_CONCURRENT_STREAMS"),
    meaning: "Concurrent streams of a meshed peer's connection.",
    excess: "REFUSED_STREAM.",
};

/// Concurrent streams of a connection that nobody vouches for.
pub const HTTP2_STRANGER_STREAMS: Limit = Limit {
    name: "http2_stranger_streams",
    value: 500,
    unit: Unit::Count,
    variable: Some("INBOUND_SERVER_HTTP2_MAX_CONCURRENT_STREAMS"),
    meaning: "Concurrent streams of a connection that nobody vouches for.",
    excess: "REFUSED_STREAM.",
};

/// Connections of one worker to one endpoint: the first one carries everything until the endpoint's limit of streams is reached.
pub const HTTP2_CLIENT_CONNECTIONS: Limit = Limit {
    name: "http2_client_connections",
    value: 8,
    unit: Unit::Count,
    variable: None,
    meaning: "Connections of one worker to one endpoint: the first one carries everything until the endpoint's limit of streams is reached.",
    excess: "Requests wait for a stream, for as long as OUTBOUND_HTTP_FAILFAST_TIMEOUT or its inbound twin says.",
};

/// The largest head, counted as RFC 9113 counts it: 32 more for each field.
pub const HTTP2_HEADER_LIST_BYTES: Limit = Limit {
    name: "http2_header_list_bytes",
    value: 131072,
    unit: Unit::Bytes,
    variable: Some("INBOUND_SERVER_HTTP2_MAX_HEADER_LIST_SIZE"),
    meaning: "The largest head, counted as RFC 9113 counts it: 32 more for each field.",
    excess: "431.",
};

/// Fields of one head or trailer section, each part of a Cookie that was cut up by itself.
pub const HTTP2_FIELDS: Limit = Limit {
    name: "http2_fields",
    value: 128,
    unit: Unit::Count,
    variable: None,
    meaning: "Fields of one head or trailer section, each part of a Cookie that was cut up by itself.",
    excess: "431 for requests, 502 for responses.",
};

/// The longest name of a field.
pub const HTTP2_FIELD_NAME_BYTES: Limit = Limit {
    name: "http2_field_name_bytes",
    value: 1024,
    unit: Unit::Bytes,
    variable: None,
    meaning: "The longest name of a field.",
    excess: "431 for requests, 502 for responses.",
};

/// The longest compressed head, CONTINUATION frames included; twice the largest head if that is more.
pub const HTTP2_HEADER_BLOCK_BYTES: Limit = Limit {
    name: "http2_header_block_bytes",
    value: 262144,
    unit: Unit::Bytes,
    variable: None,
    meaning: "The longest compressed head, CONTINUATION frames included; twice the largest head if that is more.",
    excess: "GOAWAY with ENHANCE_YOUR_CALM.",
};

/// CONTINUATION frames of one head, empty ones too (CVE-2024-27316).
pub const HTTP2_CONTINUATIONS: Limit = Limit {
    name: "http2_continuations",
    value: 32,
    unit: Unit::Count,
    variable: None,
    meaning: "CONTINUATION frames of one head, empty ones too (CVE-2024-27316).",
    excess: "GOAWAY with ENHANCE_YOUR_CALM.",
};

/// The table of repeated fields, for each direction of a connection.
pub const HTTP2_HEADER_TABLE_BYTES: Limit = Limit {
    name: "http2_header_table_bytes",
    value: 4096,
    unit: Unit::Bytes,
    variable: None,
    meaning: "The table of repeated fields, for each direction of a connection.",
    excess: "A peer that asks for more gets GOAWAY with COMPRESSION_ERROR; what does not fit is sent in full.",
};

/// How much of one stream's content a peer may send ahead; INBOUND_SERVER_HTTP2_INITIAL_STREAM_WINDOW_SIZE and its outbound twin replace it.
pub const HTTP2_STREAM_WINDOW_BYTES: Limit = Limit {
    name: "http2_stream_window_bytes",
    value: 1048576,
    unit: Unit::Bytes,
    variable: None,
    meaning: "How much of one stream's content a peer may send ahead; INBOUND_SERVER_HTTP2_INITIAL_STREAM_WINDOW_SIZE and its outbound twin replace it.",
    excess: "The stream is reset with FLOW_CONTROL_ERROR.",
};

/// The same of one connection: so many streams may stall before they hold up the others.
pub const HTTP2_CONNECTION_WINDOW_BYTES: Limit = Limit {
    name: "http2_connection_window_bytes",
    value: 33554432,
    unit: Unit::Bytes,
    variable: None,
    meaning: "The same of one connection: so many streams may stall before they hold up the others.",
    excess: "GOAWAY with FLOW_CONTROL_ERROR.",
};

/// How much of one stream's content waits to be sent.
pub const HTTP2_SEND_BUFFER_BYTES: Limit = Limit {
    name: "http2_send_buffer_bytes",
    value: 262144,
    unit: Unit::Bytes,
    variable: Some("INBOUND_SERVER_HTTP2_MAX_SEND_BUF_SIZE"),
    meaning: "How much of one stream's content waits to be sent.",
    excess: "Its source is read no further.",
};

/// Streams that a peer resets before the proxy has looked at them (CVE-2023-44487).
pub const HTTP2_PENDING_RESETS: Limit = Limit {
    name: "http2_pending_resets",
    value: 100,
    unit: Unit::Count,
    variable: Some("INBOUND_SERVER_HTTP2_MAX_PENDING_ACCEPT_RESET_STREAMS"),
    meaning: "Streams that a peer resets before the proxy has looked at them (CVE-2023-44487).",
    excess: "GOAWAY with ENHANCE_YOUR_CALM.",
};

/// Frames in a row that bring nothing or cost an answer, between the proxies: settings, pings, priorities, empty ones, resets of requests in progress (CVE-2019-9512 and others).
pub const HTTP2_CONTROL_FRAMES: Limit = Limit {
    name: "http2_control_frames",
    value: 10000,
    unit: Unit::Count,
    variable: None,
    meaning: "Frames in a row that bring nothing or cost an answer, between the proxies: settings, pings, priorities, empty ones, resets of requests in progress (CVE-2019-9512 and others).",
    excess: "GOAWAY with ENHANCE_YOUR_CALM.",
};

/// How many of them are forgiven each second.
pub const HTTP2_CONTROL_FRAME_RATE: Limit = Limit {
    name: "http2_control_frame_rate",
    value: 1000,
    unit: Unit::Count,
    variable: None,
    meaning: "How many of them are forgiven each second.",
    excess: "They count towards those in a row.",
};

/// Heads and answers that wait for a peer which reads nothing, beyond the content that waits.
pub const HTTP2_UNREAD_ANSWERS: Limit = Limit {
    name: "http2_unread_answers",
    value: 1048576,
    unit: Unit::Bytes,
    variable: None,
    meaning: "Heads and answers that wait for a peer which reads nothing, beyond the content that waits.",
    excess: "GOAWAY with ENHANCE_YOUR_CALM.",
};

/// How much of one stream's content a proxy of the mesh may send ahead at first; it doubles up to HTTP2_STREAM_WINDOW_BYTES while nothing but the window holds the content up.
pub const HTTP2_FIRST_STREAM_WINDOW_BYTES: Limit = Limit {
    name: "http2_first_stream_window_bytes",
    value: 262144,
    unit: Unit::Bytes,
    variable: None,
    meaning: "How much of one stream's content a proxy of the mesh may send ahead at first; it doubles up to HTTP2_STREAM_WINDOW_BYTES while nothing but the window holds the content up.",
    excess: "The stream is reset with FLOW_CONTROL_ERROR.",
};

/// Requests in progress in one direction, all workers together.
pub const IN_FLIGHT_REQUESTS: Limit = Limit {
    name: "in_flight_requests",
    value: 100000,
    unit: Unit::Count,
    variable: Some("INBOUND_MAX_IN_FLIGHT"),
    meaning: "Requests in progress in one direction, all workers together.",
    excess: "503, reason load_shed.",
};

/// Connections to one control-plane service, begun where its limit of streams is reached.
pub const CONTROL_CONNECTIONS: Limit = Limit {
    name: "control_connections",
    value: 64,
    unit: Unit::Count,
    variable: None,
    meaning: "Connections to one control-plane service, begun where its limit of streams is reached.",
    excess: "Further streams wait for others to end.",
};

/// The largest message of the control plane: some hundred thousand endpoints.
pub const CONTROL_MESSAGE_BYTES: Limit = Limit {
    name: "control_message_bytes",
    value: 67108864,
    unit: Unit::Bytes,
    variable: None,
    meaning: "The largest message of the control plane: some hundred thousand endpoints.",
    excess: "The stream is closed and opened again with back-off.",
};

/// Streams that one page of /control.json shows.
pub const CONTROL_STREAMS_SHOWN: Limit = Limit {
    name: "control_streams_shown",
    value: 4096,
    unit: Unit::Count,
    variable: None,
    meaning: "Streams that one page of /control.json shows.",
    excess: "Further ones are only counted.",
};

/// How long one DNS server may take to answer one question.
pub const DNS_QUERY_TIME: Limit = Limit {
    name: "dns_query_time",
    value: 1,
    unit: Unit::Seconds,
    variable: None,
    meaning: "How long one DNS server may take to answer one question.",
    excess: "The next server is asked; what was known of the name stays in use.",
};

/// How long it is believed that a name has no addresses, whatever its zone says.
pub const DNS_NEGATIVE_TIME: Limit = Limit {
    name: "dns_negative_time",
    value: 5,
    unit: Unit::Seconds,
    variable: None,
    meaning: "How long it is believed that a name has no addresses, whatever its zone says.",
    excess: "DNS is asked again.",
};

/// The shortest time after which a name is asked for again, whatever its TTL says.
pub const DNS_REFRESH_TIME: Limit = Limit {
    name: "dns_refresh_time",
    value: 1,
    unit: Unit::Seconds,
    variable: None,
    meaning: "The shortest time after which a name is asked for again, whatever its TTL says.",
    excess: "The earlier answer is used.",
};

/// Addresses of one name, and SRV records of one name.
pub const DNS_ANSWERS: Limit = Limit {
    name: "dns_answers",
    value: 256,
    unit: Unit::Count,
    variable: None,
    meaning: "Addresses of one name, and SRV records of one name.",
    excess: "Further ones are left out.",
};

/// Destinations that are watched at the same time.
pub const DISCOVERY_DESTINATIONS: Limit = Limit {
    name: "discovery_destinations",
    value: 16384,
    unit: Unit::Count,
    variable: None,
    meaning: "Destinations that are watched at the same time.",
    excess: "Further ones are refused, reason discovery.",
};

/// Destinations no longer in use whose last answer is kept for when the control plane is away.
pub const DISCOVERY_REMEMBERED: Limit = Limit {
    name: "discovery_remembered",
    value: 1024,
    unit: Unit::Count,
    variable: None,
    meaning: "Destinations no longer in use whose last answer is kept for when the control plane is away.",
    excess: "The one that was not used for longest is forgotten.",
};

/// Ports beyond the pod's declared ones whose policy is watched.
pub const POLICY_PORTS_ON_DEMAND: Limit = Limit {
    name: "policy_ports_on_demand",
    value: 256,
    unit: Unit::Count,
    variable: None,
    meaning: "Ports beyond the pod's declared ones whose policy is watched.",
    excess: "Further ones have the default policy.",
};

/// Label sets of requests, and of connections (CVE-2025-43915).
pub const METRICS_TRAFFIC_LABEL_SETS: Limit = Limit {
    name: "metrics_traffic_label_sets",
    value: 8192,
    unit: Unit::Count,
    variable: None,
    meaning: "Label sets of requests, and of connections (CVE-2025-43915).",
    excess: "Further ones are counted together.",
};

/// Label sets of any other family.
pub const METRICS_FAMILY_LABEL_SETS: Limit = Limit {
    name: "metrics_family_label_sets",
    value: 1024,
    unit: Unit::Count,
    variable: None,
    meaning: "Label sets of any other family.",
    excess: "Further ones are counted together.",
};

/// Log lines that wait for a reader of standard error.
pub const LOG_QUEUE_LINES: Limit = Limit {
    name: "log_queue_lines",
    value: 1024,
    unit: Unit::Count,
    variable: None,
    meaning: "Log lines that wait for a reader of standard error.",
    excess: "Further ones are dropped and counted.",
};

/// Connections to the admin server.
pub const ADMIN_CONNECTIONS: Limit = Limit {
    name: "admin_connections",
    value: 128,
    unit: Unit::Count,
    variable: None,
    meaning: "Connections to the admin server.",
    excess: "The one that waits longest for a request is closed.",
};

/// The largest body of a request to the admin server.
pub const ADMIN_BODY_BYTES: Limit = Limit {
    name: "admin_body_bytes",
    value: 8192,
    unit: Unit::Bytes,
    variable: None,
    meaning: "The largest body of a request to the admin server.",
    excess: "413.",
};

/// How long a client of the admin server may take for a head, and for a body.
pub const ADMIN_REQUEST_TIME: Limit = Limit {
    name: "admin_request_time",
    value: 10,
    unit: Unit::Seconds,
    variable: None,
    meaning: "How long a client of the admin server may take for a head, and for a body.",
    excess: "The connection is closed; 408 for a body.",
};

/// Rejections that the admin server shows.
pub const REJECTIONS_KEPT: Limit = Limit {
    name: "rejections_kept",
    value: 1000,
    unit: Unit::Count,
    variable: None,
    meaning: "Rejections that the admin server shows.",
    excess: "The oldest one is forgotten.",
};

/// How much of a host, a path or another input a kept rejection shows.
pub const REJECTION_TEXT_BYTES: Limit = Limit {
    name: "rejection_text_bytes",
    value: 256,
    unit: Unit::Bytes,
    variable: None,
    meaning: "How much of a host, a path or another input a kept rejection shows.",
    excess: "The rest is cut off.",
};

/// Every one of them, in the order of the table.
pub static ALL: &[&Limit] = &[
    &RELAY_WIDE_BUFFERS,
    &RELAY_TURN_BYTES,
    &DETECT_CLIENT_HELLO_BYTES,
    &DETECT_TLS_RECORDS,
    &DETECT_METHOD_BYTES,
    &DETECT_QUIET_TIME,
    &DETECT_REMEMBERED_DESTINATIONS,
    &DETECT_REMEMBERED_TIME,
    &DETECT_FIRST_LINE_BYTES,
    &DETECT_EMPTY_LINES,
    &TRANSPORT_HEADER_BYTES,
    &GATEWAYS,
    &DRAIN_LAST_WORDS_TIME,
    &TLS_HANDSHAKE_STEPS,
    &HTTP1_HEAD_BYTES,
    &HTTP1_TARGET_BYTES,
    &HTTP1_FIELDS,
    &HTTP1_TRAILER_BYTES,
    &HTTP1_TRAILER_FIELDS,
    &HTTP1_CHUNK_LINE_BYTES,
    &HTTP1_HEAD_TIME,
    &HTTP1_INTERIM_RESPONSES,
    &HTTP1_DISCARDED_BYTES,
    &HTTP1_LINGER_TIME,
    &HTTP1_LINGER_BYTES,
    &HTTP1_READ_AHEAD_BYTES,
    &HTTP1_WAITING_BYTES,
    &PATH_DECODINGS,
    &HTTP_HALF_CLOSED_TIME,
    &HTTP2_PREFACE_TIME,
    &HTTP2_STREAMS,
    &HTTP2_STRANGER_STREAMS,
    &HTTP2_CLIENT_CONNECTIONS,
    &HTTP2_HEADER_LIST_BYTES,
    &HTTP2_FIELDS,
    &HTTP2_FIELD_NAME_BYTES,
    &HTTP2_HEADER_BLOCK_BYTES,
    &HTTP2_CONTINUATIONS,
    &HTTP2_HEADER_TABLE_BYTES,
    &HTTP2_STREAM_WINDOW_BYTES,
    &HTTP2_CONNECTION_WINDOW_BYTES,
    &HTTP2_SEND_BUFFER_BYTES,
    &HTTP2_PENDING_RESETS,
    &HTTP2_CONTROL_FRAMES,
    &HTTP2_CONTROL_FRAME_RATE,
    &HTTP2_UNREAD_ANSWERS,
    &HTTP2_FIRST_STREAM_WINDOW_BYTES,
    &IN_FLIGHT_REQUESTS,
    &CONTROL_CONNECTIONS,
    &CONTROL_MESSAGE_BYTES,
    &CONTROL_STREAMS_SHOWN,
    &DNS_QUERY_TIME,
    &DNS_NEGATIVE_TIME,
    &DNS_REFRESH_TIME,
    &DNS_ANSWERS,
    &DISCOVERY_DESTINATIONS,
    &DISCOVERY_REMEMBERED,
    &POLICY_PORTS_ON_DEMAND,
    &METRICS_TRAFFIC_LABEL_SETS,
    &METRICS_FAMILY_LABEL_SETS,
    &LOG_QUEUE_LINES,
    &ADMIN_CONNECTIONS,
    &ADMIN_BODY_BYTES,
    &ADMIN_REQUEST_TIME,
    &REJECTIONS_KEPT,
    &REJECTION_TEXT_BYTES,
];
