//! One address that can serve a request, and how to reach it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rustls::pki_types::ServerName;

use super::Labels;
use crate::balance::Load;
use crate::http2::Http2Params;

/// Who the peer must prove to be.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum PeerId {
    /// A DNS-like identity, compared with the certificate's DNS names.
    Dns(Arc<str>),
    /// A SPIFFE URI, compared with the certificate's URI names.
    Uri(Arc<str>),
}

impl PeerId {
    /// The identity as it stands in labels and logs.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Dns(name) | Self::Uri(name) => name,
        }
    }
}

/// How to speak TLS with an endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerTls {
    pub identity: PeerId,
    /// The name sent as SNI.
    pub server_name: ServerName<'static>,
}

/// What the control plane knows of the protocol that the endpoint's proxy understands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Hint {
    #[default]
    Unknown,
    /// The peer proxy takes any HTTP as HTTP/2.
    Http2,
    /// The port is opaque.
    Opaque,
}

/// One address that can serve a request.
///
/// An endpoint whose description is unchanged by an update keeps its `Arc`, and with it its load
/// estimate and its connections; a changed one is a new endpoint with a new `id`.
#[derive(Debug)]
pub struct Endpoint {
    /// Unique in this process; the key of per-worker connection pools.
    pub id: u64,
    /// The application's address.
    pub addr: SocketAddr,
    /// Relative share; 10,000 is ordinary.
    pub weight: u32,
    /// None means plaintext.
    pub tls: Option<PeerTls>,
    /// Why `tls` is none, as the label `no_tls_reason` says it.
    pub no_tls_reason: &'static str,
    pub hint: Hint,
    /// The peer proxy's inbound port (4143): connections go there with a transport header.
    pub transport_port: Option<u16>,
    /// Host and port to ask for instead of the request's authority (a gateway).
    pub authority_override: Option<Arc<str>>,
    /// How HTTP/2 is spoken with it.
    pub http2: Http2Params,
    /// The labels of the endpoint and its set, each prefixed `dst_`.
    pub labels: Labels,
    /// Outstanding work and latency estimate, shared by all workers.
    pub load: Load,
}

impl Endpoint {
    /// A plaintext endpoint at `addr` that nothing is known about.
    pub fn plain(addr: SocketAddr, no_tls_reason: &'static str) -> Self {
        Self {
            id: Self::next_id(),
            addr,
            weight: 10_000,
            tls: None,
            no_tls_reason,
            hint: Hint::Unknown,
            transport_port: None,
            authority_override: None,
            http2: Http2Params::default(),
            labels: Labels::from(""),
            load: Load::default(),
        }
    }

    /// The next unused `id`.
    pub fn next_id() -> u64 {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        NEXT.fetch_add(1, Ordering::Relaxed)
    }
}
