//! One connection: TCP, TLS unless it stays in the pod, HTTP/2.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// How long TCP, TLS and HTTP/2 may take together.
const CONNECT: Duration = Duration::from_secs(3);
/// A half-open connection is noticed after at most both.
const PING_INTERVAL: Duration = Duration::from_secs(5);
const PING_TIMEOUT: Duration = Duration::from_secs(5);
/// Messages are small; this is a whole list of some thousand endpoints.
const STREAM_WINDOW: u32 = 1 << 20;
const CONNECTION_WINDOW: u32 = 4 << 20;

/// Requests go in here.
pub(super) type Sender = http2::SendRequest<tonic::body::Body>;
/// Resolves when the connection takes no more requests.
pub(super) type Driver = std::pin::Pin<Box<dyn Future<Output = hyper::Result<()>> + Send>>;

/// How a connection is secured: a name and the config that expects it; None stays in the pod.
pub(super) type Security = Option<(ServerName<'static>, Arc<ClientConfig>)>;

/// Connects to the first address that answers.
///
/// # Errors
/// Says why the last address failed.
pub(super) async fn connect(
    addresses: &[SocketAddr],
    security: &Security,
) -> Result<(Sender, Driver), String> {
    let mut failed = "the name has no address".to_owned();
    for address in addresses {
        match tokio::time::timeout(CONNECT, one(*address, security)).await {
            Ok(Ok(connected)) => return Ok(connected),
            Ok(Err(error)) => failed = format!("cannot connect to {address}: {error}"),
            Err(_) => failed = format!("{address} does not answer within {CONNECT:?}"),
        }
    }
    Err(failed)
}

async fn one(address: SocketAddr, security: &Security) -> Result<(Sender, Driver), String> {
    let tcp = TcpStream::connect(address)
        .await
        .map_err(|error| error.to_string())?;
    set_options(&tcp).map_err(|error| error.to_string())?;
    match security {
        // Without pings: they are not needed in the pod, and gRPC servers punish them.
        None => handshake(tcp, false).await,
        Some((name, config)) => {
            let connector = TlsConnector::from(config.clone());
            let tls = connector
                .connect(name.clone(), tcp)
                .await
                .map_err(|error| format!("TLS: {error}"))?;
            handshake(tls, true).await
        }
    }
}

fn set_options(tcp: &TcpStream) -> io::Result<()> {
    tcp.set_nodelay(true)?;
    SockRef::from(tcp).set_tcp_user_timeout(Some(PING_INTERVAL + PING_TIMEOUT))
}

async fn handshake<T>(io: T, pings: bool) -> Result<(Sender, Driver), String>
where
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW);
    if pings {
        builder
            .keep_alive_interval(PING_INTERVAL)
            .keep_alive_timeout(PING_TIMEOUT)
            .keep_alive_while_idle(true);
    }
    let (sender, driver) = builder
        .handshake(TokioIo::new(io))
        .await
        .map_err(|error| format!("HTTP/2: {error}"))?;
    Ok((sender, Box::pin(driver)))
}
