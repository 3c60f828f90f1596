//! The outbound side: from the application to its destinations.

use std::net::SocketAddr;
use std::time::Duration;

use mesh_decide::authorize::Network;
use mesh_wire::vocabulary::environment as names;

use super::environment::Environment;
use super::sockets::Http2Variables;
use super::{Backoff, Http2Server, QueueLimits, SocketOptions, parse};

/// How the application's connections are taken and sent on.
#[derive(Clone, Debug)]
pub struct Outbound {
    /// One or two addresses, of different families.
    pub listen: Vec<SocketAddr>,
    pub backlog: Option<u32>,
    pub accept: SocketOptions,
    pub connect: SocketOptions,
    pub connect_timeout: Duration,
    pub connect_backoff: Backoff,
    pub detect_timeout: Duration,
    /// How long a destination is remembered after its last use.
    pub discovery_idle: Duration,
    pub http1_pool_idle: Duration,
    pub max_idle_connections: usize,
    pub max_in_flight: usize,
    /// Whether a request that was not taken up, or may be twice, is sent once more.
    pub resends: bool,
    /// Of requests that wait for a destination's answer, a ready endpoint or a stream to it.
    pub http_queue: QueueLimits,
    /// The same for connections that are not HTTP.
    pub tcp_queue: QueueLimits,
    pub http2: Http2Server,
    pub ingress_mode: bool,
    /// Whether the application is not told why the proxy failed a request.
    pub disable_informational_headers: bool,
    pub hostname_labels: bool,
    pub profile_suffixes: Vec<Box<str>>,
    /// Addresses for which profiles are looked up; None means all.
    pub profile_networks: Option<Vec<Network>>,
    pub profile_initial_timeout: Duration,
}

const HTTP2: Http2Variables = Http2Variables {
    keep_alive_interval: &names::OUTBOUND_SERVER_HTTP2_KEEP_ALIVE_INTERVAL,
    keep_alive_timeout: &names::OUTBOUND_SERVER_HTTP2_KEEP_ALIVE_TIMEOUT,
    max_concurrent_streams: &names::OUTBOUND_SERVER_HTTP2_MAX_CONCURRENT_STREAMS,
    max_frame_size: &names::OUTBOUND_SERVER_HTTP2_MAX_FRAME_SIZE,
    max_header_list_size: &names::OUTBOUND_SERVER_HTTP2_MAX_HEADER_LIST_SIZE,
    max_pending_accept_reset_streams:
        &names::OUTBOUND_SERVER_HTTP2_MAX_PENDING_ACCEPT_RESET_STREAMS,
    max_send_buf_size: &names::OUTBOUND_SERVER_HTTP2_MAX_SEND_BUF_SIZE,
    adaptive_flow_control: &names::OUTBOUND_SERVER_HTTP2_ADAPTIVE_FLOW_CONTROL,
    stream_window: &names::OUTBOUND_SERVER_HTTP2_INITIAL_STREAM_WINDOW_SIZE,
    connection_window: &names::OUTBOUND_SERVER_HTTP2_INITIAL_CONNECTION_WINDOW_SIZE,
};

impl Outbound {
    pub(super) fn read(env: &mut Environment<'_>) -> Self {
        let ingress_mode = env.get(&names::INGRESS_MODE, parse::boolean);
        Self {
            listen: listen(env),
            backlog: env.optional(&names::OUTBOUND_TCP_LISTEN_BACKLOG, parse::integer),
            accept: SocketOptions::read(
                env,
                &names::OUTBOUND_ACCEPT_KEEPALIVE,
                &names::OUTBOUND_ACCEPT_USER_TIMEOUT,
            ),
            connect: SocketOptions::read(
                env,
                &names::OUTBOUND_CONNECT_KEEPALIVE,
                &names::OUTBOUND_CONNECT_USER_TIMEOUT,
            ),
            connect_timeout: env.get(&names::OUTBOUND_CONNECT_TIMEOUT, parse::duration),
            connect_backoff: Backoff::read(
                env,
                &names::OUTBOUND_CONNECT_EXP_BACKOFF_MIN,
                &names::OUTBOUND_CONNECT_EXP_BACKOFF_MAX,
                &names::OUTBOUND_CONNECT_EXP_BACKOFF_JITTER,
            ),
            detect_timeout: env.get(&names::OUTBOUND_DETECT_TIMEOUT, parse::duration),
            discovery_idle: env.get(&names::OUTBOUND_DISCOVERY_IDLE_TIMEOUT, parse::duration),
            http1_pool_idle: env.get(
                &names::OUTBOUND_HTTP1_CONNECTION_POOL_IDLE_TIMEOUT,
                parse::duration,
            ),
            max_idle_connections: env
                .get(&names::OUTBOUND_MAX_IDLE_CONNS_PER_ENDPOINT, parse::integer),
            max_in_flight: env.get(&names::OUTBOUND_MAX_IN_FLIGHT, parse::positive),
            resends: env.get(&names::HTTP_RESENDS, parse::boolean),
            http_queue: QueueLimits::read(
                env,
                &names::OUTBOUND_HTTP_QUEUE_CAPACITY,
                &names::OUTBOUND_HTTP_FAILFAST_TIMEOUT,
            ),
            tcp_queue: QueueLimits::read(
                env,
                &names::OUTBOUND_TCP_QUEUE_CAPACITY,
                &names::OUTBOUND_TCP_FAILFAST_TIMEOUT,
            ),
            http2: Http2Server::read(env, &HTTP2),
            ingress_mode,
            disable_informational_headers: env
                .optional(
                    &names::OUTBOUND_DISABLE_INFORMATIONAL_HEADERS,
                    parse::boolean,
                )
                .unwrap_or(ingress_mode),
            hostname_labels: env.get(&names::OUTBOUND_METRICS_HOSTNAME_LABELS, parse::boolean),
            profile_suffixes: env.get(&names::DESTINATION_PROFILE_SUFFIXES, parse::suffixes),
            profile_networks: env.optional(&names::DESTINATION_PROFILE_NETWORKS, parse::networks),
            profile_initial_timeout: env
                .get(&names::DESTINATION_PROFILE_INITIAL_TIMEOUT, parse::duration),
        }
    }
}

fn listen(env: &mut Environment<'_>) -> Vec<SocketAddr> {
    env.optional(&names::OUTBOUND_LISTEN_ADDRS, parse::addresses)
        .or_else(|| {
            env.optional(&names::OUTBOUND_LISTEN_ADDR, parse::address)
                .map(|address| vec![address])
        })
        .unwrap_or_default()
}
