# @generated from vocabulary/environment.toml by tools/generate.py; do not edit.
"""The environment variables that configure the proxy."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

PREFIX: Final = "LINKERD2_PROXY_"


class Kind(StrEnum):
    """What a value looks like."""

    ADDRESS = "address"
    """`IP:PORT`."""
    ADDRESSES = "addresses"
    """Comma-separated `IP:PORT`."""
    AUTHORITY = "authority"
    """`HOST:PORT`; HOST is an address or a DNS name."""
    BOOL = "bool"
    """`true` or `false`."""
    CHOICE = "choice"
    """One of the listed words."""
    DURATION = "duration"
    """An integer with `ms`, `s`, `m`, `h` or `d`; a bare `0` is allowed."""
    FILTER = "filter"
    """Comma-separated `LEVEL` or `TARGET=LEVEL`."""
    INTEGER = "integer"
    """A decimal number, not negative."""
    IPS = "ips"
    """Comma-separated IP addresses."""
    NETWORKS = "networks"
    """Comma-separated `ADDRESS/LENGTH`."""
    PATH = "path"
    """A path of a file or directory."""
    PEM = "pem"
    """One or more PEM blocks."""
    PORTS = "ports"
    """Comma-separated ports and `FIRST-LAST` ranges."""
    RATIO = "ratio"
    """A decimal number from 0 to 1."""
    REJECTED = "rejected"
    """Setting it at all is an error."""
    STRING = "string"
    """Any text."""
    SUFFIXES = "suffixes"
    """Comma-separated DNS suffixes; `.` matches every name."""


@dataclass(frozen=True, slots=True)
class Variable:
    """One environment variable."""

    name: str
    """The full name."""
    kind: Kind
    """The form of the value."""
    choices: tuple[str, ...]
    """The words of Kind.CHOICE; empty otherwise."""
    default: str | None
    """What unset stands for; without it see the meaning."""
    required: bool
    """Whether the proxy refuses to start without it."""
    meaning: str
    """What it does, and what unset means when there is no default."""


OUTBOUND_LISTEN_ADDR: Final = Variable(
    name="LINKERD2_PROXY_OUTBOUND_LISTEN_ADDR",
    kind=Kind.ADDRESS,
    choices=(),
    default="127.0.0.1:4140",
    required=False,
    meaning="Where redirected connections from the pod's own application arrive.",
)
OUTBOUND_LISTEN_ADDRS: Final = Variable(
    name="LINKERD2_PROXY_OUTBOUND_LISTEN_ADDRS",
    kind=Kind.ADDRESSES,
    choices=(),
    default=None,
    required=False,
    meaning="At most two outbound listeners, one per address family; replaces OUTBOUND_LISTEN_ADDR.",
)
INBOUND_LISTEN_ADDR: Final = Variable(
    name="LINKERD2_PROXY_INBOUND_LISTEN_ADDR",
    kind=Kind.ADDRESS,
    choices=(),
    default="0.0.0.0:4143",
    required=False,
    meaning="Where redirected connections to the pod arrive, and where meshed peers connect with a transport header.",
)
CONTROL_LISTEN_ADDR: Final = Variable(
    name="LINKERD2_PROXY_CONTROL_LISTEN_ADDR",
    kind=Kind.ADDRESS,
    choices=(),
    default="0.0.0.0:4190",
    required=False,
    meaning="Where the tap service listens, when TAP_SVC_NAME is set.",
)
ADMIN_LISTEN_ADDR: Final = Variable(
    name="LINKERD2_PROXY_ADMIN_LISTEN_ADDR",
    kind=Kind.ADDRESS,
    choices=(),
    default="127.0.0.1:4191",
    required=False,
    meaning="Where the admin server listens: /live, /ready, /metrics.",
)
INBOUND_TCP_LISTEN_BACKLOG: Final = Variable(
    name="LINKERD2_PROXY_INBOUND_TCP_LISTEN_BACKLOG",
    kind=Kind.INTEGER,
    choices=(),
    default=None,
    required=False,
    meaning="Pending connections that the kernel queues for the inbound listener; unset: the system's default.",
)
OUTBOUND_TCP_LISTEN_BACKLOG: Final = Variable(
    name="LINKERD2_PROXY_OUTBOUND_TCP_LISTEN_BACKLOG",
    kind=Kind.INTEGER,
    choices=(),
    default=None,
    required=False,
    meaning="Pending connections that the kernel queues for the outbound listener; unset: the system's default.",
)
INBOUND_IPS: Final = Variable(
    name="LINKERD2_PROXY_INBOUND_IPS",
    kind=Kind.IPS,
    choices=(),
    default=None,
    required=False,
    meaning="Addresses of the pod. When set, an inbound original destination must be one of them, and outbound connections to them stay local.",
)
INBOUND_PORTS: Final = Variable(
    name="LINKERD2_PROXY_INBOUND_PORTS",
    kind=Kind.PORTS,
    choices=(),
    default=None,
    required=False,
    meaning="Application ports whose policy is watched from the start; others are watched on first use.",
)
CORES: Final = Variable(
    name="LINKERD2_PROXY_CORES",
    kind=Kind.INTEGER,
    choices=(),
    default=None,
    required=False,
    meaning="Worker threads, capped by the machine; wins over CORES_MAX_RATIO.",
)
CORES_MIN: Final = Variable(
    name="LINKERD2_PROXY_CORES_MIN",
    kind=Kind.INTEGER,
    choices=(),
    default="1",
    required=False,
    meaning="Fewest worker threads.",
)
CORES_MAX: Final = Variable(
    name="LINKERD2_PROXY_CORES_MAX",
    kind=Kind.INTEGER,
    choices=(),
    default=None,
    required=False,
    meaning="Most worker threads; unset: the number of cores.",
)
CORES_MAX_RATIO: Final = Variable(
    name="LINKERD2_PROXY_CORES_MAX_RATIO",
    kind=Kind.RATIO,
    choices=(),
    default=None,
    required=False,
    meaning="Worker threads as a share of the machine's cores, above 0 and at most 1.",
)
LOG: Final = Variable(
    name="LINKERD2_PROXY_LOG",
    kind=Kind.FILTER,
    choices=(),
    default="warn,linkerd=info,hickory=error",
    required=False,
    meaning="What is logged: comma-separated level or target=level directives.",
)
LOG_FORMAT: Final = Variable(
    name="LINKERD2_PROXY_LOG_FORMAT",
    kind=Kind.CHOICE,
    choices=(
        "plain",
        "json",
    ),
    default="plain",
    required=False,
    meaning="Format of log lines, in any case.",
)
ACCESS_LOG: Final = Variable(
    name="LINKERD2_PROXY_ACCESS_LOG",
    kind=Kind.CHOICE,
    choices=(
        "apache",
        "json",
    ),
    default=None,
    required=False,
    meaning="Format of the inbound access log on standard error; unset: none.",
)
HOSTNAME: Final = Variable(
    name="HOSTNAME",
    kind=Kind.STRING,
    choices=(),
    default=None,
    required=False,
    meaning="Name of the pod, as the kubelet sets it; an attribute of exported spans.",
)
METRICS_RETAIN_IDLE: Final = Variable(
    name="LINKERD2_PROXY_METRICS_RETAIN_IDLE",
    kind=Kind.DURATION,
    choices=(),
    default="10m",
    required=False,
    meaning="How long a metric series is kept after its last change.",
)
OUTBOUND_METRICS_HOSTNAME_LABELS: Final = Variable(
    name="LINKERD2_PROXY_OUTBOUND_METRICS_HOSTNAME_LABELS",
    kind=Kind.BOOL,
    choices=(),
    default="false",
    required=False,
    meaning="Whether outbound route metrics carry the request's host name.",
)
INBOUND_METRICS_AUTHORITY_LABELS: Final = Variable(
    name="LINKERD2_PROXY_INBOUND_METRICS_AUTHORITY_LABELS",
    kind=Kind.CHOICE,
    choices=("unsafe",),
    default=None,
    required=False,
    meaning="Set to 'unsafe' to label inbound metrics with the request's authority, which clients can make grow without limit.",
)
SHUTDOWN_ENDPOINT_ENABLED: Final = Variable(
    name="LINKERD2_PROXY_SHUTDOWN_ENDPOINT_ENABLED",
    kind=Kind.BOOL,
    choices=(),
    default="false",
    required=False,
    meaning="Whether POST /shutdown on the admin server, from localhost, ends the proxy.",
)
SHUTDOWN_GRACE_PERIOD: Final = Variable(
    name="LINKERD2_PROXY_SHUTDOWN_GRACE_PERIOD",
    kind=Kind.DURATION,
    choices=(),
    default="2m",
    required=False,
    meaning="How long open connections may go on after SIGTERM.",
)
INBOUND_MAX_IN_FLIGHT: Final = Variable(
    name="LINKERD2_PROXY_INBOUND_MAX_IN_FLIGHT",
    kind=Kind.INTEGER,
    choices=(),
    default="100000",
    required=False,
    meaning="Most inbound requests at once; more are answered 503.",
)
OUTBOUND_MAX_IN_FLIGHT: Final = Variable(
    name="LINKERD2_PROXY_OUTBOUND_MAX_IN_FLIGHT",
    kind=Kind.INTEGER,
    choices=(),
    default="100000",
    required=False,
    meaning="Most outbound requests at once; more are answered 503.",
)
MESH_HTTP2: Final = Variable(
    name="LINKERD2_PROXY_MESH_HTTP2",
    kind=Kind.CHOICE,
    choices=(
        "own",
        "crate",
    ),
    default="own",
    required=False,
    meaning="Who speaks HTTP/2 between proxies: the engine's own implementation, or the h2 crate, which speaks it with applications in any case.",
)
HTTP_RESENDS: Final = Variable(
    name="LINKERD2_PROXY_HTTP_RESENDS",
    kind=Kind.BOOL,
    choices=(),
    default="true",
    required=False,
    meaning="Whether a request is sent once more, on a new connection, where that is safe: it was not taken up, or is idempotent without content and its kept connection ended before any byte of the response.",
)
INBOUND_HTTP_QUEUE_CAPACITY: Final = Variable(
    name="LINKERD2_PROXY_INBOUND_HTTP_QUEUE_CAPACITY",
    kind=Kind.INTEGER,
    choices=(),
    default="10000",
    required=False,
    meaning="Inbound requests that may wait for an HTTP/2 stream to the application; more are answered 503.",
)
INBOUND_HTTP_FAILFAST_TIMEOUT: Final = Variable(
    name="LINKERD2_PROXY_INBOUND_HTTP_FAILFAST_TIMEOUT",
    kind=Kind.DURATION,
    choices=(),
    default="1s",
    required=False,
    meaning="How long an inbound request waits for an HTTP/2 stream to the application; then it is answered 504.",
)
OUTBOUND_HTTP_QUEUE_CAPACITY: Final = Variable(
    name="LINKERD2_PROXY_OUTBOUND_HTTP_QUEUE_CAPACITY",
    kind=Kind.INTEGER,
    choices=(),
    default="10000",
    required=False,
    meaning="Outbound requests that may wait for an endpoint or a stream to it, per destination; more are answered 503. A backend may say otherwise.",
)
OUTBOUND_HTTP_FAILFAST_TIMEOUT: Final = Variable(
    name="LINKERD2_PROXY_OUTBOUND_HTTP_FAILFAST_TIMEOUT",
    kind=Kind.DURATION,
    choices=(),
    default="3s",
    required=False,
    meaning="How long a request waits for a ready endpoint and a stream to it; a destination that has had no ready endpoint for so long fails requests at once. A backend may say otherwise.",
)
OUTBOUND_TCP_QUEUE_CAPACITY: Final = Variable(
    name="LINKERD2_PROXY_OUTBOUND_TCP_QUEUE_CAPACITY",
    kind=Kind.INTEGER,
    choices=(),
    default="10000",
    required=False,
    meaning="Outbound opaque connections that may wait for an endpoint, per destination; more are reset. A backend may say otherwise.",
)
OUTBOUND_TCP_FAILFAST_TIMEOUT: Final = Variable(
    name="LINKERD2_PROXY_OUTBOUND_TCP_FAILFAST_TIMEOUT",
    kind=Kind.DURATION,
    choices=(),
    default="3s",
    required=False,
    meaning="How long an opaque connection waits for a ready endpoint; a destination that has had none for so long fails connections at once. A backend may say otherwise.",
)
INBOUND_DETECT_TIMEOUT: Final = Variable(
    name="LINKERD2_PROXY_INBOUND_DETECT_TIMEOUT",
    kind=Kind.DURATION,
    choices=(),
    default="10s",
    required=False,
    meaning="How long an inbound client may stay silent before its connection counts as opaque.",
)
OUTBOUND_DETECT_TIMEOUT: Final = Variable(
    name="LINKERD2_PROXY_OUTBOUND_DETECT_TIMEOUT",
    kind=Kind.DURATION,
    choices=(),
    default="10s",
    required=False,
    meaning="How long the application may stay silent before its connection counts as opaque.",
)
INBOUND_CONNECT_TIMEOUT: Final = Variable(
    name="LINKERD2_PROXY_INBOUND_CONNECT_TIMEOUT",
    kind=Kind.DURATION,
    choices=(),
    default="300ms",
    required=False,
    meaning="How long a connection to the application may take.",
)
OUTBOUND_CONNECT_TIMEOUT: Final = Variable(
    name="LINKERD2_PROXY_OUTBOUND_CONNECT_TIMEOUT",
    kind=Kind.DURATION,
    choices=(),
    default="1s",
    required=False,
    meaning="How long a connection to an endpoint may take, TLS included.",
)
INBOUND_CONNECT_EXP_BACKOFF_MIN: Final = Variable(
    name="LINKERD2_PROXY_INBOUND_CONNECT_EXP_BACKOFF_MIN",
    kind=Kind.DURATION,
    choices=(),
    default="100ms",
    required=False,
    meaning="First pause after a failed connection to the application.",
)
INBOUND_CONNECT_EXP_BACKOFF_MAX: Final = Variable(
    name="LINKERD2_PROXY_INBOUND_CONNECT_EXP_BACKOFF_MAX",
    kind=Kind.DURATION,
    choices=(),
    default="10s",
    required=False,
    meaning="Longest pause between connection attempts to the application.",
)
INBOUND_CONNECT_EXP_BACKOFF_JITTER: Final = Variable(
    name="LINKERD2_PROXY_INBOUND_CONNECT_EXP_BACKOFF_JITTER",
    kind=Kind.RATIO,
    choices=(),
    default="0.1",
    required=False,
    meaning="Random share added to each inbound pause.",
)
OUTBOUND_CONNECT_EXP_BACKOFF_MIN: Final = Variable(
    name="LINKERD2_PROXY_OUTBOUND_CONNECT_EXP_BACKOFF_MIN",
    kind=Kind.DURATION,
    choices=(),
    default="100ms",
    required=False,
    meaning="First pause after a failed connection to an endpoint.",
)
OUTBOUND_CONNECT_EXP_BACKOFF_MAX: Final = Variable(
    name="LINKERD2_PROXY_OUTBOUND_CONNECT_EXP_BACKOFF_MAX",
    kind=Kind.DURATION,
    choices=(),
    default="60s",
    required=False,
    meaning="Longest pause between connection attempts to an endpoint.",
)
OUTBOUND_CONNECT_EXP_BACKOFF_JITTER: Final = Variable(
    name="LINKERD2_PROXY_OUTBOUND_CONNECT_EXP_BACKOFF_JITTER",
    kind=Kind.RATIO,
    choices=(),
    default="0.1",
    required=False,
    meaning="Random share added to each outbound pause.",
)
INBOUND_ACCEPT_KEEPALIVE: Final = Variable(
    name="LINKERD2_PROXY_INBOUND_ACCEPT_KEEPALIVE",
    kind=Kind.DURATION,
    choices=(),
    default=None,
    required=False,
    meaning="TCP keep-alive interval of accepted inbound connections; unset: off.",
)
INBOUND_ACCEPT_USER_TIMEOUT: Final = Variable(
    name="LINKERD2_PROXY_INBOUND_ACCEPT_USER_TIMEOUT",
    kind=Kind.DURATION,
    choices=(),
    default=None,
    required=False,
    meaning="TCP_USER_TIMEOUT of accepted inbound connections: how long sent data may stay unacknowledged; unset: off.",
)
INBOUND_CONNECT_KEEPALIVE: Final = Variable(
    name="LINKERD2_PROXY_INBOUND_CONNECT_KEEPALIVE",
    kind=Kind.DURATION,
    choices=(),
    default=None,
    required=False,
    meaning="TCP keep-alive interval of inbound connections to the application; unset: off.",
)
INBOUND_CONNECT_USER_TIMEOUT: Final = Variable(
    name="LINKERD2_PROXY_INBOUND_CONNECT_USER_TIMEOUT",
    kind=Kind.DURATION,
    choices=(),
    default=None,
    required=False,
    meaning="TCP_USER_TIMEOUT of inbound connections to the application: how long sent data may stay unacknowledged; unset: off.",
)
OUTBOUND_ACCEPT_KEEPALIVE: Final = Variable(
    name="LINKERD2_PROXY_OUTBOUND_ACCEPT_KEEPALIVE",
    kind=Kind.DURATION,
    choices=(),
    default=None,
    required=False,
    meaning="TCP keep-alive interval of accepted outbound connections; unset: off.",
)
OUTBOUND_ACCEPT_USER_TIMEOUT: Final = Variable(
    name="LINKERD2_PROXY_OUTBOUND_ACCEPT_USER_TIMEOUT",
    kind=Kind.DURATION,
    choices=(),
    default=None,
    required=False,
    meaning="TCP_USER_TIMEOUT of accepted outbound connections: how long sent data may stay unacknowledged; unset: off.",
)
OUTBOUND_CONNECT_KEEPALIVE: Final = Variable(
    name="LINKERD2_PROXY_OUTBOUND_CONNECT_KEEPALIVE",
    kind=Kind.DURATION,
    choices=(),
    default=None,
    required=False,
    meaning="TCP keep-alive interval of outbound connections to endpoints; unset: off.",
)
OUTBOUND_CONNECT_USER_TIMEOUT: Final = Variable(
    name="LINKERD2_PROXY_OUTBOUND_CONNECT_USER_TIMEOUT",
    kind=Kind.DURATION,
    choices=(),
    default=None,
    required=False,
    meaning="TCP_USER_TIMEOUT of outbound connections to endpoints: how long sent data may stay unacknowledged; unset: off.",
)
MAX_IDLE_CONNS_PER_ENDPOINT: Final = Variable(
    name="LINKERD2_PROXY_MAX_IDLE_CONNS_PER_ENDPOINT",
    kind=Kind.INTEGER,
    choices=(),
    default="10000",
    required=False,
    meaning="Idle HTTP/1 connections kept to the application. The name lacks INBOUND on the wire.",
)
OUTBOUND_MAX_IDLE_CONNS_PER_ENDPOINT: Final = Variable(
    name="LINKERD2_PROXY_OUTBOUND_MAX_IDLE_CONNS_PER_ENDPOINT",
    kind=Kind.INTEGER,
    choices=(),
    default="10000",
    required=False,
    meaning="Idle HTTP/1 connections kept to one endpoint.",
)
HTTP_CONNECTION_MAX_AGE: Final = Variable(
    name="LINKERD2_PROXY_HTTP_CONNECTION_MAX_AGE",
    kind=Kind.DURATION,
    choices=(),
    default=None,
    required=False,
    meaning="After which HTTP connections are replaced, up to a tenth earlier so that not all are at once: clients of HTTP/2 are sent a GOAWAY, connections to endpoints carry no new requests; what is in progress is finished. Unset: never.",
)
INBOUND_HTTP1_CONNECTION_POOL_IDLE_TIMEOUT: Final = Variable(
    name="LINKERD2_PROXY_INBOUND_HTTP1_CONNECTION_POOL_IDLE_TIMEOUT",
    kind=Kind.DURATION,
    choices=(),
    default="3s",
    required=False,
    meaning="How long an idle HTTP/1 connection to the application is kept.",
)
OUTBOUND_HTTP1_CONNECTION_POOL_IDLE_TIMEOUT: Final = Variable(
    name="LINKERD2_PROXY_OUTBOUND_HTTP1_CONNECTION_POOL_IDLE_TIMEOUT",
    kind=Kind.DURATION,
    choices=(),
    default="3s",
    required=False,
    meaning="How long an idle HTTP/1 connection to an endpoint is kept.",
)
HTTP2_CONNECTION_POOL_IDLE_TIMEOUT: Final = Variable(
    name="LINKERD2_PROXY_HTTP2_CONNECTION_POOL_IDLE_TIMEOUT",
    kind=Kind.DURATION,
    choices=(),
    default="60s",
    required=False,
    meaning="How long an HTTP/2 connection to an endpoint or to the application may be without requests; then it ends, unless it is one of HTTP2_WARM_CONNECTIONS.",
)
HTTP2_WARM_CONNECTIONS: Final = Variable(
    name="LINKERD2_PROXY_HTTP2_WARM_CONNECTIONS",
    kind=Kind.INTEGER,
    choices=(),
    default="1",
    required=False,
    meaning="HTTP/2 connections of each worker to each endpoint that stay open however long they are without requests; never for longer than the endpoint is known.",
)
INBOUND_DISCOVERY_IDLE_TIMEOUT: Final = Variable(
    name="LINKERD2_PROXY_INBOUND_DISCOVERY_IDLE_TIMEOUT",
    kind=Kind.DURATION,
    choices=(),
    default="90s",
    required=False,
    meaning="How long an unused inbound port's policy is watched.",
)
OUTBOUND_DISCOVERY_IDLE_TIMEOUT: Final = Variable(
    name="LINKERD2_PROXY_OUTBOUND_DISCOVERY_IDLE_TIMEOUT",
    kind=Kind.DURATION,
    choices=(),
    default="5s",
    required=False,
    meaning="How long an unused destination is watched.",
)
HTTP2_INITIAL_STREAM_WINDOW_SIZE: Final = Variable(
    name="LINKERD2_PROXY_HTTP2_INITIAL_STREAM_WINDOW_SIZE",
    kind=Kind.INTEGER,
    choices=(),
    default="65535",
    required=False,
    meaning="Initial flow-control window of one stream, in bytes, on client connections.",
)
HTTP2_INITIAL_CONNECTION_WINDOW_SIZE: Final = Variable(
    name="LINKERD2_PROXY_HTTP2_INITIAL_CONNECTION_WINDOW_SIZE",
    kind=Kind.INTEGER,
    choices=(),
    default="1048576",
    required=False,
    meaning="Initial flow-control window of one connection, in bytes, on client connections.",
)
INBOUND_SERVER_HTTP2_KEEP_ALIVE_INTERVAL: Final = Variable(
    name="LINKERD2_PROXY_INBOUND_SERVER_HTTP2_KEEP_ALIVE_INTERVAL",
    kind=Kind.DURATION,
    choices=(),
    default=None,
    required=False,
    meaning="Pause between PING frames to an inbound client; unset: none are sent.",
)
INBOUND_SERVER_HTTP2_KEEP_ALIVE_TIMEOUT: Final = Variable(
    name="LINKERD2_PROXY_INBOUND_SERVER_HTTP2_KEEP_ALIVE_TIMEOUT",
    kind=Kind.DURATION,
    choices=(),
    default=None,
    required=False,
    meaning="How long an inbound client may take to answer a PING before the connection is closed.",
)
INBOUND_SERVER_HTTP2_MAX_CONCURRENT_STREAMS: Final = Variable(
    name="LINKERD2_PROXY_INBOUND_SERVER_HTTP2_MAX_CONCURRENT_STREAMS",
    kind=Kind.INTEGER,
    choices=(),
    default=None,
    required=False,
    meaning="Streams that an inbound client may have open at once on one connection; unset: the engine's own limit.",
)
INBOUND_SERVER_HTTP2_MAX_FRAME_SIZE: Final = Variable(
    name="LINKERD2_PROXY_INBOUND_SERVER_HTTP2_MAX_FRAME_SIZE",
    kind=Kind.INTEGER,
    choices=(),
    default=None,
    required=False,
    meaning="Largest frame accepted from an inbound client, in bytes; unset: 16384.",
)
INBOUND_SERVER_HTTP2_MAX_HEADER_LIST_SIZE: Final = Variable(
    name="LINKERD2_PROXY_INBOUND_SERVER_HTTP2_MAX_HEADER_LIST_SIZE",
    kind=Kind.INTEGER,
    choices=(),
    default=None,
    required=False,
    meaning="Largest decoded header list accepted from an inbound client, in bytes; unset: the engine's own limit.",
)
INBOUND_SERVER_HTTP2_MAX_PENDING_ACCEPT_RESET_STREAMS: Final = Variable(
    name="LINKERD2_PROXY_INBOUND_SERVER_HTTP2_MAX_PENDING_ACCEPT_RESET_STREAMS",
    kind=Kind.INTEGER,
    choices=(),
    default=None,
    required=False,
    meaning="Streams that an inbound client may open and reset before they are read; more closes the connection.",
)
INBOUND_SERVER_HTTP2_MAX_SEND_BUF_SIZE: Final = Variable(
    name="LINKERD2_PROXY_INBOUND_SERVER_HTTP2_MAX_SEND_BUF_SIZE",
    kind=Kind.INTEGER,
    choices=(),
    default=None,
    required=False,
    meaning="Bytes buffered for one stream to an inbound client.",
)
INBOUND_SERVER_HTTP2_ADAPTIVE_FLOW_CONTROL: Final = Variable(
    name="LINKERD2_PROXY_INBOUND_SERVER_HTTP2_ADAPTIVE_FLOW_CONTROL",
    kind=Kind.BOOL,
    choices=(),
    default=None,
    required=False,
    meaning="Whether windows towards an inbound client grow with the measured bandwidth.",
)
INBOUND_SERVER_HTTP2_INITIAL_STREAM_WINDOW_SIZE: Final = Variable(
    name="LINKERD2_PROXY_INBOUND_SERVER_HTTP2_INITIAL_STREAM_WINDOW_SIZE",
    kind=Kind.INTEGER,
    choices=(),
    default=None,
    required=False,
    meaning="Initial flow-control window of one stream from an inbound client, in bytes; unset: 65535.",
)
INBOUND_SERVER_HTTP2_INITIAL_CONNECTION_WINDOW_SIZE: Final = Variable(
    name="LINKERD2_PROXY_INBOUND_SERVER_HTTP2_INITIAL_CONNECTION_WINDOW_SIZE",
    kind=Kind.INTEGER,
    choices=(),
    default=None,
    required=False,
    meaning="Initial flow-control window of one connection from an inbound client, in bytes; unset: 1048576.",
)
OUTBOUND_SERVER_HTTP2_KEEP_ALIVE_INTERVAL: Final = Variable(
    name="LINKERD2_PROXY_OUTBOUND_SERVER_HTTP2_KEEP_ALIVE_INTERVAL",
    kind=Kind.DURATION,
    choices=(),
    default=None,
    required=False,
    meaning="Pause between PING frames to the application; unset: none are sent.",
)
OUTBOUND_SERVER_HTTP2_KEEP_ALIVE_TIMEOUT: Final = Variable(
    name="LINKERD2_PROXY_OUTBOUND_SERVER_HTTP2_KEEP_ALIVE_TIMEOUT",
    kind=Kind.DURATION,
    choices=(),
    default=None,
    required=False,
    meaning="How long the application may take to answer a PING before the connection is closed.",
)
OUTBOUND_SERVER_HTTP2_MAX_CONCURRENT_STREAMS: Final = Variable(
    name="LINKERD2_PROXY_OUTBOUND_SERVER_HTTP2_MAX_CONCURRENT_STREAMS",
    kind=Kind.INTEGER,
    choices=(),
    default=None,
    required=False,
    meaning="Streams that the application may have open at once on one connection; unset: the engine's own limit.",
)
OUTBOUND_SERVER_HTTP2_MAX_FRAME_SIZE: Final = Variable(
    name="LINKERD2_PROXY_OUTBOUND_SERVER_HTTP2_MAX_FRAME_SIZE",
    kind=Kind.INTEGER,
    choices=(),
    default=None,
    required=False,
    meaning="Largest frame accepted from the application, in bytes; unset: 16384.",
)
OUTBOUND_SERVER_HTTP2_MAX_HEADER_LIST_SIZE: Final = Variable(
    name="LINKERD2_PROXY_OUTBOUND_SERVER_HTTP2_MAX_HEADER_LIST_SIZE",
    kind=Kind.INTEGER,
    choices=(),
    default=None,
    required=False,
    meaning="Largest decoded header list accepted from the application, in bytes; unset: the engine's own limit.",
)
OUTBOUND_SERVER_HTTP2_MAX_PENDING_ACCEPT_RESET_STREAMS: Final = Variable(
    name="LINKERD2_PROXY_OUTBOUND_SERVER_HTTP2_MAX_PENDING_ACCEPT_RESET_STREAMS",
    kind=Kind.INTEGER,
    choices=(),
    default=None,
    required=False,
    meaning="Streams that the application may open and reset before they are read; more closes the connection.",
)
OUTBOUND_SERVER_HTTP2_MAX_SEND_BUF_SIZE: Final = Variable(
    name="LINKERD2_PROXY_OUTBOUND_SERVER_HTTP2_MAX_SEND_BUF_SIZE",
    kind=Kind.INTEGER,
    choices=(),
    default=None,
    required=False,
    meaning="Bytes buffered for one stream to the application.",
)
OUTBOUND_SERVER_HTTP2_ADAPTIVE_FLOW_CONTROL: Final = Variable(
    name="LINKERD2_PROXY_OUTBOUND_SERVER_HTTP2_ADAPTIVE_FLOW_CONTROL",
    kind=Kind.BOOL,
    choices=(),
    default=None,
    required=False,
    meaning="Whether windows towards the application grow with the measured bandwidth.",
)
OUTBOUND_SERVER_HTTP2_INITIAL_STREAM_WINDOW_SIZE: Final = Variable(
    name="LINKERD2_PROXY_OUTBOUND_SERVER_HTTP2_INITIAL_STREAM_WINDOW_SIZE",
    kind=Kind.INTEGER,
    choices=(),
    default=None,
    required=False,
    meaning="Initial flow-control window of one stream from the application, in bytes; unset: 65535.",
)
OUTBOUND_SERVER_HTTP2_INITIAL_CONNECTION_WINDOW_SIZE: Final = Variable(
    name="LINKERD2_PROXY_OUTBOUND_SERVER_HTTP2_INITIAL_CONNECTION_WINDOW_SIZE",
    kind=Kind.INTEGER,
    choices=(),
    default=None,
    required=False,
    meaning="Initial flow-control window of one connection from the application, in bytes; unset: 1048576.",
)
INGRESS_MODE: Final = Variable(
    name="LINKERD2_PROXY_INGRESS_MODE",
    kind=Kind.BOOL,
    choices=(),
    default="false",
    required=False,
    meaning="Whether l5d-dst-override, rather than the original destination, selects the target.",
)
OUTBOUND_DISABLE_INFORMATIONAL_HEADERS: Final = Variable(
    name="LINKERD2_PROXY_OUTBOUND_DISABLE_INFORMATIONAL_HEADERS",
    kind=Kind.BOOL,
    choices=(),
    default=None,
    required=False,
    meaning="Whether the application is not told why the proxy failed a request (l5d-proxy-error); unset: as INGRESS_MODE.",
)
INBOUND_PORTS_DISABLE_PROTOCOL_DETECTION: Final = Variable(
    name="LINKERD2_PROXY_INBOUND_PORTS_DISABLE_PROTOCOL_DETECTION",
    kind=Kind.PORTS,
    choices=(),
    default=None,
    required=False,
    meaning="Opaque ports: relayed as bytes, never sniffed.",
)
INBOUND_PORTS_REQUIRE_IDENTITY: Final = Variable(
    name="LINKERD2_PROXY_INBOUND_PORTS_REQUIRE_IDENTITY",
    kind=Kind.PORTS,
    choices=(),
    default=None,
    required=False,
    meaning="Ports whose clients must present a mesh identity.",
)
INBOUND_PORTS_REQUIRE_TLS: Final = Variable(
    name="LINKERD2_PROXY_INBOUND_PORTS_REQUIRE_TLS",
    kind=Kind.PORTS,
    choices=(),
    default=None,
    required=False,
    meaning="Ports whose clients must speak mesh TLS.",
)
INBOUND_GATEWAY_SUFFIXES: Final = Variable(
    name="LINKERD2_PROXY_INBOUND_GATEWAY_SUFFIXES",
    kind=Kind.SUFFIXES,
    choices=(),
    default=None,
    required=False,
    meaning="Names under which this proxy forwards for other clusters; unset: it is no gateway.",
)
INBOUND_DEFAULT_POLICY: Final = Variable(
    name="LINKERD2_PROXY_INBOUND_DEFAULT_POLICY",
    kind=Kind.CHOICE,
    choices=(
        "deny",
        "all-authenticated",
        "all-unauthenticated",
        "cluster-authenticated",
        "cluster-unauthenticated",
        "audit",
    ),
    default="all-unauthenticated",
    required=False,
    meaning="Who may reach a port until the policy controller has answered.",
)
POLICY_SVC_ADDR: Final = Variable(
    name="LINKERD2_PROXY_POLICY_SVC_ADDR",
    kind=Kind.AUTHORITY,
    choices=(),
    default=None,
    required=True,
    meaning="host:port of the policy controller.",
)
POLICY_SVC_NAME: Final = Variable(
    name="LINKERD2_PROXY_POLICY_SVC_NAME",
    kind=Kind.STRING,
    choices=(),
    default=None,
    required=False,
    meaning="TLS identity of the policy controller; required unless POLICY_SVC_ADDR is a loopback address.",
)
POLICY_WORKLOAD: Final = Variable(
    name="LINKERD2_PROXY_POLICY_WORKLOAD",
    kind=Kind.STRING,
    choices=(),
    default=None,
    required=True,
    meaning="This workload, as the policy controller knows it: JSON with ns and pod.",
)
POLICY_CLUSTER_NETWORKS: Final = Variable(
    name="LINKERD2_PROXY_POLICY_CLUSTER_NETWORKS",
    kind=Kind.NETWORKS,
    choices=(),
    default=None,
    required=False,
    meaning="Networks that the cluster-* default policies count as the cluster.",
)
DESTINATION_SVC_ADDR: Final = Variable(
    name="LINKERD2_PROXY_DESTINATION_SVC_ADDR",
    kind=Kind.AUTHORITY,
    choices=(),
    default=None,
    required=True,
    meaning="host:port of the destination service.",
)
DESTINATION_SVC_NAME: Final = Variable(
    name="LINKERD2_PROXY_DESTINATION_SVC_NAME",
    kind=Kind.STRING,
    choices=(),
    default=None,
    required=False,
    meaning="TLS identity of the destination service; required unless DESTINATION_SVC_ADDR is a loopback address.",
)
DESTINATION_CONTEXT: Final = Variable(
    name="LINKERD2_PROXY_DESTINATION_CONTEXT",
    kind=Kind.STRING,
    choices=(),
    default=None,
    required=False,
    meaning="Token sent with every look-up: JSON with ns, nodeName and pod.",
)
DESTINATION_PROFILE_SUFFIXES: Final = Variable(
    name="LINKERD2_PROXY_DESTINATION_PROFILE_SUFFIXES",
    kind=Kind.SUFFIXES,
    choices=(),
    default="svc.cluster.local.",
    required=False,
    meaning="Names for which service profiles are looked up.",
)
DESTINATION_PROFILE_NETWORKS: Final = Variable(
    name="LINKERD2_PROXY_DESTINATION_PROFILE_NETWORKS",
    kind=Kind.NETWORKS,
    choices=(),
    default=None,
    required=False,
    meaning="Addresses for which service profiles are looked up; unset: all.",
)
DESTINATION_PROFILE_INITIAL_TIMEOUT: Final = Variable(
    name="LINKERD2_PROXY_DESTINATION_PROFILE_INITIAL_TIMEOUT",
    kind=Kind.DURATION,
    choices=(),
    default="500ms",
    required=False,
    meaning="How long an inbound request waits for the first answer about its profile.",
)
CONTROL_STREAM_INITIAL_TIMEOUT: Final = Variable(
    name="LINKERD2_PROXY_CONTROL_STREAM_INITIAL_TIMEOUT",
    kind=Kind.DURATION,
    choices=(),
    default=None,
    required=False,
    meaning="How long the first message of a control stream may take; unset: any time. Not applied to loopback.",
)
CONTROL_STREAM_IDLE_TIMEOUT: Final = Variable(
    name="LINKERD2_PROXY_CONTROL_STREAM_IDLE_TIMEOUT",
    kind=Kind.DURATION,
    choices=(),
    default=None,
    required=False,
    meaning="How long a control stream may be silent before it is opened again; unset: any time. Not applied to loopback.",
)
CONTROL_STREAM_LIFETIME: Final = Variable(
    name="LINKERD2_PROXY_CONTROL_STREAM_LIFETIME",
    kind=Kind.DURATION,
    choices=(),
    default=None,
    required=False,
    meaning="How long a control stream is used before it is opened again; unset: without end. Not applied to loopback.",
)
IDENTITY_DISABLED: Final = Variable(
    name="LINKERD2_PROXY_IDENTITY_DISABLED",
    kind=Kind.REJECTED,
    choices=(),
    default=None,
    required=False,
    meaning="Must not be set: identity is mandatory.",
)
IDENTITY_DIR: Final = Variable(
    name="LINKERD2_PROXY_IDENTITY_DIR",
    kind=Kind.PATH,
    choices=(),
    default=None,
    required=False,
    meaning="Directory where a helper leaves key and certificate request; accepted for compatibility, the engine makes both in memory.",
)
IDENTITY_TRUST_ANCHORS: Final = Variable(
    name="LINKERD2_PROXY_IDENTITY_TRUST_ANCHORS",
    kind=Kind.PEM,
    choices=(),
    default=None,
    required=False,
    meaning="Root certificates of the mesh, PEM; required unless IDENTITY_SPIRE_WORKLOAD_API_ADDRESS is set.",
)
IDENTITY_TOKEN_FILE: Final = Variable(
    name="LINKERD2_PROXY_IDENTITY_TOKEN_FILE",
    kind=Kind.PATH,
    choices=(),
    default=None,
    required=False,
    meaning="File with the service account token, read before every certification; required unless IDENTITY_SPIRE_WORKLOAD_API_ADDRESS is set.",
)
IDENTITY_MIN_REFRESH: Final = Variable(
    name="LINKERD2_PROXY_IDENTITY_MIN_REFRESH",
    kind=Kind.DURATION,
    choices=(),
    default="10s",
    required=False,
    meaning="Shortest pause between certifications.",
)
IDENTITY_MAX_REFRESH: Final = Variable(
    name="LINKERD2_PROXY_IDENTITY_MAX_REFRESH",
    kind=Kind.DURATION,
    choices=(),
    default="24h",
    required=False,
    meaning="Longest pause between certifications.",
)
IDENTITY_LOCAL_NAME: Final = Variable(
    name="LINKERD2_PROXY_IDENTITY_LOCAL_NAME",
    kind=Kind.STRING,
    choices=(),
    default=None,
    required=False,
    meaning="Identity of this proxy, both its id and its TLS server name; required unless IDENTITY_SERVER_ID and IDENTITY_SERVER_NAME are set.",
)
IDENTITY_SERVER_ID: Final = Variable(
    name="LINKERD2_PROXY_IDENTITY_SERVER_ID",
    kind=Kind.STRING,
    choices=(),
    default=None,
    required=False,
    meaning="Identity of this proxy, a DNS-like name or a SPIFFE URI; goes with IDENTITY_SERVER_NAME.",
)
IDENTITY_SERVER_NAME: Final = Variable(
    name="LINKERD2_PROXY_IDENTITY_SERVER_NAME",
    kind=Kind.STRING,
    choices=(),
    default=None,
    required=False,
    meaning="TLS server name (SNI) under which peers reach this proxy; goes with IDENTITY_SERVER_ID.",
)
IDENTITY_SVC_ADDR: Final = Variable(
    name="LINKERD2_PROXY_IDENTITY_SVC_ADDR",
    kind=Kind.AUTHORITY,
    choices=(),
    default=None,
    required=False,
    meaning="host:port of the identity service; required unless IDENTITY_SPIRE_WORKLOAD_API_ADDRESS is set.",
)
IDENTITY_SVC_NAME: Final = Variable(
    name="LINKERD2_PROXY_IDENTITY_SVC_NAME",
    kind=Kind.STRING,
    choices=(),
    default=None,
    required=False,
    meaning="TLS identity of the identity service; required unless IDENTITY_SVC_ADDR is a loopback address.",
)
IDENTITY_SPIRE_WORKLOAD_API_ADDRESS: Final = Variable(
    name="LINKERD2_PROXY_IDENTITY_SPIRE_WORKLOAD_API_ADDRESS",
    kind=Kind.STRING,
    choices=(),
    default=None,
    required=False,
    meaning="Unix socket of a SPIFFE workload API that issues the certificate instead of the identity service.",
)
IDENTITY_SPIRE_SOCKET: Final = Variable(
    name="LINKERD2_PROXY_IDENTITY_SPIRE_SOCKET",
    kind=Kind.STRING,
    choices=(),
    default=None,
    required=False,
    meaning="Older name of IDENTITY_SPIRE_WORKLOAD_API_ADDRESS.",
)
IDENTITY_SPIRE_EXP_BACKOFF_MIN: Final = Variable(
    name="LINKERD2_PROXY_IDENTITY_SPIRE_EXP_BACKOFF_MIN",
    kind=Kind.DURATION,
    choices=(),
    default="100ms",
    required=False,
    meaning="First pause after a failed call to the workload API.",
)
IDENTITY_SPIRE_EXP_BACKOFF_MAX: Final = Variable(
    name="LINKERD2_PROXY_IDENTITY_SPIRE_EXP_BACKOFF_MAX",
    kind=Kind.DURATION,
    choices=(),
    default="1s",
    required=False,
    meaning="Longest pause between calls to the workload API.",
)
IDENTITY_SPIRE_EXP_BACKOFF_JITTER: Final = Variable(
    name="LINKERD2_PROXY_IDENTITY_SPIRE_EXP_BACKOFF_JITTER",
    kind=Kind.RATIO,
    choices=(),
    default="0.1",
    required=False,
    meaning="Random share added to each of these pauses.",
)
TLS_GROUPS: Final = Variable(
    name="LINKERD2_PROXY_TLS_GROUPS",
    kind=Kind.STRING,
    choices=(),
    default="X25519MLKEM768,X25519,secp256r1,secp384r1",
    required=False,
    meaning="Comma-separated key exchange groups of TLS handshakes, of those in the default, the preferred one first. Without X25519MLKEM768, traffic that is recorded today can be read by whoever has a quantum computer one day.",
)
TAP_SVC_NAME: Final = Variable(
    name="LINKERD2_PROXY_TAP_SVC_NAME",
    kind=Kind.STRING,
    choices=(),
    default=None,
    required=False,
    meaning="TLS identity of the only client that may tap; unset: no tap.",
)
TRACE_COLLECTOR_SVC_ADDR: Final = Variable(
    name="LINKERD2_PROXY_TRACE_COLLECTOR_SVC_ADDR",
    kind=Kind.AUTHORITY,
    choices=(),
    default=None,
    required=False,
    meaning="host:port of the OTLP collector; unset: no spans are exported.",
)
TRACE_COLLECTOR_SVC_NAME: Final = Variable(
    name="LINKERD2_PROXY_TRACE_COLLECTOR_SVC_NAME",
    kind=Kind.STRING,
    choices=(),
    default=None,
    required=False,
    meaning="TLS identity of the collector; required when TRACE_COLLECTOR_SVC_ADDR is set, unless it is a loopback address.",
)
TRACE_ATTRIBUTES_PATH: Final = Variable(
    name="LINKERD2_PROXY_TRACE_ATTRIBUTES_PATH",
    kind=Kind.PATH,
    choices=(),
    default=None,
    required=False,
    meaning="File of key=value lines added to every span as attributes.",
)
TRACE_SERVICE_NAME: Final = Variable(
    name="LINKERD2_PROXY_TRACE_SERVICE_NAME",
    kind=Kind.STRING,
    choices=(),
    default="linkerd-proxy",
    required=False,
    meaning="service.name of exported spans.",
)
TRACE_EXTRA_ATTRIBUTES: Final = Variable(
    name="LINKERD2_PROXY_TRACE_EXTRA_ATTRIBUTES",
    kind=Kind.STRING,
    choices=(),
    default=None,
    required=False,
    meaning="Further key=value attributes of exported spans, one a line.",
)
OTEL_RESOURCE_ATTRIBUTES: Final = Variable(
    name="OTEL_RESOURCE_ATTRIBUTES",
    kind=Kind.STRING,
    choices=(),
    default=None,
    required=False,
    meaning="Resource attributes of exported spans: comma-separated key=value pairs.",
)
DNS_MIN_TTL: Final = Variable(
    name="LINKERD2_PROXY_DNS_MIN_TTL",
    kind=Kind.DURATION,
    choices=(),
    default=None,
    required=False,
    meaning="Shortest time that a name's addresses are kept, whatever the answer says; unset: as the answer says.",
)
DNS_MAX_TTL: Final = Variable(
    name="LINKERD2_PROXY_DNS_MAX_TTL",
    kind=Kind.DURATION,
    choices=(),
    default=None,
    required=False,
    meaning="Longest time that a name's addresses are kept, whatever the answer says; unset: as the answer says.",
)

ALL: Final[tuple[Variable, ...]] = (
    OUTBOUND_LISTEN_ADDR,
    OUTBOUND_LISTEN_ADDRS,
    INBOUND_LISTEN_ADDR,
    CONTROL_LISTEN_ADDR,
    ADMIN_LISTEN_ADDR,
    INBOUND_TCP_LISTEN_BACKLOG,
    OUTBOUND_TCP_LISTEN_BACKLOG,
    INBOUND_IPS,
    INBOUND_PORTS,
    CORES,
    CORES_MIN,
    CORES_MAX,
    CORES_MAX_RATIO,
    LOG,
    LOG_FORMAT,
    ACCESS_LOG,
    HOSTNAME,
    METRICS_RETAIN_IDLE,
    OUTBOUND_METRICS_HOSTNAME_LABELS,
    INBOUND_METRICS_AUTHORITY_LABELS,
    SHUTDOWN_ENDPOINT_ENABLED,
    SHUTDOWN_GRACE_PERIOD,
    INBOUND_MAX_IN_FLIGHT,
    OUTBOUND_MAX_IN_FLIGHT,
    MESH_HTTP2,
    HTTP_RESENDS,
    INBOUND_HTTP_QUEUE_CAPACITY,
    INBOUND_HTTP_FAILFAST_TIMEOUT,
    OUTBOUND_HTTP_QUEUE_CAPACITY,
    OUTBOUND_HTTP_FAILFAST_TIMEOUT,
    OUTBOUND_TCP_QUEUE_CAPACITY,
    OUTBOUND_TCP_FAILFAST_TIMEOUT,
    INBOUND_DETECT_TIMEOUT,
    OUTBOUND_DETECT_TIMEOUT,
    INBOUND_CONNECT_TIMEOUT,
    OUTBOUND_CONNECT_TIMEOUT,
    INBOUND_CONNECT_EXP_BACKOFF_MIN,
    INBOUND_CONNECT_EXP_BACKOFF_MAX,
    INBOUND_CONNECT_EXP_BACKOFF_JITTER,
    OUTBOUND_CONNECT_EXP_BACKOFF_MIN,
    OUTBOUND_CONNECT_EXP_BACKOFF_MAX,
    OUTBOUND_CONNECT_EXP_BACKOFF_JITTER,
    INBOUND_ACCEPT_KEEPALIVE,
    INBOUND_ACCEPT_USER_TIMEOUT,
    INBOUND_CONNECT_KEEPALIVE,
    INBOUND_CONNECT_USER_TIMEOUT,
    OUTBOUND_ACCEPT_KEEPALIVE,
    OUTBOUND_ACCEPT_USER_TIMEOUT,
    OUTBOUND_CONNECT_KEEPALIVE,
    OUTBOUND_CONNECT_USER_TIMEOUT,
    MAX_IDLE_CONNS_PER_ENDPOINT,
    OUTBOUND_MAX_IDLE_CONNS_PER_ENDPOINT,
    HTTP_CONNECTION_MAX_AGE,
    INBOUND_HTTP1_CONNECTION_POOL_IDLE_TIMEOUT,
    OUTBOUND_HTTP1_CONNECTION_POOL_IDLE_TIMEOUT,
    HTTP2_CONNECTION_POOL_IDLE_TIMEOUT,
    HTTP2_WARM_CONNECTIONS,
    INBOUND_DISCOVERY_IDLE_TIMEOUT,
    OUTBOUND_DISCOVERY_IDLE_TIMEOUT,
    HTTP2_INITIAL_STREAM_WINDOW_SIZE,
    HTTP2_INITIAL_CONNECTION_WINDOW_SIZE,
    INBOUND_SERVER_HTTP2_KEEP_ALIVE_INTERVAL,
    INBOUND_SERVER_HTTP2_KEEP_ALIVE_TIMEOUT,
    INBOUND_SERVER_HTTP2_MAX_CONCURRENT_STREAMS,
    INBOUND_SERVER_HTTP2_MAX_FRAME_SIZE,
    INBOUND_SERVER_HTTP2_MAX_HEADER_LIST_SIZE,
    INBOUND_SERVER_HTTP2_MAX_PENDING_ACCEPT_RESET_STREAMS,
    INBOUND_SERVER_HTTP2_MAX_SEND_BUF_SIZE,
    INBOUND_SERVER_HTTP2_ADAPTIVE_FLOW_CONTROL,
    INBOUND_SERVER_HTTP2_INITIAL_STREAM_WINDOW_SIZE,
    INBOUND_SERVER_HTTP2_INITIAL_CONNECTION_WINDOW_SIZE,
    OUTBOUND_SERVER_HTTP2_KEEP_ALIVE_INTERVAL,
    OUTBOUND_SERVER_HTTP2_KEEP_ALIVE_TIMEOUT,
    OUTBOUND_SERVER_HTTP2_MAX_CONCURRENT_STREAMS,
    OUTBOUND_SERVER_HTTP2_MAX_FRAME_SIZE,
    OUTBOUND_SERVER_HTTP2_MAX_HEADER_LIST_SIZE,
    OUTBOUND_SERVER_HTTP2_MAX_PENDING_ACCEPT_RESET_STREAMS,
    OUTBOUND_SERVER_HTTP2_MAX_SEND_BUF_SIZE,
    OUTBOUND_SERVER_HTTP2_ADAPTIVE_FLOW_CONTROL,
    OUTBOUND_SERVER_HTTP2_INITIAL_STREAM_WINDOW_SIZE,
    OUTBOUND_SERVER_HTTP2_INITIAL_CONNECTION_WINDOW_SIZE,
    INGRESS_MODE,
    OUTBOUND_DISABLE_INFORMATIONAL_HEADERS,
    INBOUND_PORTS_DISABLE_PROTOCOL_DETECTION,
    INBOUND_PORTS_REQUIRE_IDENTITY,
    INBOUND_PORTS_REQUIRE_TLS,
    INBOUND_GATEWAY_SUFFIXES,
    INBOUND_DEFAULT_POLICY,
    POLICY_SVC_ADDR,
    POLICY_SVC_NAME,
    POLICY_WORKLOAD,
    POLICY_CLUSTER_NETWORKS,
    DESTINATION_SVC_ADDR,
    DESTINATION_SVC_NAME,
    DESTINATION_CONTEXT,
    DESTINATION_PROFILE_SUFFIXES,
    DESTINATION_PROFILE_NETWORKS,
    DESTINATION_PROFILE_INITIAL_TIMEOUT,
    CONTROL_STREAM_INITIAL_TIMEOUT,
    CONTROL_STREAM_IDLE_TIMEOUT,
    CONTROL_STREAM_LIFETIME,
    IDENTITY_DISABLED,
    IDENTITY_DIR,
    IDENTITY_TRUST_ANCHORS,
    IDENTITY_TOKEN_FILE,
    IDENTITY_MIN_REFRESH,
    IDENTITY_MAX_REFRESH,
    IDENTITY_LOCAL_NAME,
    IDENTITY_SERVER_ID,
    IDENTITY_SERVER_NAME,
    IDENTITY_SVC_ADDR,
    IDENTITY_SVC_NAME,
    IDENTITY_SPIRE_WORKLOAD_API_ADDRESS,
    IDENTITY_SPIRE_SOCKET,
    IDENTITY_SPIRE_EXP_BACKOFF_MIN,
    IDENTITY_SPIRE_EXP_BACKOFF_MAX,
    IDENTITY_SPIRE_EXP_BACKOFF_JITTER,
    TLS_GROUPS,
    TAP_SVC_NAME,
    TRACE_COLLECTOR_SVC_ADDR,
    TRACE_COLLECTOR_SVC_NAME,
    TRACE_ATTRIBUTES_PATH,
    TRACE_SERVICE_NAME,
    TRACE_EXTRA_ATTRIBUTES,
    OTEL_RESOURCE_ATTRIBUTES,
    DNS_MIN_TTL,
    DNS_MAX_TTL,
)
