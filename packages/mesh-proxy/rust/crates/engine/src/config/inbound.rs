//! The inbound side: from peers to the application.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use mesh_decide::authorize::Network;
use mesh_wire::vocabulary::environment as names;

use super::environment::Environment;
use super::sockets::Http2Variables;
use super::{Backoff, Http2Server, PortSet, QueueLimits, SocketOptions, parse};

/// Who may reach a port until the policy controller has answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DefaultPolicy {
    Deny,
    AllAuthenticated,
    #[default]
    AllUnauthenticated,
    ClusterAuthenticated,
    ClusterUnauthenticated,
    /// Lets everybody in and reports it.
    Audit,
}

impl DefaultPolicy {
    fn parse(text: &str) -> Result<Self, String> {
        const WORDS: [(&str, DefaultPolicy); 6] = [
            ("deny", DefaultPolicy::Deny),
            ("all-authenticated", DefaultPolicy::AllAuthenticated),
            ("all-unauthenticated", DefaultPolicy::AllUnauthenticated),
            ("cluster-authenticated", DefaultPolicy::ClusterAuthenticated),
            (
                "cluster-unauthenticated",
                DefaultPolicy::ClusterUnauthenticated,
            ),
            ("audit", DefaultPolicy::Audit),
        ];
        let words = WORDS.map(|(word, _)| word);
        let word = parse::choice(text, &words)?;
        WORDS
            .into_iter()
            .find_map(|(name, policy)| (name == word).then_some(policy))
            .ok_or_else(|| format!("expected one of {}", words.join(", ")))
    }

    /// The policy's name in labels and logs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Deny => "deny",
            Self::AllAuthenticated => "all-authenticated",
            Self::AllUnauthenticated => "all-unauthenticated",
            Self::ClusterAuthenticated => "cluster-authenticated",
            Self::ClusterUnauthenticated => "cluster-unauthenticated",
            Self::Audit => "audit",
        }
    }
}

/// How connections from peers are taken and handed to the application.
#[derive(Clone, Debug)]
pub struct Inbound {
    pub listen: SocketAddr,
    pub backlog: Option<u32>,
    /// The pod's addresses; empty means that any original destination is taken.
    pub ips: BTreeSet<IpAddr>,
    /// Ports whose policy is watched from the start.
    pub ports: PortSet,
    pub accept: SocketOptions,
    pub connect: SocketOptions,
    pub connect_timeout: Duration,
    pub connect_backoff: Backoff,
    pub detect_timeout: Duration,
    /// How long the policy of a port outside `ports` is watched after its last use.
    pub discovery_idle: Duration,
    pub http1_pool_idle: Duration,
    pub max_idle_connections: usize,
    pub max_in_flight: usize,
    /// Whether a request that was not taken up, or may be twice, is sent once more.
    pub resends: bool,
    /// Of requests that wait for a stream to the application.
    pub http_queue: QueueLimits,
    pub http2: Http2Server,
    pub gateway_suffixes: Vec<Box<str>>,
    pub default_policy: DefaultPolicy,
    /// The cluster, for the `cluster-*` policies.
    pub cluster_networks: Vec<Network>,
    pub opaque_ports: PortSet,
    pub identity_ports: PortSet,
    pub tls_ports: PortSet,
    /// Whether metrics carry the request's authority, which clients can make grow without limit.
    pub authority_labels: bool,
}

