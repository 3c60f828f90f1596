//! Ending a client's mesh TLS.

use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::timeout;

use super::Refusal;
use crate::context::Context;
use crate::tls::{TRANSPORT_ALPN, peer_identity};
use crate::transport::TlsStream;

/// A client whose TLS ends here.
pub(super) struct Terminated {
    pub(super) stream: TlsStream,
    /// The client's identity, if it presented a certificate.
    pub(super) identity: Option<Arc<str>>,
    /// Whether a transport header follows.
    pub(super) transport: bool,
    /// Whom the client wants to talk to.
    pub(super) server_name: Option<Box<str>>,
}

/// Shakes hands with a client of whose hello `first` was read already.
pub(super) async fn terminate(
    context: &Context,
    tcp: TcpStream,
    first: &[u8],
    limit: Duration,
) -> Result<Terminated, Refusal> {
    let epoch = context.identity.tls_within(limit).await;
    let config = epoch.ok_or(Refusal::NotCertified)?.server.clone();
    // Boxed: its state would otherwise stay in every connection's future.
    let handshake = Box::pin(TlsStream::accept(tcp, config, first));
    let stream = match timeout(limit, handshake).await {
        Ok(result) => result.map_err(Refusal::Tls)?,
        Err(_) => return Err(Refusal::Silent(limit)),
    };
    let session = stream.session();
    let server_name = stream.server_name().map(Into::into);
    let identity = session
        .peer_certificates()
        .and_then(peer_identity)
        .map(Arc::from);
    let transport = session.alpn_protocol() == Some(TRANSPORT_ALPN);
    Ok(Terminated {
        stream,
        identity,
        transport,
        server_name,
    })
}
