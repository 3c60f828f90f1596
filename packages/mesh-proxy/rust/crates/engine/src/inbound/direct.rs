//! Connections of other proxies to the inbound port itself: mutual TLS, then a transport header.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use mesh_decide::transport_header::{Header, Malformed, Session};
use mesh_wire::vocabulary::limits;
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use super::terminate::{Terminated, terminate};
use super::{InboundConnection, Refusal, gateway, http, tcp};
use crate::http::Version;
use crate::metrics::{CounterFamily, LabelSet};
use crate::tcp::FirstBytes;
use crate::transport::{Io, TlsStatus};
use crate::worker::WorkerContext;

/// Carries a proxy's connection to the port that its header names, under that port's policy.
pub(super) async fn serve(
    tcp: TcpStream,
    client: SocketAddr,
    original_dst: SocketAddr,
    worker: &WorkerContext,
) -> Result<(), Refusal> {
    // Boxed: a connection leaves this state behind soon and lives on for long.
    let opening = Box::pin(open_in_time(tcp, worker)).await?;
    let Opening { io, status, header } = opening;
    count(worker, &status, &header);
    if let Some(name) = &header.name {
        let connection = InboundConnection {
            io,
            client,
            target: original_dst,
            tls: status,
            policy: worker.ctx.policies.port(original_dst.port()),
        };
        let connection = connection.measured(&worker.ctx.metrics);
        // Boxed: few proxies are gateways.
        let served = gateway::serve(connection, &header, name, worker);
        return Box::pin(served).await;
    }
    let port = header.port.get();
    let connection = InboundConnection {
        io,
        client,
        target: SocketAddr::new(original_dst.ip(), port),
        tls: status,
        policy: worker.ctx.policies.port(port),
    };
    let connection = connection.measured(&worker.ctx.metrics);
    let version = match header.session {
        Session::Opaque => return tcp::serve(connection, None, worker).await,
        Session::Http1 => Version::Http1,
        Session::Http2 => Version::Http2,
    };
    http::spawn(connection, version, worker);
    Ok(())
}

/// How long a client may still take to say what it wants once the process is to end.
const LAST_WORDS: Duration = limits::DRAIN_LAST_WORDS_TIME.time();

async fn open_in_time(tcp: TcpStream, worker: &WorkerContext) -> Result<Opening, Refusal> {
    let ended = async {
        worker.ctx.drain.signaled().await;
        sleep(LAST_WORDS).await;
    };
    tokio::select! {
        opening = open(tcp, worker) => opening,
        () = ended => Err(Refusal::Silent(LAST_WORDS)),
    }
}

struct Opening {
    io: Io,
    status: TlsStatus,
    header: Header,
}

async fn open(tcp: TcpStream, worker: &WorkerContext) -> Result<Opening, Refusal> {
    let limit = worker.ctx.config.inbound.detect_timeout;
    let Terminated {
        stream,
        identity,
        transport,
        server_name,
    } = terminate(&worker.ctx, tcp, &[], limit).await?;
    let ours = worker.ctx.identity.local_name();
    let refusal = match server_name {
        Some(name) if !name.eq_ignore_ascii_case(ours) => Some(Refusal::ServerName(name)),
        _ if identity.is_none() => Some(Refusal::NoIdentity),
        _ if !transport => Some(Refusal::Alpn),
        _ => None,
    };
    let mut io = Io::from(stream);
    if let Some(refusal) = refusal {
        io.reset();
        return Err(refusal);
    }
    let header = timeout(limit, read_header(&mut io)).await;
    match header.unwrap_or(Err(Refusal::Silent(limit))) {
        Ok((header, rest)) => Ok(Opening {
            io: io.replay(rest),
            status: TlsStatus::Established(identity),
            header,
        }),
        Err(refusal) => {
            io.reset();
            Err(refusal)
        }
    }
}

/// The header, and what came behind it already.
async fn read_header(io: &mut Io) -> Result<(Header, Bytes), Refusal> {
    let mut bytes = FirstBytes::default();
    loop {
        if !bytes.read(io).await.map_err(Refusal::Tls)? {
            return Err(Refusal::Header(Malformed::Preface));
        }
        if let Some((header, length)) = Header::decode(bytes.as_slice()).map_err(Refusal::Header)? {
            return Ok((header, bytes.into_bytes().slice(length..)));
        }
    }
}

fn count(worker: &WorkerContext, status: &TlsStatus, header: &Header) {
    let session = match header.session {
        Session::Opaque => "",
        Session::Http1 => "http/1",
        Session::Http2 => "http/2",
    };
    let labels = LabelSet::new()
        .with("session_protocol", session)
        .with("target_port", header.port)
        .with("target_name", header.name.as_deref().unwrap_or_default())
        .with("client_id", status.identity().unwrap_or_default());
    let family = CounterFamily::InboundTcpTransportHeaderConnections;
    let counter = worker.ctx.metrics.counter(family, labels.as_str());
    counter.increment();
}
