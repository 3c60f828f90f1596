//! A client's connection, of either version.

use std::future::{Future, poll_fn};
use std::rc::Rc;

use tokio::task::spawn_local;

use super::Version;
use super::body::Incoming;
use super::exchange::Client;
use super::message::Response;
use super::pump::Pump;
use super::service::Service;
use crate::context::Context;
use crate::http1::Tunnel;
use crate::http2::Settings;
use crate::survive::survive;
use crate::tcp::Relay;
use crate::transport::Io;
use crate::{http1, http2};

/// Has a client's connection served in a task of its own: the one in which it was accepted ends, and
/// what it had to know does not stay in memory, nor is it passed through whenever something happens.
pub(crate) fn hand_over(
    context: &Context,
    what: &'static str,
    served: impl Future<Output = ()> + 'static,
) {
    let retain = context.drain.retain();
    let metrics = context.metrics.clone();
    // Boxed: a future that is passed on by value is kept at each stage.
    let served = Box::pin(served);
    spawn_local(async move {
        let _retain = retain;
        survive(&metrics, what, || served).await;
    });
}

/// Serves a client's connection to its end.
pub(crate) async fn serve<S: Service + 'static>(
    io: Io,
    version: Version,
    service: S,
    settings: Box<Settings>,
    context: Context,
) {
    let drain = &context.drain;
    match version {
        Version::Http1 => {
            // HTTP/2's own; connections are many, and held for long.
            drop(settings);
            if let Some(tunnel) = http1::serve(io, &service, drain).await {
                drop(service);
                Box::pin(join(tunnel)).await;
            }
        }
        Version::Http2 => {
            let service = Rc::new(service);
            let served = http2::serve(io, service, &settings, drain, &context.metrics);
            // Boxed: or else every HTTP/1 connection would have room for it.
            let served = Box::pin(served).await;
            if let Err(error) = served {
                tracing::debug!(%error, "a client's HTTP/2 connection has ended");
            }
        }
    }
}

async fn join(tunnel: Tunnel) {
    let mut relay = Relay::new(tunnel.client, tunnel.endpoint);
    if let Err(error) = relay.run().await {
        tracing::debug!(%error, "an upgraded connection broke off");
        relay.reset();
    }
}

/// Gives a response of the proxy's own; nothing if a response was begun already.
pub(crate) async fn answer(client: &mut Client<'_, '_, '_>, response: Response, close: bool) {
    let Some(mut responder) = client.responder.take() else {
        return;
    };
    if close {
        responder.close();
    }
    let sent = match responder.respond(response) {
        Ok(mut out) => {
            let (mut pump, mut nothing) = (Pump::default(), Incoming::Empty);
            poll_fn(|cx| pump.poll(cx, &mut nothing, &mut out, |_| {}))
                .await
                .map_err(|error| format!("{error:?}"))
        }
        Err(error) => Err(error.to_string()),
    };
    if let Err(error) = sent {
        tracing::debug!(
            error,
            "a response of the proxy's own did not reach the client"
        );
    }
}
