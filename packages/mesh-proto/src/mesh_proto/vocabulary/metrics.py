# @generated from vocabulary/metrics.toml by tools/generate.py; do not edit.
"""The families of metrics that the proxy shows."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    """What the numbers of a family are."""

    COUNTER = "counter"
    """A number that only grows."""
    GAUGE = "gauge"
    """A number that grows and shrinks."""
    HISTOGRAM = "histogram"
    """Observations, counted in buckets."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One family."""

    name: str
    """The family's name."""
    kind: Kind
    """What its numbers are."""
    labels: tuple[str, ...]
    """The labels that its series may have; NAME_* stands for many."""
    meaning: str
    """What is counted or measured."""


REQUEST_TOTAL: Final = Metric(
    name="request_total",
    kind=Kind.COUNTER,
    labels=(
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
    ),
    meaning="Requests begun.",
)
RESPONSE_TOTAL: Final = Metric(
    name="response_total",
    kind=Kind.COUNTER,
    labels=(
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
    ),
    meaning="Responses ended.",
)
RESPONSE_LATENCY_MS: Final = Metric(
    name="response_latency_ms",
    kind=Kind.HISTOGRAM,
    labels=(
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
    ),
    meaning="Time from a request's begin to the first frame of its response's body, in milliseconds.",
)
CONTROL_REQUEST_TOTAL: Final = Metric(
    name="control_request_total",
    kind=Kind.COUNTER,
    labels=(
        "addr",
        "tls",
        "no_tls_reason",
        "server_id",
    ),
    meaning="Requests to a control-plane service begun.",
)
CONTROL_RESPONSE_TOTAL: Final = Metric(
    name="control_response_total",
    kind=Kind.COUNTER,
    labels=(
        "addr",
        "tls",
        "no_tls_reason",
        "server_id",
        "status_code",
        "classification",
        "grpc_status",
    ),
    meaning="Responses of a control-plane service ended.",
)
CONTROL_RESPONSE_LATENCY_MS: Final = Metric(
    name="control_response_latency_ms",
    kind=Kind.HISTOGRAM,
    labels=(
        "addr",
        "tls",
        "no_tls_reason",
        "server_id",
        "status_code",
    ),
    meaning="Time from a request's begin to the first frame of its response's body, in milliseconds.",
)
TCP_OPEN_TOTAL: Final = Metric(
    name="tcp_open_total",
    kind=Kind.COUNTER,
    labels=(
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
    ),
    meaning="Connections opened.",
)
TCP_OPEN_CONNECTIONS: Final = Metric(
    name="tcp_open_connections",
    kind=Kind.GAUGE,
    labels=(
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
    ),
    meaning="Connections open now.",
)
TCP_READ_BYTES_TOTAL: Final = Metric(
    name="tcp_read_bytes_total",
    kind=Kind.COUNTER,
    labels=(
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
    ),
    meaning="Bytes read from peers.",
)
TCP_WRITE_BYTES_TOTAL: Final = Metric(
    name="tcp_write_bytes_total",
    kind=Kind.COUNTER,
    labels=(
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
    ),
    meaning="Bytes written to peers.",
)
TCP_CLOSE_TOTAL: Final = Metric(
    name="tcp_close_total",
    kind=Kind.COUNTER,
    labels=(
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
    ),
    meaning="Connections closed.",
)
INBOUND_TCP_ERRORS_TOTAL: Final = Metric(
    name="inbound_tcp_errors_total",
    kind=Kind.COUNTER,
    labels=(
        "error",
        "target_addr",
        "target_ip",
        "target_port",
        "srv_*",
    ),
    meaning="Inbound connections that failed, by error.",
)
OUTBOUND_TCP_ERRORS_TOTAL: Final = Metric(
    name="outbound_tcp_errors_total",
    kind=Kind.COUNTER,
    labels=("error",),
    meaning="Outbound connections that failed, by error.",
)
INBOUND_HTTP_ERRORS_TOTAL: Final = Metric(
    name="inbound_http_errors_total",
    kind=Kind.COUNTER,
    labels=(
        "error",
        "target_addr",
        "srv_*",
    ),
    meaning="Inbound requests that the proxy failed, by error.",
)
OUTBOUND_HTTP_ERRORS_TOTAL: Final = Metric(
    name="outbound_http_errors_total",
    kind=Kind.COUNTER,
    labels=("error",),
    meaning="Outbound requests that the proxy failed, by error.",
)
INBOUND_HTTP_RESENDS_TOTAL: Final = Metric(
    name="inbound_http_resends_total",
    kind=Kind.COUNTER,
    labels=(),
    meaning="Inbound requests sent once more, because the connection ended before any byte of the response.",
)
OUTBOUND_HTTP_RESENDS_TOTAL: Final = Metric(
    name="outbound_http_resends_total",
    kind=Kind.COUNTER,
    labels=(),
    meaning="Outbound requests sent once more, because the connection ended before any byte of the response.",
)
INBOUND_HTTP_AUTHZ_ALLOW_TOTAL: Final = Metric(
    name="inbound_http_authz_allow_total",
    kind=Kind.COUNTER,
    labels=(
        "target_addr",
        "target_ip",
        "target_port",
        "tls",
        "no_tls_reason",
        "client_id",
        "srv_*",
        "route_*",
        "authz_*",
    ),
    meaning="Requests that an authorization let in.",
)
INBOUND_HTTP_AUTHZ_DENY_TOTAL: Final = Metric(
    name="inbound_http_authz_deny_total",
    kind=Kind.COUNTER,
    labels=(
        "target_addr",
        "target_ip",
        "target_port",
        "tls",
        "no_tls_reason",
        "client_id",
        "srv_*",
        "route_*",
    ),
    meaning="Requests that no authorization let in.",
)
INBOUND_HTTP_ROUTE_NOT_FOUND_TOTAL: Final = Metric(
    name="inbound_http_route_not_found_total",
    kind=Kind.COUNTER,
    labels=(
        "target_addr",
        "target_ip",
        "target_port",
        "tls",
        "no_tls_reason",
        "client_id",
        "srv_*",
    ),
    meaning="Requests that matched no route.",
)
INBOUND_HTTP_LOCAL_RATELIMIT_TOTAL: Final = Metric(
    name="inbound_http_local_ratelimit_total",
    kind=Kind.COUNTER,
    labels=(
        "target_addr",
        "target_ip",
        "target_port",
        "tls",
        "no_tls_reason",
        "client_id",
        "srv_*",
        "scope",
    ),
    meaning="Requests refused by the local rate limit.",
)
INBOUND_TCP_AUTHZ_ALLOW_TOTAL: Final = Metric(
    name="inbound_tcp_authz_allow_total",
    kind=Kind.COUNTER,
    labels=(
        "target_addr",
        "target_ip",
        "target_port",
        "tls",
        "no_tls_reason",
        "client_id",
        "sni",
        "srv_*",
        "authz_*",
    ),
    meaning="Connections that an authorization let in.",
)
INBOUND_TCP_AUTHZ_DENY_TOTAL: Final = Metric(
    name="inbound_tcp_authz_deny_total",
    kind=Kind.COUNTER,
    labels=(
        "target_addr",
        "target_ip",
        "target_port",
        "tls",
        "no_tls_reason",
        "client_id",
        "sni",
        "srv_*",
    ),
    meaning="Connections that no authorization let in.",
)
INBOUND_TCP_AUTHZ_TERMINATE_TOTAL: Final = Metric(
    name="inbound_tcp_authz_terminate_total",
    kind=Kind.COUNTER,
    labels=(
        "target_addr",
        "target_ip",
        "target_port",
        "tls",
        "no_tls_reason",
        "client_id",
        "sni",
        "srv_*",
    ),
    meaning="Connections ended because a policy changed.",
)
INBOUND_TCP_DETECT_HTTP_RESULTS_TOTAL: Final = Metric(
    name="inbound_tcp_detect_http_results_total",
    kind=Kind.COUNTER,
    labels=(
        "srv_*",
        "result",
    ),
    meaning="Inbound protocol detections, by result.",
)
OUTBOUND_TCP_DETECT_HTTP_RESULTS_TOTAL: Final = Metric(
    name="outbound_tcp_detect_http_results_total",
    kind=Kind.COUNTER,
    labels=("result",),
    meaning="Outbound protocol detections, by result.",
)
INBOUND_TCP_DETECT_DECISIONS_TOTAL: Final = Metric(
    name="inbound_tcp_detect_decisions_total",
    kind=Kind.COUNTER,
    labels=(
        "srv_*",
        "protocol",
        "reason",
    ),
    meaning="Inbound connections, by the protocol that they are taken for and the reason.",
)
OUTBOUND_TCP_DETECT_DECISIONS_TOTAL: Final = Metric(
    name="outbound_tcp_detect_decisions_total",
    kind=Kind.COUNTER,
    labels=(
        "protocol",
        "reason",
    ),
    meaning="Outbound connections, by the protocol that they are taken for and the reason.",
)
OUTBOUND_TLS_SERVER_NAMES_TOTAL: Final = Metric(
    name="outbound_tls_server_names_total",
    kind=Kind.COUNTER,
    labels=("sni",),
    meaning="TLS connections of the application, by the server name that they ask for.",
)
OUTBOUND_TCP_PROTOCOL_CONNECTIONS_TOTAL: Final = Metric(
    name="outbound_tcp_protocol_connections_total",
    kind=Kind.COUNTER,
    labels=("protocol",),
    meaning="Outbound connections, by protocol.",
)
INBOUND_TCP_TRANSPORT_HEADER_CONNECTIONS_TOTAL: Final = Metric(
    name="inbound_tcp_transport_header_connections_total",
    kind=Kind.COUNTER,
    labels=(
        "session_protocol",
        "target_port",
        "target_name",
        "client_id",
    ),
    meaning="Connections that began with a transport header.",
)
INBOUND_TCP_DETECT_HTTP_DURATION_SECONDS: Final = Metric(
    name="inbound_tcp_detect_http_duration_seconds",
    kind=Kind.HISTOGRAM,
    labels=("srv_*",),
    meaning="How long inbound protocol detection took.",
)
OUTBOUND_TCP_DETECT_HTTP_DURATION_SECONDS: Final = Metric(
    name="outbound_tcp_detect_http_duration_seconds",
    kind=Kind.HISTOGRAM,
    labels=(),
    meaning="How long outbound protocol detection took.",
)
CONTROL_DNS_RESOLUTIONS_TOTAL: Final = Metric(
    name="control_dns_resolutions_total",
    kind=Kind.COUNTER,
    labels=(
        "client",
        "record_type",
        "result",
    ),
    meaning="DNS look-ups, by client, record type and result.",
)
CONTROL_CONNECTS_TOTAL: Final = Metric(
    name="control_connects_total",
    kind=Kind.COUNTER,
    labels=(
        "service",
        "addr",
        "result",
    ),
    meaning="Attempts to connect to a control-plane service, by result.",
)
CONTROL_STREAMS_TOTAL: Final = Metric(
    name="control_streams_total",
    kind=Kind.COUNTER,
    labels=(
        "service",
        "call",
        "reason",
    ),
    meaning="Control streams that ended, by service, call and reason.",
)
CONTROL_REVISION_REJECTED_TOTAL: Final = Metric(
    name="control_revision_rejected_total",
    kind=Kind.COUNTER,
    labels=(
        "service",
        "call",
    ),
    meaning="Control messages dropped because their revision did not increase.",
)
CONTROL_MESSAGE_REJECTED_TOTAL: Final = Metric(
    name="control_message_rejected_total",
    kind=Kind.COUNTER,
    labels=("call",),
    meaning="Control messages dropped because they could not be understood.",
)
CONTROL_CONNECTED: Final = Metric(
    name="control_connected",
    kind=Kind.GAUGE,
    labels=(
        "service",
        "addr",
    ),
    meaning="Whether the control-plane service is connected (1) or not (0).",
)
CONTROL_DISCOVERY_STALE: Final = Metric(
    name="control_discovery_stale",
    kind=Kind.GAUGE,
    labels=(),
    meaning="Destinations served from memory because the control plane does not answer.",
)
CONTROL_STREAM_CONNECTED: Final = Metric(
    name="control_stream_connected",
    kind=Kind.GAUGE,
    labels=(
        "service",
        "call",
        "target",
    ),
    meaning="Whether the control stream about the target is open.",
)
CONTROL_STREAM_LAST_ANSWER_TIMESTAMP_SECONDS: Final = Metric(
    name="control_stream_last_answer_timestamp_seconds",
    kind=Kind.GAUGE,
    labels=(
        "service",
        "call",
        "target",
    ),
    meaning="When the control stream's last answer came, in seconds since 1970.",
)
CONTROL_STREAM_REVISION: Final = Metric(
    name="control_stream_revision",
    kind=Kind.GAUGE,
    labels=(
        "service",
        "call",
        "target",
    ),
    meaning="The revision of the control stream's last answer.",
)
CONTROL_IDENTITY_CERT_REFRESHES_TOTAL: Final = Metric(
    name="control_identity_cert_refreshes_total",
    kind=Kind.COUNTER,
    labels=("result",),
    meaning="Certifications, by result.",
)
CONTROL_IDENTITY_CERT_EXPIRATION_TIMESTAMP_SECONDS: Final = Metric(
    name="control_identity_cert_expiration_timestamp_seconds",
    kind=Kind.GAUGE,
    labels=(),
    meaning="When the certificate expires, in seconds since 1970.",
)
CONTROL_IDENTITY_CERT_REFRESH_TIMESTAMP_SECONDS: Final = Metric(
    name="control_identity_cert_refresh_timestamp_seconds",
    kind=Kind.GAUGE,
    labels=(),
    meaning="When the certificate was last renewed, in seconds since 1970.",
)
PROXY_CONNECTION_PANICS_TOTAL: Final = Metric(
    name="proxy_connection_panics_total",
    kind=Kind.COUNTER,
    labels=(),
    meaning="Connections that ended because of a defect in the proxy.",
)
PROXY_BUILD_INFO: Final = Metric(
    name="proxy_build_info",
    kind=Kind.GAUGE,
    labels=(
        "version",
        "vendor",
    ),
    meaning="What was built; always 1.",
)
RUSTLS_INFO: Final = Metric(
    name="rustls_info",
    kind=Kind.GAUGE,
    labels=(
        "tls_suites",
        "tls_kx_groups",
        "tls_rand",
        "tls_key_provider",
        "tls_fips",
    ),
    meaning="The cryptography in use; always 1.",
)
PROXY_LOG_LINES_DROPPED_TOTAL: Final = Metric(
    name="proxy_log_lines_dropped_total",
    kind=Kind.COUNTER,
    labels=(),
    meaning="Log lines dropped because nobody read the log.",
)
PROCESS_START_TIME_SECONDS: Final = Metric(
    name="process_start_time_seconds",
    kind=Kind.GAUGE,
    labels=(),
    meaning="When the proxy started, in seconds since 1970.",
)
PROCESS_CPU_SECONDS_TOTAL: Final = Metric(
    name="process_cpu_seconds_total",
    kind=Kind.COUNTER,
    labels=(),
    meaning="CPU time used, in seconds.",
)
PROCESS_RESIDENT_MEMORY_BYTES: Final = Metric(
    name="process_resident_memory_bytes",
    kind=Kind.GAUGE,
    labels=(),
    meaning="Resident memory.",
)
PROCESS_VIRTUAL_MEMORY_BYTES: Final = Metric(
    name="process_virtual_memory_bytes",
    kind=Kind.GAUGE,
    labels=(),
    meaning="Virtual memory.",
)
PROCESS_THREADS: Final = Metric(
    name="process_threads",
    kind=Kind.GAUGE,
    labels=(),
    meaning="Threads.",
)
PROCESS_OPEN_FDS: Final = Metric(
    name="process_open_fds",
    kind=Kind.GAUGE,
    labels=(),
    meaning="Open files.",
)
PROCESS_MAX_FDS: Final = Metric(
    name="process_max_fds",
    kind=Kind.GAUGE,
    labels=(),
    meaning="Most files that may be open.",
)