const HTTP2: Http2Variables = Http2Variables {
    keep_alive_interval: &names::INBOUND_SERVER_HTTP2_KEEP_ALIVE_INTERVAL,
    keep_alive_timeout: &names::INBOUND_SERVER_HTTP2_KEEP_ALIVE_TIMEOUT,
    max_concurrent_streams: &names::INBOUND_SERVER_HTTP2_MAX_CONCURRENT_STREAMS,
    max_frame_size: &names::INBOUND_SERVER_HTTP2_MAX_FRAME_SIZE,
    max_header_list_size: &names::INBOUND_SERVER_HTTP2_MAX_HEADER_LIST_SIZE,
    max_pending_accept_reset_streams: &names::INBOUND_SERVER_HTTP2_MAX_PENDING_ACCEPT_RESET_STREAMS,
    max_send_buf_size: &names::INBOUND_SERVER_HTTP2_MAX_SEND_BUF_SIZE,
    adaptive_flow_control: &names::INBOUND_SERVER_HTTP2_ADAPTIVE_FLOW_CONTROL,
    stream_window: &names::INBOUND_SERVER_HTTP2_INITIAL_STREAM_WINDOW_SIZE,
    connection_window: &names::INBOUND_SERVER_HTTP2_INITIAL_CONNECTION_WINDOW_SIZE,
};

impl Inbound {
    pub(super) fn read(env: &mut Environment<'_>) -> Self {
        let unspecified = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0));
        Self {
            listen: env
                .optional(&names::INBOUND_LISTEN_ADDR, parse::address)
                .unwrap_or(unspecified),
            backlog: env.optional(&names::INBOUND_TCP_LISTEN_BACKLOG, parse::integer),
            ips: env.get(&names::INBOUND_IPS, parse::ips),
            ports: env.get(&names::INBOUND_PORTS, PortSet::parse),
            accept: SocketOptions::read(
                env,
                &names::INBOUND_ACCEPT_KEEPALIVE,
                &names::INBOUND_ACCEPT_USER_TIMEOUT,
            ),
            connect: SocketOptions::read(
                env,
                &names::INBOUND_CONNECT_KEEPALIVE,
                &names::INBOUND_CONNECT_USER_TIMEOUT,
            ),
            connect_timeout: env.get(&names::INBOUND_CONNECT_TIMEOUT, parse::duration),
            connect_backoff: Backoff::read(
                env,
                &names::INBOUND_CONNECT_EXP_BACKOFF_MIN,
                &names::INBOUND_CONNECT_EXP_BACKOFF_MAX,
                &names::INBOUND_CONNECT_EXP_BACKOFF_JITTER,
            ),
            detect_timeout: env.get(&names::INBOUND_DETECT_TIMEOUT, parse::duration),
            discovery_idle: env.get(&names::INBOUND_DISCOVERY_IDLE_TIMEOUT, parse::duration),
            http1_pool_idle: env.get(
                &names::INBOUND_HTTP1_CONNECTION_POOL_IDLE_TIMEOUT,
                parse::duration,
            ),
            max_idle_connections: env.get(&names::MAX_IDLE_CONNS_PER_ENDPOINT, parse::integer),
            max_in_flight: env.get(&names::INBOUND_MAX_IN_FLIGHT, parse::positive),
            resends: env.get(&names::HTTP_RESENDS, parse::boolean),
            http_queue: QueueLimits::read(
                env,
                &names::INBOUND_HTTP_QUEUE_CAPACITY,
                &names::INBOUND_HTTP_FAILFAST_TIMEOUT,
            ),
            http2: Http2Server::read(env, &HTTP2),
            gateway_suffixes: env.get(&names::INBOUND_GATEWAY_SUFFIXES, parse::suffixes),
            default_policy: env.get(&names::INBOUND_DEFAULT_POLICY, DefaultPolicy::parse),
            cluster_networks: env.get(&names::POLICY_CLUSTER_NETWORKS, parse::networks),
            opaque_ports: env.get(
                &names::INBOUND_PORTS_DISABLE_PROTOCOL_DETECTION,
                PortSet::parse,
            ),
            identity_ports: env.get(&names::INBOUND_PORTS_REQUIRE_IDENTITY, PortSet::parse),
            tls_ports: env.get(&names::INBOUND_PORTS_REQUIRE_TLS, PortSet::parse),
            authority_labels: env
                .optional(&names::INBOUND_METRICS_AUTHORITY_LABELS, |text| {
                    parse::choice(text, &["unsafe"])
                })
                .is_some(),
        }
    }
}
