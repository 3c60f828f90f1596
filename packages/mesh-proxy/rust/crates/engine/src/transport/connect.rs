//! Reaching an endpoint: TCP, mutual TLS, and the header that says which port is meant.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::num::NonZeroU16;
use std::sync::Arc;
use std::time::Duration;

use mesh_decide::authority;
use mesh_decide::transport_header::{Header, Session};
use mesh_wire::vocabulary::{reasons, refusals};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::{Io, TlsStatus, TlsStream, failure, no_tls};
use crate::config::{Config, SocketOptions};
use crate::context::Context;
use crate::net;
use crate::snapshot::{Endpoint, PeerTls};
use crate::tls::{Alpn, TRANSPORT_ALPN, TlsEpoch};

/// A connection to an endpoint.
#[derive(Debug)]
pub struct Connection {
    pub io: Io,
    pub tls: TlsStatus,
}

/// What a connection is made for.
#[derive(Clone, Copy, Debug)]
pub struct Purpose {
    pub session: Session,
    /// How many gateways have passed on what it carries.
    pub gateways: u32,
}

impl From<Session> for Purpose {
    fn from(session: Session) -> Self {
        Self {
            session,
            gateways: 0,
        }
    }
}

/// Why there is no connection.
#[derive(Debug)]
pub enum ConnectError {
    /// It would lead back into this proxy.
    Loop(SocketAddr),
    /// Not within the connect timeout.
    Timeout(SocketAddr, Duration),
    /// The operating system refuses, or the host.
    Tcp(SocketAddr, io::Error),
    /// There is no certificate of our own yet.
    NotCertified,
    /// The peer is not who it should be, or does not speak TLS as we do.
    Tls(SocketAddr, io::Error),
    /// A gateway does not take the header that alone would name the target.
    NoTransport(SocketAddr),
    /// A gateway's address without a port.
    Authority(Arc<str>),
}

impl ConnectError {
    /// The cause in one word, for metrics.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Loop(_) => refusals::LOOP.name,
            Self::Timeout(..) => reasons::CONNECT_TIMEOUT.name,
            Self::Tcp(_, error) => match error.kind() {
                io::ErrorKind::ConnectionRefused => refusals::CONNECT_REFUSED.name,
                io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
                    refusals::CONNECT_UNREACHABLE.name
                }
                io::ErrorKind::TimedOut => reasons::CONNECT_TIMEOUT.name,
                _ => refusals::CONNECT_IO.name,
            },
            Self::NotCertified => reasons::NOT_CERTIFIED.name,
            Self::Tls(_, error) => failure::reason(error),
            Self::NoTransport(_) => refusals::NO_TRANSPORT_ALPN.name,
            Self::Authority(_) => refusals::BAD_GATEWAY_AUTHORITY.name,
        }
    }
}

impl fmt::Display for ConnectError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Loop(to) => write!(formatter, "{to} is this proxy itself"),
            Self::Timeout(to, limit) => write!(formatter, "no connection to {to} within {limit:?}"),
            Self::Tcp(to, error) => write!(formatter, "no connection to {to}: {error}"),
            Self::NotCertified => write!(
                formatter,
                "this proxy has no certificate yet; its log says what the identity service answers"
            ),
            Self::Tls(to, error) => write!(formatter, "no TLS session with {to}: {error}"),
            Self::NoTransport(to) => {
                write!(
                    formatter,
                    "the gateway {to} takes no transport header to name the target"
                )
            }
            Self::Authority(name) => write!(formatter, "the gateway target {name} has no port"),
        }
    }
}

impl std::error::Error for ConnectError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Tcp(_, error) | Self::Tls(_, error) => Some(error),
            _ => None,
        }
    }
}

/// Connects to an endpoint for a connection of the given kind, within the connect timeout.
///
/// If the endpoint's proxy takes a transport header, it is written; it leaves with the first
/// flush, at once on an opaque connection because there the server may speak first.
///
/// # Errors
/// Why not; nothing of the application's has been sent then, another endpoint can be tried.
pub async fn connect(
    context: &Context,
    endpoint: &Endpoint,
    purpose: impl Into<Purpose>,
) -> Result<Connection, ConnectError> {
    let config = &context.config.outbound;
    let purpose = purpose.into();
    let plan = Plan::new(&context.config, endpoint, purpose)?;
    // Waited for before the timeout starts, so that the error names the right cause.
    let epoch = match plan.tls {
        Ok(_) => Some(certified(context).await?),
        Err(_) => None,
    };
    let attempt = plan.carry_out(epoch.as_deref(), &config.connect, purpose.session);
    // Boxed: connecting is rare, and its state would stay in every connection's future.
    match timeout(config.connect_timeout, Box::pin(attempt)).await {
        Ok(result) => result,
        Err(_) => Err(ConnectError::Timeout(plan.to, config.connect_timeout)),
    }
}

/// Connects to the pod's own application, within the inbound connect timeout.
///
/// # Errors
/// Why not.
pub async fn connect_application(
    context: &Context,
    target: SocketAddr,
) -> Result<Io, ConnectError> {
    let config = &context.config.inbound;
    if is_own(&context.config, target) {
        return Err(ConnectError::Loop(target));
    }
    match timeout(config.connect_timeout, dial(target, &config.connect)).await {
        Ok(result) => result.map(Io::from),
        Err(_) => Err(ConnectError::Timeout(target, config.connect_timeout)),
    }
}

