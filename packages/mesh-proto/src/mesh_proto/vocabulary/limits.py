# @generated from vocabulary/limits.toml by tools/generate.py; do not edit.
"""What bounds everything that a peer can make the proxy spend."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Unit(StrEnum):
    """What a bound counts."""

    BYTES = "bytes"
    """Octets."""
    COUNT = "count"
    """A number of things."""
    MILLISECONDS = "milliseconds"
    """A time."""
    SECONDS = "seconds"
    """A time."""


@dataclass(frozen=True, slots=True)
class Limit:
    """One bound."""

    name: str
    """The row's name, in lower case."""
    value: int
    """The bound, in its unit."""
    unit: Unit
    """What `value` counts."""
    variable: str | None
    """The environment variable that changes the bound."""
    meaning: str
    """What is bounded."""
    excess: str
    """What happens beyond it."""


RELAY_WIDE_BUFFERS: Final = Limit(
    name="relay_wide_buffers",
    value=32,
    unit=Unit.COUNT,
    variable=None,
    meaning="Streams of one worker that may hold a buffer of 256 KiB at once; they get one after they have filled one of 64 KiB.",
    excess="The stream goes on with 64 KiB.",
)
RELAY_TURN_BYTES: Final = Limit(
    name="relay_turn_bytes",
    value=1048576,
    unit=Unit.BYTES,
    variable=None,
    meaning="How much one direction of a relayed connection carries before other connections get their turn.",
    excess="The direction goes on after them.",
)
DETECT_CLIENT_HELLO_BYTES: Final = Limit(
    name="detect_client_hello_bytes",
    value=16384,
    unit=Unit.BYTES,
    variable=None,
    meaning="How much of a ClientHello is read to find the name that it asks for.",
    excess="The connection counts as TLS without a name.",
)
DETECT_TLS_RECORDS: Final = Limit(
    name="detect_tls_records",
    value=64,
    unit=Unit.COUNT,
    variable=None,
    meaning="Over how many TLS records a ClientHello may be spread.",
    excess="The connection counts as TLS without a name.",
)
DETECT_METHOD_BYTES: Final = Limit(
    name="detect_method_bytes",
    value=24,
    unit=Unit.BYTES,
    variable=None,
    meaning="The longest method by which HTTP/1 is recognised.",
    excess="The connection is carried as opaque.",
)
DETECT_QUIET_TIME: Final = Limit(
    name="detect_quiet_time",
    value=50,
    unit=Unit.MILLISECONDS,
    variable=None,
    meaning="How long a client may be silent before its server gets the chance to speak first.",
    excess="One connection to the server is opened ahead, as opaque.",
)
DETECT_REMEMBERED_DESTINATIONS: Final = Limit(
    name="detect_remembered_destinations",
    value=1024,
    unit=Unit.COUNT,
    variable=None,
    meaning="Destinations of which a worker remembers who speaks first.",
    excess="The one that was not used for longest is forgotten.",
)
DETECT_REMEMBERED_TIME: Final = Limit(
    name="detect_remembered_time",
    value=600,
    unit=Unit.SECONDS,
    variable=None,
    meaning="How long it is remembered who speaks first to a destination.",
    excess="It is found out again.",
)
DETECT_FIRST_LINE_BYTES: Final = Limit(
    name="detect_first_line_bytes",
    value=17408,
    unit=Unit.BYTES,
    variable=None,
    meaning="How much of a first line that may become a request is waited for.",
    excess="The connection is taken for HTTP/1, which refuses the line.",
)
DETECT_EMPTY_LINES: Final = Limit(
    name="detect_empty_lines",
    value=4,
    unit=Unit.COUNT,
    variable=None,
    meaning="Empty lines before a first request.",
    excess="The connection is carried as opaque.",
)
TRANSPORT_HEADER_BYTES: Final = Limit(
    name="transport_header_bytes",
    value=1024,
    unit=Unit.BYTES,
    variable=None,
    meaning="The longest message of a transport header.",
    excess="The connection is reset.",
)
GATEWAYS: Final = Limit(
    name="gateways",
    value=8,
    unit=Unit.COUNT,
    variable=None,
    meaning="Gateways that pass an opaque connection on, one after the other.",
    excess="The connection is reset (gateway_loop).",
)
DRAIN_LAST_WORDS_TIME: Final = Limit(
    name="drain_last_words_time",
    value=1,
    unit=Unit.SECONDS,
    variable=None,
    meaning="How long a client may still take to say what it wants once the process is to end.",
    excess="The connection is closed.",
)
TLS_HANDSHAKE_STEPS: Final = Limit(
    name="tls_handshake_steps",
    value=2,
    unit=Unit.COUNT,
    variable=None,
    meaning="Steps of TLS handshakes that a worker computes before its other connections get their turn.",
    excess="The handshake waits, within its detection or connect timeout.",
)
HTTP1_HEAD_BYTES: Final = Limit(
    name="http1_head_bytes",
    value=65536,
    unit=Unit.BYTES,
    variable=None,
    meaning="The longest head of a request or response.",
    excess="431 for requests, 502 for responses; the connection ends.",
)
HTTP1_TARGET_BYTES: Final = Limit(
    name="http1_target_bytes",
    value=32768,
    unit=Unit.BYTES,
    variable=None,
    meaning="The longest request target.",
    excess="414; the connection ends.",
)
HTTP1_FIELDS: Final = Limit(
    name="http1_fields",
    value=128,
    unit=Unit.COUNT,
    variable=None,
    meaning="Fields of one head.",
    excess="431 for requests, 502 for responses; the connection ends.",
)
HTTP1_TRAILER_BYTES: Final = Limit(
    name="http1_trailer_bytes",
    value=16384,
    unit=Unit.BYTES,
    variable=None,
    meaning="The longest trailer section.",
    excess="The message is broken off.",
)
HTTP1_TRAILER_FIELDS: Final = Limit(
    name="http1_trailer_fields",
    value=64,
    unit=Unit.COUNT,
    variable=None,
    meaning="Fields of one trailer section.",
    excess="The message is broken off.",
)
HTTP1_CHUNK_LINE_BYTES: Final = Limit(
    name="http1_chunk_line_bytes",
    value=4096,
    unit=Unit.BYTES,
    variable=None,
    meaning="The longest line that begins a chunk, extensions included.",
    excess="The message is broken off.",
)
HTTP1_HEAD_TIME: Final = Limit(
    name="http1_head_time",
    value=30,
    unit=Unit.SECONDS,
    variable=None,
    meaning="How long a client may take for a head once it has begun one.",
    excess="The connection is closed.",
)
HTTP1_INTERIM_RESPONSES: Final = Limit(
    name="http1_interim_responses",
    value=64,
    unit=Unit.COUNT,
    variable=None,
    meaning="Interim (1xx) responses before the final one.",
    excess="502, reason bad_response.",
)
HTTP1_DISCARDED_BYTES: Final = Limit(
    name="http1_discarded_bytes",
    value=262144,
    unit=Unit.BYTES,
    variable=None,
    meaning="How much of a request that was answered early is read for the sake of the connection.",
    excess="The connection is closed after the response.",
)
HTTP1_LINGER_TIME: Final = Limit(
    name="http1_linger_time",
    value=1,
    unit=Unit.SECONDS,
    variable=None,
    meaning="How long is read after the last response so that the client gets to read it.",
    excess="The connection is closed.",
)
HTTP1_LINGER_BYTES: Final = Limit(
    name="http1_linger_bytes",
    value=1048576,
    unit=Unit.BYTES,
    variable=None,
    meaning="How much is read then.",
    excess="The connection is closed.",
)
HTTP1_READ_AHEAD_BYTES: Final = Limit(
    name="http1_read_ahead_bytes",
    value=16384,
    unit=Unit.BYTES,
    variable=None,
    meaning="How much of the next requests is read while one is answered.",
    excess="The rest stays in the socket.",
)
HTTP1_WAITING_BYTES: Final = Limit(
    name="http1_waiting_bytes",
    value=131072,
    unit=Unit.BYTES,
    variable=None,
    meaning="How much waits to be written to a connection.",
    excess="Its source is read no further.",
)
PATH_DECODINGS: Final = Limit(
    name="path_decodings",
    value=4,
    unit=Unit.COUNT,
    variable=None,
    meaning="How often a path may be percent-encoded where a path rule applies.",
    excess="400, reason ambiguous_path.",
)
HTTP_HALF_CLOSED_TIME: Final = Limit(
    name="http_half_closed_time",
    value=30,
    unit=Unit.SECONDS,
    variable=None,
    meaning="How long a response may take to begin after its client has ended its sending direction.",
    excess="The request is given up.",
)
HTTP2_PREFACE_TIME: Final = Limit(
    name="http2_preface_time",
    value=10,
    unit=Unit.SECONDS,
    variable=None,
    meaning="How long a client may take for its preface and settings.",
    excess="The connection ends with SETTINGS_TIMEOUT.",
)
HTTP2_STREAMS: Final = Limit(
    name="http2_streams",
    value=10000,
    unit=Unit.COUNT,
    variable="INBOUND_SERVER_HTTP2_MAX_CONCURRENT_STREAMS",
    meaning="Concurrent streams of a meshed peer's connection.",
    excess="REFUSED_STREAM.",
)
HTTP2_STRANGER_STREAMS: Final = Limit(
    name="http2_stranger_streams",
    value=500,
    unit=Unit.COUNT,
    variable="INBOUND_SERVER_HTTP2_MAX_CONCURRENT_STREAMS",
    meaning="Concurrent streams of a connection that nobody vouches for.",
    excess="REFUSED_STREAM.",
)
HTTP2_CLIENT_CONNECTIONS: Final = Limit(
    name="http2_client_connections",
    value=8,
    unit=Unit.COUNT,
    variable=None,
    meaning="Connections of one worker to one endpoint: the first one carries everything until the endpoint's limit of streams is reached.",
    excess="Requests wait for a stream, for as long as OUTBOUND_HTTP_FAILFAST_TIMEOUT or its inbound twin says.",
)
HTTP2_HEADER_LIST_BYTES: Final = Limit(
    name="http2_header_list_bytes",
    value=131072,
    unit=Unit.BYTES,
    variable="INBOUND_SERVER_HTTP2_MAX_HEADER_LIST_SIZE",
    meaning="The largest head, counted as RFC 9113 counts it: 32 more for each field.",
    excess="431.",
)
HTTP2_FIELDS: Final = Limit(
    name="http2_fields",
    value=128,
    unit=Unit.COUNT,
    variable=None,
    meaning="Fields of one head or trailer section, each part of a Cookie that was cut up by itself.",
    excess="431 for requests, 502 for responses.",
)
HTTP2_FIELD_NAME_BYTES: Final = Limit(
    name="http2_field_name_bytes",
    value=1024,
    unit=Unit.BYTES,
    variable=None,
    meaning="The longest name of a field.",
    excess="431 for requests, 502 for responses.",
)
HTTP2_HEADER_BLOCK_BYTES: Final = Limit(
    name="http2_header_block_bytes",
    value=262144,
    unit=Unit.BYTES,
    variable=None,
    meaning="The longest compressed head, CONTINUATION frames included; twice the largest head if that is more.",
    excess="GOAWAY with ENHANCE_YOUR_CALM.",
)
HTTP2_CONTINUATIONS: Final = Limit(
    name="http2_continuations",
    value=32,
    unit=Unit.COUNT,
    variable=None,
    meaning="CONTINUATION frames of one head, empty ones too (CVE-2024-27316).",
    excess="GOAWAY with ENHANCE_YOUR_CALM.",
)
HTTP2_HEADER_TABLE_BYTES: Final = Limit(
    name="http2_header_table_bytes",
    value=4096,
    unit=Unit.BYTES,
    variable=None,
    meaning="The table of repeated fields, for each direction of a connection.",
    excess="A peer that asks for more gets GOAWAY with COMPRESSION_ERROR; what does not fit is sent in full.",
)
HTTP2_STREAM_WINDOW_BYTES: Final = Limit(
    name="http2_stream_window_bytes",
    value=1048576,
    unit=Unit.BYTES,
    variable=None,
    meaning="How much of one stream's content a peer may send ahead; INBOUND_SERVER_HTTP2_INITIAL_STREAM_WINDOW_SIZE and its outbound twin replace it.",
    excess="The stream is reset with FLOW_CONTROL_ERROR.",
)
HTTP2_CONNECTION_WINDOW_BYTES: Final = Limit(
    name="http2_connection_window_bytes",
    value=33554432,
    unit=Unit.BYTES,
    variable=None,
    meaning="The same of one connection: so many streams may stall before they hold up the others.",
    excess="GOAWAY with FLOW_CONTROL_ERROR.",
)
HTTP2_SEND_BUFFER_BYTES: Final = Limit(
    name="http2_send_buffer_bytes",
    value=262144,
    unit=Unit.BYTES,
    variable="INBOUND_SERVER_HTTP2_MAX_SEND_BUF_SIZE",
    meaning="How much of one stream's content waits to be sent.",
    excess="Its source is read no further.",
)
HTTP2_PENDING_RESETS: Final = Limit(
    name="http2_pending_resets",
    value=100,
    unit=Unit.COUNT,
    variable="INBOUND_SERVER_HTTP2_MAX_PENDING_ACCEPT_RESET_STREAMS",
    meaning="Streams that a peer resets before the proxy has looked at them (CVE-2023-44487).",
    excess="GOAWAY with ENHANCE_YOUR_CALM.",
)
HTTP2_CONTROL_FRAMES: Final = Limit(
    name="http2_control_frames",
    value=10000,
    unit=Unit.COUNT,
    variable=None,
    meaning="Frames in a row that bring nothing or cost an answer, between the proxies: settings, pings, priorities, empty ones, resets of requests in progress (CVE-2019-9512 and others).",
    excess="GOAWAY with ENHANCE_YOUR_CALM.",
)
HTTP2_CONTROL_FRAME_RATE: Final = Limit(
    name="http2_control_frame_rate",
    value=1000,
    unit=Unit.COUNT,
    variable=None,
    meaning="How many of them are forgiven each second.",
    excess="They count towards those in a row.",
)
HTTP2_UNREAD_ANSWERS: Final = Limit(
    name="http2_unread_answers",
    value=1048576,
    unit=Unit.BYTES,
    variable=None,
    meaning="Heads and answers that wait for a peer which reads nothing, beyond the content that waits.",
    excess="GOAWAY with ENHANCE_YOUR_CALM.",
)
HTTP2_FIRST_STREAM_WINDOW_BYTES: Final = Limit(
    name="http2_first_stream_window_bytes",
    value=262144,
    unit=Unit.BYTES,
    variable=None,
    meaning="How much of one stream's content a proxy of the mesh may send ahead at first; it doubles up to HTTP2_STREAM_WINDOW_BYTES while nothing but the window holds the content up.",
    excess="The stream is reset with FLOW_CONTROL_ERROR.",
)
IN_FLIGHT_REQUESTS: Final = Limit(
    name="in_flight_requests",
    value=100000,
    unit=Unit.COUNT,
    variable="INBOUND_MAX_IN_FLIGHT",
    meaning="Requests in progress in one direction, all workers together.",
    excess="503, reason load_shed.",
)
CONTROL_CONNECTIONS: Final = Limit(
    name="control_connections",
    value=64,
    unit=Unit.COUNT,
    variable=None,
    meaning="Connections to one control-plane service, begun where its limit of streams is reached.",
    excess="Further streams wait for others to end.",
)
CONTROL_MESSAGE_BYTES: Final = Limit(
    name="control_message_bytes",
    value=67108864,
    unit=Unit.BYTES,
    variable=None,
    meaning="The largest message of the control plane: some hundred thousand endpoints.",
    excess="The stream is closed and opened again with back-off.",
)
CONTROL_STREAMS_SHOWN: Final = Limit(
    name="control_streams_shown",
    value=4096,
    unit=Unit.COUNT,
    variable=None,
    meaning="Streams that one page of /control.json shows.",
    excess="Further ones are only counted.",
)
DNS_QUERY_TIME: Final = Limit(
    name="dns_query_time",
    value=1,
    unit=Unit.SECONDS,
    variable=None,
    meaning="How long one DNS server may take to answer one question.",
    excess="The next server is asked; what was known of the name stays in use.",
)
DNS_NEGATIVE_TIME: Final = Limit(
    name="dns_negative_time",
    value=5,
    unit=Unit.SECONDS,
    variable=None,
    meaning="How long it is believed that a name has no addresses, whatever its zone says.",
    excess="DNS is asked again.",
)
DNS_REFRESH_TIME: Final = Limit(
    name="dns_refresh_time",
    value=1,
    unit=Unit.SECONDS,
    variable=None,
    meaning="The shortest time after which a name is asked for again, whatever its TTL says.",
    excess="The earlier answer is used.",
)
DNS_ANSWERS: Final = Limit(
    name="dns_answers",
    value=256,
    unit=Unit.COUNT,
    variable=None,
    meaning="Addresses of one name, and SRV records of one name.",
    excess="Further ones are left out.",
)
DISCOVERY_DESTINATIONS: Final = Limit(
    name="discovery_destinations",
    value=16384,
    unit=Unit.COUNT,
    variable=None,
    meaning="Destinations that are watched at the same time.",
    excess="Further ones are refused, reason discovery.",
)
DISCOVERY_REMEMBERED: Final = Limit(
    name="discovery_remembered",
    value=1024,
    unit=Unit.COUNT,
    variable=None,
    meaning="Destinations no longer in use whose last answer is kept for when the control plane is away.",
    excess="The one that was not used for longest is forgotten.",
)
POLICY_PORTS_ON_DEMAND: Final = Limit(
    name="policy_ports_on_demand",
    value=256,
    unit=Unit.COUNT,
    variable=None,
    meaning="Ports beyond the pod's declared ones whose policy is watched.",
    excess="Further ones have the default policy.",
)
METRICS_TRAFFIC_LABEL_SETS: Final = Limit(
    name="metrics_traffic_label_sets",
    value=8192,
    unit=Unit.COUNT,
    variable=None,
    meaning="Label sets of requests, and of connections (CVE-2025-43915).",
    excess="Further ones are counted together.",
)
METRICS_FAMILY_LABEL_SETS: Final = Limit(
    name="metrics_family_label_sets",
    value=1024,
    unit=Unit.COUNT,
    variable=None,
    meaning="Label sets of any other family.",
    excess="Further ones are counted together.",
)
LOG_QUEUE_LINES: Final = Limit(
    name="log_queue_lines",
    value=1024,
    unit=Unit.COUNT,
    variable=None,
    meaning="Log lines that wait for a reader of standard error.",
    excess="Further ones are dropped and counted.",
)
ADMIN_CONNECTIONS: Final = Limit(
    name="admin_connections",
    value=128,
    unit=Unit.COUNT,
    variable=None,
    meaning="Connections to the admin server.",
    excess="The one that waits longest for a request is closed.",
)
ADMIN_BODY_BYTES: Final = Limit(
    name="admin_body_bytes",
    value=8192,
    unit=Unit.BYTES,
    variable=None,
    meaning="The largest body of a request to the admin server.",
    excess="413.",
)
ADMIN_REQUEST_TIME: Final = Limit(
    name="admin_request_time",
    value=10,
    unit=Unit.SECONDS,
    variable=None,
    meaning="How long a client of the admin server may take for a head, and for a body.",
    excess="The connection is closed; 408 for a body.",
)
REJECTIONS_KEPT: Final = Limit(
    name="rejections_kept",
    value=1000,
    unit=Unit.COUNT,
    variable=None,
    meaning="Rejections that the admin server shows.",
    excess="The oldest one is forgotten.",
)
REJECTION_TEXT_BYTES: Final = Limit(
    name="rejection_text_bytes",
    value=256,
    unit=Unit.BYTES,
    variable=None,
    meaning="How much of a host, a path or another input a kept rejection shows.",
    excess="The rest is cut off.",
)

