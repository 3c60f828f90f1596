//! Why a connection from elsewhere is not carried.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use mesh_decide::transport_header::Malformed;
use mesh_wire::vocabulary::{reasons, refusals};

use crate::outbound;
use crate::transport::{ConnectError, failure};

/// Why a connection from elsewhere is not carried. It is reset; the reason is in the log and in
/// `inbound_tcp_errors_total`.
#[derive(Debug)]
pub enum Refusal {
    /// Its original destination is not this pod.
    NotOurs(SocketAddr),
    /// There is no certificate yet.
    NotCertified,
    /// The client's TLS is not as it must be.
    Tls(io::Error),
    /// The client wants to talk to somebody else.
    ServerName(Box<str>),
    /// The client of a proxy-to-proxy connection proved no identity.
    NoIdentity,
    /// The client of a proxy-to-proxy connection did not offer the transport protocol, or the
    /// client of another one did.
    Alpn,
    /// The bytes after the handshake are no transport header.
    Header(Malformed),
    /// The client did not say enough in time, or left.
    Silent(Duration),
    /// The client wants this proxy to be a gateway.
    Gateway(Box<str>),
    /// The client wants this gateway to forward to a name that it does not forward for.
    Domain(Box<str>),
    /// So many gateways have passed the connection on that it seems to go in circles.
    GatewayLoop(u32),
    /// This gateway finds no way on.
    Onward(outbound::Refusal),
    /// No authorization of the policy with this revision lets the client in.
    Unauthorized(u64),
    /// The application cannot be reached.
    Connect(ConnectError),
}

impl Refusal {
    /// The number of the control plane's answer that it was judged by.
    pub fn revision(&self) -> Option<u64> {
        match self {
            Self::Unauthorized(revision) => Some(*revision),
            _ => None,
        }
    }

    /// The cause in one word.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::NotOurs(_) => refusals::WRONG_DESTINATION.name,
            Self::NotCertified => reasons::NOT_CERTIFIED.name,
            Self::Tls(error) => failure::reason(error),
            Self::ServerName(_) => refusals::WRONG_SERVER_NAME.name,
            Self::NoIdentity => refusals::NO_CLIENT_IDENTITY.name,
            Self::Alpn => refusals::TLS_ALPN.name,
            Self::Header(error) => error.reason(),
            Self::Silent(_) => refusals::DETECT_TIMEOUT.name,
            Self::Gateway(_) => refusals::NOT_A_GATEWAY.name,
            Self::Domain(_) => reasons::GATEWAY_DOMAIN_NOT_FOUND.name,
            Self::GatewayLoop(_) => reasons::GATEWAY_LOOP.name,
            Self::Onward(refusal) => refusal.reason(),
            Self::Unauthorized(_) => reasons::UNAUTHORIZED.name,
            Self::Connect(error) => error.reason(),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotOurs(to) => write!(formatter, "{to} is not an address of this pod"),
            Self::NotCertified => {
                formatter.write_str("this proxy has no certificate yet, so it cannot end TLS")
            }
            Self::Tls(error) => write!(formatter, "TLS failed: {error}"),
            Self::ServerName(name) => {
                write!(
                    formatter,
                    "the client wants {name}; its endpoints are out of date"
                )
            }
            Self::NoIdentity => formatter.write_str("the client presented no certificate"),
            Self::Alpn => formatter.write_str(
                "the transport protocol must be negotiated on the inbound port, and only there",
            ),
            Self::Header(error) => write!(formatter, "no transport header: {error}"),
            Self::Silent(limit) => {
                write!(
                    formatter,
                    "the client did not say what it wants within {limit:?}"
                )
            }
            Self::Gateway(name) => {
                write!(
                    formatter,
                    "the client wants to reach {name}; this proxy is no gateway"
                )
            }
            Self::Domain(name) => write!(formatter, "this gateway does not forward for {name}"),
            Self::GatewayLoop(gateways) => write!(
                formatter,
                "{gateways} gateways have passed the connection on; one leads back to another"
            ),
            Self::Onward(refusal) => write!(formatter, "the gateway finds no way on: {refusal}"),
            Self::Unauthorized(_) => formatter.write_str("no authorization lets the client in"),
            Self::Connect(error) => write!(formatter, "the application is not reached: {error}"),
        }
    }
}

impl std::error::Error for Refusal {}

impl From<outbound::Refusal> for Refusal {
    fn from(refusal: outbound::Refusal) -> Self {
        Self::Onward(refusal)
    }
}

impl From<ConnectError> for Refusal {
    fn from(error: ConnectError) -> Self {
        Self::Connect(error)
    }
}