async fn certified(context: &Context) -> Result<Arc<TlsEpoch>, ConnectError> {
    let limit = context.config.outbound.connect_timeout;
    let epoch = context.identity.tls_within(limit).await;
    epoch.ok_or(ConnectError::NotCertified)
}

async fn dial(to: SocketAddr, options: &SocketOptions) -> Result<TcpStream, ConnectError> {
    let fail = |error| ConnectError::Tcp(to, error);
    let tcp = TcpStream::connect(to).await.map_err(fail)?;
    net::apply_options(&tcp, options).map_err(fail)?;
    Ok(tcp)
}

/// Whether an address is one that this proxy listens on.
pub(crate) fn is_own(config: &Config, address: SocketAddr) -> bool {
    // As the kernel connects to it, however it is written.
    let address = SocketAddr::new(address.ip().to_canonical(), address.port());
    let ours = |ip| config.inbound.ips.contains(&ip) || ip.is_loopback() || ip.is_unspecified();
    let listens = |listen: &SocketAddr| {
        listen.port() == address.port()
            && (listen.ip() == address.ip() || listen.ip().is_unspecified() && ours(address.ip()))
    };
    listens(&config.inbound.listen) || config.outbound.listen.iter().any(listens)
}

/// Where to connect to, and what to do there.
struct Plan<'a> {
    to: SocketAddr,
    /// None for plaintext, with the reason.
    tls: Result<&'a PeerTls, &'static str>,
    header: Option<Header>,
}

impl<'a> Plan<'a> {
    fn new(
        config: &Config,
        endpoint: &'a Endpoint,
        purpose: Purpose,
    ) -> Result<Self, ConnectError> {
        let mut plan = Self {
            to: endpoint.addr,
            tls: endpoint.tls.as_ref().ok_or(endpoint.no_tls_reason),
            header: None,
        };
        // The pod itself: past its inbound proxy, so there is nobody to speak TLS with.
        if config.inbound.ips.contains(&endpoint.addr.ip()) {
            plan.tls = Err(no_tls::LOOPBACK);
        }
        if plan.tls.is_ok() {
            if let Some(port) = endpoint.transport_port {
                plan.to.set_port(port);
            }
            plan.header = header(endpoint, purpose)?;
        }
        if is_own(config, plan.to) {
            return Err(ConnectError::Loop(plan.to));
        }
        Ok(plan)
    }

    async fn carry_out(
        &self,
        epoch: Option<&TlsEpoch>,
        options: &SocketOptions,
        session: Session,
    ) -> Result<Connection, ConnectError> {
        let tcp = dial(self.to, options).await?;
        let (peer, epoch) = match (self.tls, epoch) {
            (Ok(peer), Some(epoch)) => (peer, epoch),
            (Ok(_), None) => return Err(ConnectError::NotCertified),
            (Err(reason), _) => {
                return Ok(Connection {
                    io: tcp.into(),
                    tls: TlsStatus::Plaintext(reason),
                });
            }
        };
        let mut stream = self.secure(epoch, tcp, peer).await?;
        if let Some(header) = &self.header {
            self.announce(&mut stream, header, session).await?;
        }
        Ok(Connection {
            io: stream.into(),
            tls: TlsStatus::Established(Some(peer.identity.as_str().into())),
        })
    }

    async fn secure(
        &self,
        epoch: &TlsEpoch,
        tcp: TcpStream,
        peer: &PeerTls,
    ) -> Result<TlsStream, ConnectError> {
        let alpn = match self.header {
            Some(_) => Alpn::Transport,
            None => Alpn::None,
        };
        let config = epoch.client(&peer.identity, alpn);
        TlsStream::connect(tcp, config, peer.server_name.clone())
            .await
            .map_err(|error| ConnectError::Tls(self.to, error))
    }

    /// Writes the header, if the peer has selected the protocol that has one. Without it the peer
    /// goes by the connection alone: it has proved who it is, and takes what is sent to this port.
    async fn announce(
        &self,
        stream: &mut TlsStream,
        header: &Header,
        session: Session,
    ) -> Result<(), ConnectError> {
        if stream.session().alpn_protocol() != Some(TRANSPORT_ALPN) {
            // A request names its target itself; bytes do not.
            return match header.name {
                Some(_) if session == Session::Opaque => Err(ConnectError::NoTransport(self.to)),
                _ => Ok(()),
            };
        }
        let fail = |error| ConnectError::Tls(self.to, error);
        stream.write_all(&header.encode()).await.map_err(fail)?;
        if session == Session::Opaque {
            stream.flush().await.map_err(fail)?;
        }
        Ok(())
    }
}

/// The header for an endpoint whose proxy expects one.
fn header(endpoint: &Endpoint, purpose: Purpose) -> Result<Option<Header>, ConnectError> {
    let (port, name) = match (&endpoint.authority_override, endpoint.transport_port) {
        (Some(authority), _) => {
            let port = authority::port_of(authority.as_bytes());
            let host = authority.rsplit_once(':').map(|(host, _)| host.to_owned());
            (port.unwrap_or_default(), host)
        }
        (None, Some(_)) => (endpoint.addr.port(), None),
        (None, None) => return Ok(None),
    };
    let Some(port) = NonZeroU16::new(port) else {
        let named = endpoint.authority_override.clone();
        let target = named.unwrap_or_else(|| endpoint.addr.to_string().into());
        return Err(ConnectError::Authority(target));
    };
    Ok(Some(Header {
        port,
        name,
        session: purpose.session,
        gateways: purpose.gateways,
    }))
}