ALL: Final[tuple[Limit, ...]] = (
    RELAY_WIDE_BUFFERS,
    RELAY_TURN_BYTES,
    DETECT_CLIENT_HELLO_BYTES,
    DETECT_TLS_RECORDS,
    DETECT_METHOD_BYTES,
    DETECT_QUIET_TIME,
    DETECT_REMEMBERED_DESTINATIONS,
    DETECT_REMEMBERED_TIME,
    DETECT_FIRST_LINE_BYTES,
    DETECT_EMPTY_LINES,
    TRANSPORT_HEADER_BYTES,
    GATEWAYS,
    DRAIN_LAST_WORDS_TIME,
    TLS_HANDSHAKE_STEPS,
    HTTP1_HEAD_BYTES,
    HTTP1_TARGET_BYTES,
    HTTP1_FIELDS,
    HTTP1_TRAILER_BYTES,
    HTTP1_TRAILER_FIELDS,
    HTTP1_CHUNK_LINE_BYTES,
    HTTP1_HEAD_TIME,
    HTTP1_INTERIM_RESPONSES,
    HTTP1_DISCARDED_BYTES,
    HTTP1_LINGER_TIME,
    HTTP1_LINGER_BYTES,
    HTTP1_READ_AHEAD_BYTES,
    HTTP1_WAITING_BYTES,
    PATH_DECODINGS,
    HTTP_HALF_CLOSED_TIME,
    HTTP2_PREFACE_TIME,
    HTTP2_STREAMS,
    HTTP2_STRANGER_STREAMS,
    HTTP2_CLIENT_CONNECTIONS,
    HTTP2_HEADER_LIST_BYTES,
    HTTP2_FIELDS,
    HTTP2_FIELD_NAME_BYTES,
    HTTP2_HEADER_BLOCK_BYTES,
    HTTP2_CONTINUATIONS,
    HTTP2_HEADER_TABLE_BYTES,
    HTTP2_STREAM_WINDOW_BYTES,
    HTTP2_CONNECTION_WINDOW_BYTES,
    HTTP2_SEND_BUFFER_BYTES,
    HTTP2_PENDING_RESETS,
    HTTP2_CONTROL_FRAMES,
    HTTP2_CONTROL_FRAME_RATE,
    HTTP2_UNREAD_ANSWERS,
    HTTP2_FIRST_STREAM_WINDOW_BYTES,
    IN_FLIGHT_REQUESTS,
    CONTROL_CONNECTIONS,
    CONTROL_MESSAGE_BYTES,
    CONTROL_STREAMS_SHOWN,
    DNS_QUERY_TIME,
    DNS_NEGATIVE_TIME,
    DNS_REFRESH_TIME,
    DNS_ANSWERS,
    DISCOVERY_DESTINATIONS,
    DISCOVERY_REMEMBERED,
    POLICY_PORTS_ON_DEMAND,
    METRICS_TRAFFIC_LABEL_SETS,
    METRICS_FAMILY_LABEL_SETS,
    LOG_QUEUE_LINES,
    ADMIN_CONNECTIONS,
    ADMIN_BODY_BYTES,
    ADMIN_REQUEST_TIME,
    REJECTIONS_KEPT,
    REJECTION_TEXT_BYTES,
)