ALL: Final[tuple[Metric, ...]] = (
    REQUEST_TOTAL,
    RESPONSE_TOTAL,
    RESPONSE_LATENCY_MS,
    CONTROL_REQUEST_TOTAL,
    CONTROL_RESPONSE_TOTAL,
    CONTROL_RESPONSE_LATENCY_MS,
    TCP_OPEN_TOTAL,
    TCP_OPEN_CONNECTIONS,
    TCP_READ_BYTES_TOTAL,
    TCP_WRITE_BYTES_TOTAL,
    TCP_CLOSE_TOTAL,
    INBOUND_TCP_ERRORS_TOTAL,
    OUTBOUND_TCP_ERRORS_TOTAL,
    INBOUND_HTTP_ERRORS_TOTAL,
    OUTBOUND_HTTP_ERRORS_TOTAL,
    INBOUND_HTTP_RESENDS_TOTAL,
    OUTBOUND_HTTP_RESENDS_TOTAL,
    INBOUND_HTTP_AUTHZ_ALLOW_TOTAL,
    INBOUND_HTTP_AUTHZ_DENY_TOTAL,
    INBOUND_HTTP_ROUTE_NOT_FOUND_TOTAL,
    INBOUND_HTTP_LOCAL_RATELIMIT_TOTAL,
    INBOUND_TCP_AUTHZ_ALLOW_TOTAL,
    INBOUND_TCP_AUTHZ_DENY_TOTAL,
    INBOUND_TCP_AUTHZ_TERMINATE_TOTAL,
    INBOUND_TCP_DETECT_HTTP_RESULTS_TOTAL,
    OUTBOUND_TCP_DETECT_HTTP_RESULTS_TOTAL,
    INBOUND_TCP_DETECT_DECISIONS_TOTAL,
    OUTBOUND_TCP_DETECT_DECISIONS_TOTAL,
    OUTBOUND_TLS_SERVER_NAMES_TOTAL,
    OUTBOUND_TCP_PROTOCOL_CONNECTIONS_TOTAL,
    INBOUND_TCP_TRANSPORT_HEADER_CONNECTIONS_TOTAL,
    INBOUND_TCP_DETECT_HTTP_DURATION_SECONDS,
    OUTBOUND_TCP_DETECT_HTTP_DURATION_SECONDS,
    CONTROL_DNS_RESOLUTIONS_TOTAL,
    CONTROL_CONNECTS_TOTAL,
    CONTROL_STREAMS_TOTAL,
    CONTROL_REVISION_REJECTED_TOTAL,
    CONTROL_MESSAGE_REJECTED_TOTAL,
    CONTROL_CONNECTED,
    CONTROL_DISCOVERY_STALE,
    CONTROL_STREAM_CONNECTED,
    CONTROL_STREAM_LAST_ANSWER_TIMESTAMP_SECONDS,
    CONTROL_STREAM_REVISION,
    CONTROL_IDENTITY_CERT_REFRESHES_TOTAL,
    CONTROL_IDENTITY_CERT_EXPIRATION_TIMESTAMP_SECONDS,
    CONTROL_IDENTITY_CERT_REFRESH_TIMESTAMP_SECONDS,
    PROXY_CONNECTION_PANICS_TOTAL,
    PROXY_BUILD_INFO,
    RUSTLS_INFO,
    PROXY_LOG_LINES_DROPPED_TOTAL,
    PROCESS_START_TIME_SECONDS,
    PROCESS_CPU_SECONDS_TOTAL,
    PROCESS_RESIDENT_MEMORY_BYTES,
    PROCESS_VIRTUAL_MEMORY_BYTES,
    PROCESS_THREADS,
    PROCESS_OPEN_FDS,
    PROCESS_MAX_FDS,
)
