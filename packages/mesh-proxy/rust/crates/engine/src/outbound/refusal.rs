//! Why a connection of the application is not carried.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use mesh_wire::vocabulary::{reasons, refusals};

use crate::balance;
use crate::discovery;
use crate::transport::ConnectError;

/// Why a connection of the application is not carried. It is reset; the reason is in the log and
/// in `outbound_tcp_errors_total`.
#[derive(Debug)]
pub enum Refusal {
    /// It was made to this proxy and not redirected to it.
    NotRedirected(SocketAddr),
    /// The control plane has not said where it may go.
    Discovery(discovery::Unavailable),
    /// The control plane says that it may not be made.
    Forbidden(Arc<str>),
    /// No TLS route takes the server name that the client asks for, if it names one.
    NoRoute(Option<Box<str>>),
    /// There is no route or no backend for it.
    NoBackend,
    /// No endpoint may be used.
    Balance(balance::Unavailable),
    /// An endpoint cannot be reached, nor could others in time.
    Connect(ConnectError),
}

impl Refusal {
    /// The cause in one word.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::NotRedirected(_) => refusals::LOOP.name,
            Self::Discovery(_) => refusals::DISCOVERY.name,
            Self::Forbidden(_) => refusals::FORBIDDEN.name,
            Self::NoRoute(_) => reasons::ROUTE_NOT_FOUND.name,
            Self::NoBackend => refusals::NO_BACKEND.name,
            Self::Balance(balance::Unavailable::Failfast) => reasons::FAILFAST.name,
            Self::Balance(balance::Unavailable::Overloaded) => reasons::LOAD_SHED.name,
            Self::Balance(balance::Unavailable::Undiscovered) => refusals::DISCOVERY.name,
            Self::Balance(balance::Unavailable::Forbidden) => refusals::FORBIDDEN.name,
            Self::Balance(balance::Unavailable::Loop) => refusals::LOOP.name,
            Self::Balance(balance::Unavailable::Unknown | balance::Unavailable::Empty) => {
                refusals::NO_ENDPOINTS.name
            }
            Self::Connect(error) => error.reason(),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotRedirected(address) => write!(
                formatter,
                "the connection was made to this proxy ({address}) and not redirected to it; \
                 connect to the service itself"
            ),
            Self::Discovery(error) => write!(formatter, "discovery failed: {error}"),
            Self::Forbidden(why) => write!(formatter, "the control plane forbids it: {why}"),
            Self::NoRoute(Some(name)) => write!(
                formatter,
                "no TLS route takes the server name {name}; add it to a route's hostnames"
            ),
            Self::NoRoute(None) => formatter.write_str(
                "the client sent no TLS server name, and every TLS route asks for one; \
                 a route without hostnames takes such clients",
            ),
            Self::NoBackend => formatter.write_str("the route has no backend"),
            Self::Balance(error) => error.fmt(formatter),
            Self::Connect(error) => error.fmt(formatter),
        }
    }
}

impl std::error::Error for Refusal {}

impl From<ConnectError> for Refusal {
    fn from(error: ConnectError) -> Self {
        Self::Connect(error)
    }
}

impl From<balance::Unavailable> for Refusal {
    fn from(error: balance::Unavailable) -> Self {
        Self::Balance(error)
    }
}
