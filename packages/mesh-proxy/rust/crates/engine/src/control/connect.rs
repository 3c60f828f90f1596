//! One connection: TCP, TLS unless it stays in the pod, HTTP/2.

use std::future::{Future, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::client::conn::http2;
use hyper_util::rt::{TokioIo, TokioTimer};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio_rustls::TlsConnector;

use super::room::Room;

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
pub(super) type Driver = Pin<Box<dyn Future<Output = hyper::Result<()>> + Send>>;

/// How a connection is secured: a name and the config that expects it; None stays in the pod.
pub(super) type Security = Option<(ServerName<'static>, Arc<ClientConfig>)>;

/// Connects to the first address that answers; the driver keeps `room` as the peer wants it.
///
/// # Errors
/// Says why the last address failed.
pub(super) async fn connect(
    addresses: &[SocketAddr],
    security: &Security,
    room: &Room,
) -> Result<(Sender, Driver), String> {
    let mut failed = "the name has no address".to_owned();
    for address in addresses {
        match tokio::time::timeout(CONNECT, one(*address, security, room)).await {
            Ok(Ok(connected)) => return Ok(connected),
            Ok(Err(error)) => failed = format!("cannot connect to {address}: {error}"),
            Err(_) => failed = format!("{address} does not answer within {CONNECT:?}"),
        }
    }
    Err(failed)
}

async fn one(
    address: SocketAddr,
    security: &Security,
    room: &Room,
) -> Result<(Sender, Driver), String> {
    let tcp = TcpStream::connect(address)
        .await
        .map_err(|error| error.to_string())?;
    set_options(&tcp).map_err(|error| error.to_string())?;
    match security {
        // Without pings: they are not needed in the pod, and gRPC servers punish them.
        None => handshake(tcp, false, room).await,
        Some((name, config)) => {
            let connector = TlsConnector::from(config.clone());
            let tls = connector
                .connect(name.clone(), tcp)
                .await
                .map_err(|error| format!("TLS: {error}"))?;
            handshake(tls, true, room).await
        }
    }
}

fn set_options(tcp: &TcpStream) -> io::Result<()> {
    tcp.set_nodelay(true)?;
    SockRef::from(tcp).set_tcp_user_timeout(Some(PING_INTERVAL + PING_TIMEOUT))
}

async fn handshake<T>(io: T, pings: bool, room: &Room) -> Result<(Sender, Driver), String>
where
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let progress = Arc::new(Notify::new());
    let mut builder = http2::Builder::new(Telling(progress.clone()));
    builder
        .timer(TokioTimer::new())
        // None before the peer's settings, so that its limit is known when it says something.
        .initial_max_send_streams(0)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW);
    if pings {
        builder
            .keep_alive_interval(PING_INTERVAL)
            .keep_alive_timeout(PING_TIMEOUT)
            .keep_alive_while_idle(true);
    }
    let (sender, mut connection) = builder
        .handshake(TokioIo::new(io))
        .await
        .map_err(|error| format!("HTTP/2: {error}"))?;
    loop {
        tokio::select! {
            closed = &mut connection => {
                let reason = closed.map_or_else(|error| error.to_string(), |()| "closed".to_owned());
                return Err(format!("HTTP/2: {reason}"));
            }
            () = progress.notified() => {}
        }
        let limit = connection.current_max_send_streams();
        room.set_limit(limit);
        if limit > 0 {
            break;
        }
    }
    let room = room.clone();
    let driver = async move {
        loop {
            tokio::select! {
                closed = &mut connection => return closed,
                () = progress.notified() => room.set_limit(connection.current_max_send_streams()),
            }
        }
    };
    Ok((sender, Box::pin(driver)))
}

/// Runs a connection's inner task and tells whenever it has made progress: only that task reads the
/// peer's settings, and whoever wants to know them is not woken otherwise.
#[derive(Clone)]
struct Telling(Arc<Notify>);

impl<F> hyper::rt::Executor<F> for Telling
where
    F: Future + Send + 'static,
    F::Output: Send,
{
    fn execute(&self, task: F) {
        let progress = self.0.clone();
        tokio::spawn(async move {
            let mut task = Box::pin(task);
            poll_fn(|cx| {
                let polled = task.as_mut().poll(cx);
                progress.notify_one();
                polled
            })
            .await
        });
    }
}
